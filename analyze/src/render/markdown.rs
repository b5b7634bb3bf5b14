//! GitHub-flavoured Markdown, for the summary of a step of continuous integration.

use std::io::{self, Write};

use runlog::text::printable;

use super::Renderer;
use super::value::{sentence, shown};
use crate::failure::Failure;
use crate::report::Report;
use crate::section::{Column, Fact, Finding, Kind, Level, Part, Row, Section, Table, Value};

/// Markdown of sections. Charts are left out, and sections that have nothing else to show: they are for pages.
pub struct Markdown;

impl Renderer for Markdown {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        Ok(reports.iter().try_for_each(|report| self.sections(&report.sections, out))?)
    }
}

impl Markdown {
    /// Writes sections, each with its heading.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn sections(&self, sections: &[Section], out: &mut dyn Write) -> io::Result<()> {
        sections.iter().filter(|section| !is_of_charts(section)).try_for_each(|section| write_section(section, out))
    }
}

/// Whether a section is charts, and at most findings about them.
fn is_of_charts(section: &Section) -> bool {
    let is_chart = |part: &Part| matches!(part, Part::Chart(_) | Part::HeatMap(_) | Part::Bars(_));
    section.parts.iter().any(is_chart)
        && section.parts.iter().all(|part| is_chart(part) || matches!(part, Part::Findings(_)))
}

fn write_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### {}\n", escaped(&section.title))?;
    section.parts.iter().try_for_each(|part| match part {
        Part::Headline(finding) => writeln!(out, "{} **{}**\n", mark(finding.level), said(finding)),
        Part::Findings(findings) => {
            findings.iter().try_for_each(|finding| writeln!(out, "- {} {}", mark(finding.level), said(finding)))?;
            writeln!(out)
        }
        Part::Facts(facts) => {
            facts.iter().try_for_each(|fact| write_fact(fact, out))?;
            writeln!(out)
        }
        Part::Table(table) => write_table(table, out),
        Part::Command(command) => writeln!(out, "{}\n", indented(command)),
        Part::Chart(_) | Part::HeatMap(_) | Part::Bars(_) => Ok(()),
    })
}

/// A block of code: nothing in it is markup, and no fence can be closed by it.
fn indented(command: &str) -> String {
    printable(command).lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

fn said(finding: &Finding) -> String {
    escaped(sentence(&finding.sentence).trim())
}

const fn mark(level: Level) -> &'static str {
    match level {
        Level::Good => "✅",
        Level::Note => "ℹ️",
        Level::Warning => "⚠️",
        Level::Bad => "❌",
    }
}

fn write_fact(fact: &Fact, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "- {}: {}", escaped(&fact.name), escaped(&sentence(&fact.value)))
}

fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |column: &Column| match column.kind {
        Kind::Name => ":--".to_owned(),
        Kind::Number => "--:".to_owned(),
    };
    writeln!(out, "{}", line(table.columns.iter().map(|column| escaped(&column.title)).collect()))?;
    writeln!(out, "{}", line(table.columns.iter().map(rule).collect()))?;
    for row in &table.rows {
        writeln!(out, "{}", line(row.cells.iter().map(|value| cell(value, row)).collect()))?;
    }
    writeln!(out)
}

fn cell(value: &Value, row: &Row) -> String {
    match value {
        Value::Passed(true) => "✅".to_owned(),
        Value::Passed(false) => "❌".to_owned(),
        value => match escaped(shown(value).trim()) {
            text if row.is_total && !text.is_empty() => format!("**{text}**"),
            text => text,
        },
    }
}

/// Text that is shown as it is: no part of it is markup, HTML, a formula or the end of a cell, and none becomes a link.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '$' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe.replace("://", ":\\//").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn markdown(section: &Section) -> String {
        let mut out = Vec::new();
        write_section(section, &mut out).expect("in memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn sections_are_markdown() {
        let mut table = Table::new(&["", "request"], &["count"]);
        table.push(vec![Value::Passed(false), "a|b <img src=x> *c* https://d".into(), Value::Count(1234)]);
        table.push_total(vec![Value::Passed(true), "total".into(), Value::Absent]);
        let parts = vec![
            Part::Headline(Finding::new(Level::Bad, "Failed: ").count(1).and(" of 2")),
            Part::Findings(vec![Finding::new(Level::Warning, "it_is `so`")]),
            Part::Facts(vec![Fact::new("run", "x\n# y")]),
            Part::Table(table),
        ];
        insta::assert_snapshot!(markdown(&Section::new("Gate", parts)));
    }

    proptest! {
        #[test]
        fn a_table_has_as_many_cells_in_every_row_whatever_is_in_them(texts in prop::collection::vec(any::<String>(), 1..5)) {
            let mut table = Table::new(&["name"], &["count"]);
            for text in &texts {
                table.push(vec![Value::from(text.clone()), Value::Count(1)]);
            }
            let text = markdown(&Section::new("T", vec![Part::Table(table)]));
            let lines: Vec<&str> = text.lines().skip(2).filter(|line| !line.is_empty()).collect();
            prop_assert_eq!(lines.len(), texts.len() + 2);
            for line in lines {
                let bare = line.replace("\\\\", "").replace("\\|", "");
                prop_assert_eq!(bare.matches('|').count(), 3, "{}", line);
                prop_assert!(!line.contains('<') && !line.contains("://"), "{}", line);
            }
        }
    }
}
