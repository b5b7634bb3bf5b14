//! What is wrong with a scenario, where, and what would be right.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use runlog::text::printable_path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// Bytes of a file, from `start` to before `end`; those of included files count on from the end of the file before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl Span {
    /// The same bytes, counted from so many in front of them.
    pub(super) const fn behind(self, base: usize) -> Self {
        Self { start: base + self.start, end: base + self.end }
    }
}

/// One mistake in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub span: Span,
    /// What is wrong, in one line.
    pub message: String,
    /// What belongs there, in a few words, beside the place.
    pub expected: String,
    /// How to put it right.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: on_one_line(&message.into()), expected: "here".to_owned(), help: None }
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = on_one_line(&expected.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(on_one_line(&help.into()));
        self
    }
}

/// Names and values of a file come into messages as they are, but for what would move a terminal's cursor.
fn on_one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The mistakes found so far: validation goes on behind one, so that a person sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    /// Values that are known to be wrong already: what else is said of them would only follow from that.
    spoilt: HashSet<Span>,
}

impl Problems {
    pub(super) fn add(&mut self, problem: Problem) {
        if !self.spoilt.contains(&problem.span) {
            self.found.push(problem);
        }
    }

    /// Notes a mistake after which nothing more is said of the value at `span`.
    pub(super) fn add_last(&mut self, span: Span, problem: Problem) {
        self.add(problem);
        self.spoilt.insert(span);
    }

    /// The value, or `None` with the mistake noted.
    pub(super) fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.add(problem)).ok()
    }

    /// Those found, in the order of the file.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.span.start);
        self.found
    }
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be had as text.
    #[error("cannot read the scenario {}: {reason}", printable_path(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file says something that cannot be.
    #[error(transparent)]
    Invalid(Box<Invalid>),
    /// A flag of the command line says something that cannot be.
    #[error("{flag}: {message}")]
    Flag {
        /// The flag as it is written.
        flag: &'static str,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// A scenario file with its mistakes; shows itself as all of them, each with its place in the file.
#[derive(Debug)]
pub struct Invalid {
    /// The file, and behind it those that it includes.
    pub sources: Vec<Source>,
    /// At least one mistake, in the order of the files.
    pub problems: Vec<Problem>,
}

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// The file, as it was named, printable.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Where its spans begin: at the end of the file before.
    pub base: usize,
}

impl std::error::Error for Invalid {}

impl Invalid {
    /// More than these at once help nobody.
    const MOST_SHOWN: usize = 10;

    /// The longest line that is shown as a snippet, in bytes.
    const LONGEST_LINE: usize = 400;

    fn render(&self, problem: &Problem) -> String {
        let place = self.sources.iter().rposition(|source| source.base <= problem.span.start).unwrap_or(0);
        let Some(Source { file, text, base }) = self.sources.get(place) else { return problem.message.clone() };
        let boundary = |at: usize| text.floor_char_boundary(at.saturating_sub(*base).min(text.len()));
        let start = boundary(problem.span.start);
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        // Of a mistake of several lines the first is shown: the rest is what follows from it.
        let end = boundary(problem.span.end).clamp(start, line_end.max(start));
        if line_end - line > Self::LONGEST_LINE {
            let row = text[..start].matches('\n').count() + 1;
            let column = text[line..start].chars().count() + 1;
            let help = problem.help.as_ref().map_or_else(String::new, |help| format!("\n  help: {help}"));
            return format!("{}\n  {file}:{row}:{column}: {}{help}\n", problem.message, problem.expected);
        }
        let snippet = Snippet { problem, source: NamedSource::new(file, text.clone()), start, end };
        let mut out = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_context_lines(1)
            .with_wrap_lines(false)
            .with_links(false);
        if handler.render_report(&mut out, &snippet).is_err() {
            return format!("{}\n  {file}: {}\n", problem.message, problem.expected);
        }
        let lines: Vec<&str> = out.trim_start_matches([' ', '×', '\n']).lines().map(str::trim_end).collect();
        lines.join("\n") + "\n"
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> =
            self.problems.iter().take(Self::MOST_SHOWN).map(|problem| self.render(problem)).collect();
        f.write_str(shown.join("\n").trim_end())?;
        match self.problems.len().saturating_sub(Self::MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n\n… and {more} more in {}", self.sources[0].file),
        }
    }
}

/// A mistake with its file, as miette wants it.
struct Snippet<'a> {
    problem: &'a Problem,
    source: NamedSource<String>,
    start: usize,
    end: usize,
}

impl fmt::Debug for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl fmt::Display for Snippet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Snippet<'_> {}

impl Diagnostic for Snippet<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new(Some(self.problem.expected.clone()), self.start, self.end - self.start);
        Some(Box::new(std::iter::once(label)))
    }
}
