//! What is sampled beside the load: where probes look, how often, and what they sample.

use super::{Page, escaped};
use crate::plan::{Endpoint, Probe, Sampling};
use crate::scenario::probe::Question;

/// Behind so many bytes a line of names ends.
const LINE: usize = 80;

/// The probes of a plan; nothing where there are none.
pub fn describe(probes: &[Probe], page: &mut Page) {
    if probes.is_empty() {
        return;
    }
    page.heading("Probes (beside the load)");
    for probe in probes {
        one_probe(probe, page);
    }
}

fn one_probe(probe: &Probe, page: &mut Page) {
    let Probe { name, interval, timeout, .. } = probe;
    let kind = match &probe.sampling {
        Sampling::Json { .. } => "json",
        Sampling::Prometheus { .. } => "prometheus",
        Sampling::Postgres { .. } => "postgres",
        Sampling::Host { .. } => "host",
        Sampling::Command { .. } => "command",
    };
    page.line(format_args!("  {name}  {kind}"));
    match &probe.sampling {
        Sampling::Json { endpoint, .. }
        | Sampling::Prometheus { endpoint, .. }
        | Sampling::Host { endpoint: Some(endpoint) } => fetches(endpoint, page),
        Sampling::Host { endpoint: None } => page.line(format_args!("    {:<12}/proc of this machine", "reads")),
        Sampling::Postgres { database, question } => {
            page.line(format_args!("    {:<12}{}", "connects to", escaped(&database.shown)));
            match question {
                Question::Preset(_) => {}
                Question::Sql { text, .. } => page.line(format_args!("    {:<12}{}", "asks", escaped(text))),
            }
        }
        Sampling::Command { words } => {
            let words: Vec<String> = words.iter().map(|word| escaped(&quoted(&word.shown))).collect();
            page.line(format_args!("    {:<12}{}", "runs", words.join(" ")));
        }
    }
    page.line(format_args!("    {:<12}every {interval}, for {timeout} at the most", "looks"));
    metrics(&probe.metrics, page);
    page.tags("    ", &probe.tags);
}

/// The names of metrics, where they are known beforehand, in as many lines as they take.
fn metrics(names: &[String], page: &mut Page) {
    if names.is_empty() {
        return page.line(format_args!("    {:<12}as they come", "samples"));
    }
    let (mut title, mut line) = ("samples", String::new());
    for (place, name) in names.iter().enumerate() {
        line.push_str(name);
        if place + 1 < names.len() {
            line.push_str(", ");
        }
        if line.len() > LINE || place + 1 == names.len() {
            page.line(format_args!("    {title:<12}{line}"));
            (title, line) = ("", String::new());
        }
    }
}

/// A word as one would write it in a shell, which there is none of.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), Into::into)
}

fn fetches(endpoint: &Endpoint, page: &mut Page) {
    page.line(format_args!("    {:<12}{}", "fetches", escaped(&endpoint.shown)));
    for (name, value) in &endpoint.headers {
        page.line(format_args!("    {:<12}{name}: {}", "with", escaped(&value.shown)));
    }
}
