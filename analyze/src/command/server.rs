//! `drumfire-analyze server`: what the load did to the system under test.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::print;
use crate::analysis::Analysis;
use crate::analysis::server::Server;
use crate::exit;
use crate::failure::Failure;
use crate::load;
use crate::render::{json, section_json, terminal::Terminal};
use crate::section::{Finding, Level, Part, Section};

/// `drumfire-analyze server`.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// A run directory
    run: PathBuf,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Exit with 99 where anything is found that should not be
    #[arg(long)]
    fail_on_finding: bool,
}

/// Shows what is found.
///
/// # Errors
/// Where the run cannot be read.
pub fn run(asked: &ServerArgs) -> Result<u8, Failure> {
    let mut sections = Server.sections(&load::load(&asked.run)?)?;
    if sections.is_empty() {
        let note = "nothing to look at: the run has no probes, no stages, no tenants and no refusals (docs/server.md)";
        sections.push(Section::new("Server", vec![Part::Findings(vec![Finding::new(Level::Note, note)])]));
    }
    let found: Vec<&Finding> = sections.iter().flat_map(|section| &section.parts).flat_map(findings).collect();
    let is_bad = found.iter().any(|finding| finding.level == Level::Bad);
    let mut text = Vec::new();
    if asked.json {
        let sections: Vec<_> = sections.iter().map(section_json::section).collect();
        json::document(&json!({ "passed": !is_bad, "sections": sections }), &mut text)?;
    } else {
        Terminal::of_stdout().sections(&sections, &mut text)?;
    }
    print(&text)?;
    Ok(if is_bad && asked.fail_on_finding { exit::THRESHOLD_FAILED } else { exit::PASSED })
}

fn findings(part: &Part) -> &[Finding] {
    match part {
        Part::Findings(findings) => findings,
        Part::Headline(finding) => std::slice::from_ref(finding),
        _ => &[],
    }
}
