//! A diagnosis as text for people, within 80 columns.

use std::fmt::Write;

use runlog::text::{printable, wrapped};

use super::Diagnosis;
use super::finding::{Check, Finding, Level};

/// How wide the text is.
const WIDTH: usize = 80;
/// Where what was found begins.
const FOUND: usize = 25;
/// Where what mends it begins.
const MEND: usize = 9;

/// The text of a diagnosis.
pub fn text(diagnosis: &Diagnosis) -> String {
    let host = &diagnosis.host;
    let mut page = format!("{}: {}\n", printable(&host.name), printable(&host.cpu));
    for group in &diagnosis.groups {
        line(&mut page, format_args!("\n{}", group.group));
        for check in &group.checks {
            if let Some(finding) = &check.finding {
                one(&mut page, check.check, finding);
            }
        }
    }
    let is_dark = |check: &&Check| check.finding.is_none();
    let dark = diagnosis.groups.iter().flat_map(|group| &group.checks).filter(is_dark);
    let dark: Vec<&str> = dark.map(|check| check.check).collect();
    if !dark.is_empty() {
        page.push('\n');
        paragraph(&mut page, &format!("Not to be seen on this machine: {}.", dark.join(", ")), 0);
    }
    page.push('\n');
    paragraph(&mut page, &diagnosis.verdict.verdict, 0);
    page
}

fn one(page: &mut String, check: &str, finding: &Finding) {
    let level = match finding.level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Hurts => "hurts",
        Level::Stops => "stops",
    };
    let mut found = String::new();
    paragraph(&mut found, &printable(&finding.found), FOUND);
    line(page, format_args!("  {level:<5}  {check:<14}  {}", found.trim()));
    paragraph(page, &printable(&finding.why), FOUND);
    if let Some(mend) = &finding.mend {
        // A command is one line, to be copied.
        line(page, format_args!("{:MEND$}→ {}", "", printable(mend)));
    }
}

/// Words in lines that begin at a column, none of them wider than the page.
fn paragraph(page: &mut String, text: &str, column: usize) {
    for row in wrapped(text, WIDTH - column) {
        line(page, format_args!("{:column$}{row}", ""));
    }
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "{text}");
}
