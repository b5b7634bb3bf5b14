//! What is sampled beside the load: where probes look, how often, and what they sample.

use super::{Page, escaped};
use crate::plan::{Endpoint, Probe, Sampling};
use crate::scenario::probe::Question;

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
        Sampling::Json { endpoint, .. } | Sampling::Prometheus { endpoint, .. } => fetches(endpoint, page),
        Sampling::Host { endpoint: Some(endpoint) } => fetches(endpoint, page),
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
    let metrics = if probe.metrics.is_empty() { "as they come".to_owned() } else { probe.metrics.join(", ") };
    page.line(format_args!("    {:<12}{metrics}", "samples"));
    page.tags("    ", &probe.tags);
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
