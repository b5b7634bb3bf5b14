//! What stands out, and how.

use super::Terminal;

#[derive(Debug, Clone, Copy)]
pub(super) enum Style {
    Plain,
    Heading,
    Faint,
    Drawn,
    Good,
    Warning,
    Bad,
}

impl Style {
    const fn sequence(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading => "\x1b[1m",
            Self::Faint => "\x1b[2m",
            Self::Drawn => "\x1b[36m",
            Self::Good => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Bad => "\x1b[1;31m",
        }
    }
}

impl Terminal {
    /// Text in a style, where colours are wanted.
    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        match style.sequence() {
            sequence if self.colour && !sequence.is_empty() => format!("{sequence}{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}
