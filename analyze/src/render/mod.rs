//! The renderers: reports in, bytes out. They know sections and no analysis, and compute nothing.
//! What is for machines (JSON, JUnit) is made of typed results.

pub mod answer;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod section_json;
pub mod terminal;
pub(crate) mod value;

use std::io::Write;

use crate::failure::Failure;
use crate::report::Report;

/// Puts reports into a form.
pub trait Renderer {
    /// Writes all reports.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure>;
}
