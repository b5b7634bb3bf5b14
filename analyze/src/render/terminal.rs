//! Text for a terminal: aligned, in colour only where that is wanted, no wider than the terminal.

use std::io::{self, IsTerminal, Write};

use runlog::text::printable;
use unicode_width::UnicodeWidthStr;

use super::Renderer;
use super::value::{sentence, shown};
use crate::failure::Failure;
use crate::report::Report;
use crate::section::{Fact, Finding, Kind, Level, Part, Section, Table, Value};

/// How text is set.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// The most columns; without it, as many as the longest name takes.
    pub width: Option<usize>,
    /// Whether escape sequences for colours are understood, and wanted.
    pub colour: bool,
}

/// Names are not cut shorter than this.
const SHORTEST_NAME: usize = 10;
/// Sentences are broken at this width even where more is free: long lines are hard to read.
const WIDEST_SENTENCE: usize = 100;
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
        Self { width: width.or(Some(80)), colour: !is_set("NO_COLOR") && !is_dumb }
    }
}

impl Renderer for Terminal {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        for (place, report) in reports.iter().enumerate() {
            if place > 0 {
                let rule = "─".repeat(self.width.unwrap_or(80));
                writeln!(out, "\n{}\n", self.paint(Style::Faint, &rule))?;
            }
            self.sections(&report.sections, out)?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Plain,
    Heading,
    Faint,
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
            Self::Good => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Bad => "\x1b[1;31m",
        }
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
            writeln!(out, "{}", self.paint(Style::Heading, &printable(&section.title)))?;
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
            Part::Command(command) => writeln!(out, "{}", printable(command)),
            // What is drawn is for pages.
            Part::Chart(_) | Part::HeatMap(_) | Part::Bars(_) => Ok(()),
        }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        match style.sequence() {
            sequence if self.colour && !sequence.is_empty() => format!("{sequence}{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }

    fn finding(&self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let (mark, style) = match finding.level {
            Level::Good => ("✓", Style::Good),
            Level::Note => ("·", Style::Plain),
            Level::Warning => ("!", Style::Warning),
            Level::Bad => ("✗", Style::Bad),
        };
        self.hanging(&format!("{mark} "), &sentence(&finding.sentence), style, out)
    }

    fn facts(&self, facts: &[Fact], out: &mut dyn Write) -> io::Result<()> {
        let widest = facts.iter().map(|fact| printable(&fact.name).width()).max().unwrap_or(0);
        facts.iter().try_for_each(|fact| {
            let name = printable(&fact.name);
            let label = format!("{name}{}{GAP}", " ".repeat(widest - name.width()));
            self.hanging(&label, &sentence(&fact.value), Style::Plain, out)
        })
    }

    /// A text beside a label, broken into lines that all begin where the first does.
    fn hanging(&self, label: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let indent = label.width();
        let most = self.width.map_or(usize::MAX, |width| width.min(WIDEST_SENTENCE).saturating_sub(indent).max(20));
        for (place, line) in broken(text, most).iter().enumerate() {
            let before = if place == 0 { label.to_owned() } else { " ".repeat(indent) };
            writeln!(out, "{}", self.paint(style, &format!("{before}{line}")))?;
        }
        Ok(())
    }

    fn table(&self, table: &Table, out: &mut dyn Write) -> io::Result<()> {
        let cells: Vec<Vec<String>> = table.rows.iter().map(|row| row.cells.iter().map(shown).collect()).collect();
        let titles: Vec<String> = table.columns.iter().map(|column| printable(&column.title)).collect();
        let mut widths: Vec<usize> = titles.iter().map(|title| title.width()).collect();
        for row in &cells {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        self.narrow(table, &mut widths);
        let line = |cells: &[String]| -> String {
            let aligned: Vec<String> = (cells.iter().zip(&table.columns).zip(&widths))
                .map(|((cell, column), &width)| aligned(&elided(cell, width), column.kind, width))
                .collect();
            aligned.join(GAP).trim_end().to_owned()
        };
        writeln!(out, "{}", self.paint(Style::Faint, &line(&titles)))?;
        for (row, cells) in table.rows.iter().zip(&cells) {
            let style = match (row.cells.first(), row.is_total) {
                (Some(Value::Passed(true)), _) => Style::Good,
                (Some(Value::Passed(false)), _) => Style::Bad,
                (_, true) => Style::Heading,
                _ => Style::Plain,
            };
            writeln!(out, "{}", self.paint(style, &line(cells)))?;
        }
        Ok(())
    }

    /// Takes from the widest column of names what is too much.
    fn narrow(&self, table: &Table, widths: &mut [usize]) {
        let Some(most) = self.width else { return };
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > most {
            let names = widths.iter_mut().zip(&table.columns).filter(|(_, column)| column.kind == Kind::Name);
            match names.map(|(width, _)| width).max() {
                Some(widest) if *widest > SHORTEST_NAME => *widest -= 1,
                _ => return,
            }
        }
    }
}

fn aligned(cell: &str, kind: Kind, width: usize) -> String {
    let padding = " ".repeat(width.saturating_sub(cell.width()));
    match kind {
        Kind::Name => format!("{cell}{padding}"),
        Kind::Number => format!("{padding}{cell}"),
    }
}

/// A name that fits: its middle is left out, as names often differ at their end.
fn elided(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let (mut head, mut tail) = (String::new(), String::new());
    for c in text.chars() {
        let longer = format!("{head}{c}");
        if longer.width() > room.div_ceil(2) {
            break;
        }
        head = longer;
    }
    for c in text.chars().rev() {
        let longer = format!("{c}{tail}");
        if longer.width() > room / 2 {
            break;
        }
        tail = longer;
    }
    format!("{head}…{tail}")
}

/// Lines of at most so many columns, broken between words; a longer word has a line of its own.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= most {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_too_long_keeps_both_ends() {
        assert_eq!(elided("orders_create_small", 11), "order…small");
        assert_eq!(elided("list", 4), "list");
        assert_eq!(elided("数据库查询请求", 8), "数据…求");
    }

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(broken("a bc def", 4), ["a bc", "def"]);
        assert_eq!(broken("abcdefgh i", 4), ["abcdefgh", "i"]);
    }
}
