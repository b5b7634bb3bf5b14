//! One JSON document: the figures, for programs.

use std::io::Write;

use runlog::summary::Summary;
use serde::Serialize;

use super::{Renderer, section_json};
use crate::failure::Failure;
use crate::report::Report;

/// The summary of one run, with `analyses` where people added any; of several, `{"runs": […]}`. The sections of a report for
/// programs are those of added analyses alone: the summary has the figures of all others.
pub struct Json;

impl Renderer for Json {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        match reports {
            [one] => document(&Document::of(one), out),
            several => {
                let runs: Vec<_> = several.iter().map(Document::of).collect();
                document(&serde_json::Map::from_iter([("runs".to_owned(), serde_json::json!(runs))]), out)
            }
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    analyses: Vec<serde_json::Value>,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        Self { summary: &report.summary, analyses: report.sections.iter().map(section_json::section).collect() }
    }
}

fn document(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    // What serde_json says of a failed write is not what the system said; this conversion brings that back.
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}
