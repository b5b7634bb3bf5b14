//! What is wrong with a baseline file, where, and what would be right.

use std::fmt;
use std::ops::Range;

use runlog::text::printable;

/// One mistake in a baseline file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The bytes that it is about.
    pub at: Range<usize>,
    /// What is wrong, and what would be right, in one line.
    pub message: String,
}

impl Problem {
    pub(super) fn new(at: Range<usize>, message: impl AsRef<str>) -> Self {
        Self { at, message: printable(message.as_ref()) }
    }

    /// A key that nothing knows: with the one that was probably meant, or all there are.
    pub(super) fn unknown(at: Range<usize>, key: &str, place: &str, known: &[&str]) -> Self {
        let known_here = format!("known here: {}", known.join(", "));
        let meant = nearest(key, known).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        Self::new(at, format!("unknown key `{key}` in {place}; {meant}{known_here}"))
    }
}

/// The known name that is most like a misspelt one, where one is like enough.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    /// Nobody misspells a name this long, and comparing takes the product of the lengths.
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return None;
    }
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&word.to_lowercase(), name), *name))
        .filter(|(distance, name)| *distance <= name.len().min(word.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A baseline file with its mistakes; shows itself as all of them, each with its place.
#[derive(Debug)]
pub struct Invalid {
    file: String,
    text: String,
    problems: Vec<Problem>,
}

impl std::error::Error for Invalid {}

impl Invalid {
    /// More than these at once help nobody.
    const MOST_SHOWN: usize = 20;

    /// A file (as it was named) with its text and at least one mistake.
    pub(super) fn new(file: &str, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.at.start);
        Self { file: printable(file), text: text.to_owned(), problems }
    }

    /// Line and column of a byte, counted from 1, columns in characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the baseline cannot be used:")?;
        for problem in self.problems.iter().take(Self::MOST_SHOWN) {
            let (line, column) = self.place(problem.at.start);
            write!(f, "\n  {}:{line}:{column}: {}", self.file, problem.message)?;
        }
        match self.problems.len().saturating_sub(Self::MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        assert_eq!(nearest("eror_rate", &["p50", "error_rate"]), Some("error_rate"));
        assert_eq!(nearest("P95", &["p50", "p95"]), Some("p95"));
        assert_eq!(nearest("latency", &["p50", "p95"]), None);
    }

    #[test]
    fn places_are_lines_and_characters() {
        let text = "a = 1\né = \"x\"\n";
        let invalid = Invalid::new("b.toml", text, vec![Problem::new(11..14, "bad\u{1b}")]);
        assert_eq!(invalid.to_string(), "the baseline cannot be used:\n  b.toml:2:5: bad\\u{1b}");
    }
}
