//! One JSON document: the figures, for programs.

use std::io::Write;

use serde::Serialize;

use super::Renderer;
use crate::failure::Failure;
use crate::report::Report;

/// The summary of one run; of several, `{"runs": […]}`.
pub struct Json;

impl Renderer for Json {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        match reports {
            [one] => document(&one.summary, out),
            several => {
                let runs: Vec<_> = several.iter().map(|report| &report.summary).collect();
                document(&serde_json::Map::from_iter([("runs".to_owned(), serde_json::json!(runs))]), out)
            }
        }
    }
}

/// A value as one document, indented.
///
/// # Errors
/// Where `out` cannot be written.
pub fn document(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    // What serde_json says of a failed write is not what the system said; this conversion brings that back.
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}
