//! A line and what it is worth: where there is no room for all of them, those that are worth least are left out.

use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::text::{Line, Span};

/// How wide the words are that say what a line is about.
pub const LABEL: usize = 12;

/// What a line is worth, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Room between others.
    Gap,
    /// Good to have.
    Detail,
    /// What one looks for.
    Figure,
    /// What everything else is read by.
    Headline,
}

/// A line of the screen.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is worth.
    pub worth: Worth,
    /// The line.
    pub line: Line<'static>,
}

impl Row {
    /// A line that is worth so much.
    pub fn new(worth: Worth, spans: Vec<Span<'static>>) -> Self {
        Self { worth, line: Line::from(spans) }
    }

    /// Room between others.
    pub fn gap() -> Self {
        Self::new(Worth::Gap, Vec::new())
    }
}

/// As many lines as there is room for: those that are worth least are left out, the last of them first.
pub fn fit(mut rows: Vec<Row>, most: usize) -> Vec<Line<'static>> {
    while rows.len() > most {
        let least = rows.iter().map(|row| row.worth).min();
        let Some(place) = rows.iter().rposition(|row| Some(row.worth) == least) else { break };
        rows.remove(place);
    }
    rows.into_iter().map(|row| row.line).collect()
}

/// What a line is about.
pub fn label(word: &str) -> Span<'static> {
    dim(format!(" {word:<width$}", width = LABEL - 1))
}

/// Text like any other.
pub fn plain(text: impl Into<String>) -> Span<'static> {
    Span::raw(text.into())
}

/// Text that is not what one looks for.
pub fn dim(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Style::new().add_modifier(Modifier::DIM))
}

/// Text that one looks for.
pub fn bold(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Style::new().add_modifier(Modifier::BOLD))
}

/// Text in a colour of its own.
pub fn tinted(text: impl Into<String>, colour: Color) -> Span<'static> {
    Span::styled(text.into(), Style::new().fg(colour))
}

/// All is well.
pub fn good(text: impl Into<String>) -> Span<'static> {
    tinted(text, Color::Green)
}

/// Something to look at.
pub fn doubtful(text: impl Into<String>) -> Span<'static> {
    tinted(text, Color::Yellow)
}

/// Something is wrong.
pub fn bad(text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD))
}

/// Text that is at most so wide, with `…` for what is left out.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width == 0 { kept } else { format!("{}…", kept.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_least_goes_first() {
        let row = |worth, text: &str| Row::new(worth, vec![plain(text)]);
        let rows = vec![
            row(Worth::Headline, "a"),
            row(Worth::Gap, "b"),
            row(Worth::Figure, "c"),
            row(Worth::Gap, "d"),
            row(Worth::Detail, "e"),
        ];
        let fitted = |most| fit(rows.clone(), most).iter().map(ToString::to_string).collect::<String>();
        assert_eq!([5, 4, 3, 2, 1].map(fitted), ["abcde", "abce", "ace", "ac", "a"]);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("ab d", 3)), ("abc".into(), "ab…".into(), "ab…".into()));
    }
}
