//! Text for a terminal: aligned, in colour only where that is wanted, no wider than the terminal.

mod chart;
mod fit;
mod sentence;
mod sparkline;
mod style;
mod table;

use std::io::{self, IsTerminal, Write};

use runlog::text::printable;

use self::style::Style;
use super::Renderer;
use crate::failure::Failure;
use crate::report::Report;
use crate::section::{Part, Section};

/// How text is set.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// The most columns; without it, as many as the longest name takes.
    pub width: Option<usize>,
    /// Whether escape sequences for colours are understood, and wanted.
    pub colour: bool,
}

/// The columns of what is drawn where nothing says how many there are.
const USUAL_WIDTH: usize = 80;
/// Between two columns.
const GAP: &str = "  ";

impl Terminal {
    /// As standard output is: a terminal of some width, or a pipe without one.
    pub fn of_stdout() -> Self {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return Self { width: None, colour: false };
        }
        let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self { width: width.or(Some(USUAL_WIDTH)), colour: !is_set("NO_COLOR") && !is_dumb }
    }
}

impl Renderer for Terminal {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        for (place, report) in reports.iter().enumerate() {
            if place > 0 {
                let rule = "─".repeat(self.width.unwrap_or(USUAL_WIDTH));
                writeln!(out, "\n{}\n", self.paint(Style::Faint, &rule))?;
            }
            self.sections(&report.sections, out)?;
        }
        Ok(())
    }
}

impl Terminal {
    /// Writes sections, each with its heading.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn sections(&self, sections: &[Section], out: &mut dyn Write) -> io::Result<()> {
        for (place, section) in sections.iter().enumerate() {
            if place > 0 {
                writeln!(out)?;
            }
            self.hanging("", &printable(&section.title), Style::Heading, out)?;
            section.parts.iter().try_for_each(|part| self.part(part, out))?;
        }
        Ok(())
    }

    /// Writes a part of a section.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn part(&self, part: &Part, out: &mut dyn Write) -> io::Result<()> {
        match part {
            Part::Headline(finding) => self.finding(finding, out),
            Part::Findings(findings) => findings.iter().try_for_each(|finding| self.finding(finding, out)),
            Part::Facts(facts) => self.facts(facts, out),
            Part::Table(table) => self.table(table, out),
            Part::Chart(chart) => self.chart(chart, out),
            // Not broken into lines: it is to be copied.
            Part::Command(command) => writeln!(out, "{}", printable(command)),
            // Areas are for pages.
            Part::HeatMap(_) | Part::Bars(_) => Ok(()),
        }
    }
}
