//! Sentences and facts, broken into lines.

use std::io::{self, Write};

use runlog::text::printable;
use unicode_width::UnicodeWidthStr;

use super::fit::{broken, left};
use super::style::Style;
use super::{GAP, Terminal};
use crate::render::value::sentence;
use crate::section::{Fact, Finding, Level};

/// Sentences are broken at this width even where more is free: long lines are hard to read.
const WIDEST: usize = 100;
/// Sentences have that much room, however long what stands before them.
const NARROWEST: usize = 20;

impl Terminal {
    pub(super) fn finding(&self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let (mark, style) = match finding.level {
            Level::Good => ("✓", Style::Good),
            Level::Note => ("·", Style::Plain),
            Level::Warning => ("!", Style::Warning),
            Level::Bad => ("✗", Style::Bad),
        };
        self.hanging(&format!("{mark} "), &sentence(&finding.sentence), style, out)
    }

    pub(super) fn facts(&self, facts: &[Fact], out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<String> = facts.iter().map(|fact| printable(&fact.name)).collect();
        let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
        names.iter().zip(facts).try_for_each(|(name, fact)| {
            self.hanging(&format!("{}{GAP}", left(name, widest)), &sentence(&fact.value), Style::Plain, out)
        })
    }

    /// A text beside a label, broken into lines that all begin where the first does.
    pub(super) fn hanging(&self, label: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let indent = label.width();
        let most = self.width.map_or(usize::MAX, |width| width.min(WIDEST).saturating_sub(indent).max(NARROWEST));
        for (place, line) in broken(text, most).iter().enumerate() {
            let before = if place == 0 { label.to_owned() } else { " ".repeat(indent) };
            writeln!(out, "{}", self.paint(style, &format!("{before}{line}")))?;
        }
        Ok(())
    }
}
