//! The summary on the screen when a run is over: a few lines, and where to read on. The tables are the analysis' job.

use std::fmt::Write;

use runlog::manifest::{How, ProbeBooks};
use runlog::statistics::Figures;
use runlog::summary::{Group, Summary};
use runlog::text::printable;
use runlog::units::{Bytes, Nanos, Rate, Thousands};
use runlog::validity::Verdict;

/// A run's figures in a few lines.
pub fn summarize(summary: &Summary) -> String {
    let mut text = String::new();
    let total = &summary.total;
    let run = &summary.run;
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{} {} in {} ({}), {} sent, {} received",
        Thousands(total.count),
        if total.count == 1 { "arrival" } else { "arrivals" },
        run.elapsed_ns,
        Rate::per_second(total.rate_per_s).unwrap_or_default(),
        Bytes(total.bytes_sent),
        Bytes(total.bytes_received),
    );
    if let (Some(word), false) = (broken_off(run.ended), run.ended_because.is_empty()) {
        let _ =
            writeln!(text, "{word} after {} of {}: {}", run.elapsed_ns, run.planned_ns, printable(&run.ended_because));
    }
    if !run.by_hand.is_nothing() {
        let _ = writeln!(text, "{}", run.by_hand);
    }
    let _ = writeln!(text, "{}", errors(total));
    let _ =
        writeln!(text, "\n{:15}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}", "", "mean", "p50", "p90", "p99", "p99.9", "max");
    for (label, figures) in
        [("response time", &total.response_time_ns), ("service time", &total.service_time_ns), ("lag", &total.lag_ns)]
    {
        let _ = writeln!(text, "{label:15}{}", times(figures.as_ref()));
    }
    if !run.lookups.is_none() {
        let _ = writeln!(text, "{}", run.lookups);
    }
    if !summary.thresholds.is_empty() {
        text.push('\n');
    }
    for threshold in &summary.thresholds {
        let mark = if threshold.passed { "✓" } else { "✗" };
        let _ = writeln!(text, "{mark} {} (was {})", printable(&threshold.threshold), threshold.shown);
    }
    for probe in &run.probes {
        add_probe(probe, &mut text);
    }
    let failed_checks: u64 = summary.checks.iter().map(|check| check.fails).sum();
    if failed_checks > 0 {
        let _ = writeln!(text, "{} checks failed", Thousands(failed_checks));
    }
    match summary.validity.verdict {
        Verdict::Valid => {}
        Verdict::Suspect => text.push_str("\nsuspect measurement:\n"),
        Verdict::Invalid => text.push_str("\nNOT A VALID MEASUREMENT of the target:\n"),
        Verdict::Unknown => text.push_str("\nno verdict:\n"),
    }
    for reason in &summary.validity.reasons {
        let _ = writeln!(text, "  {reason}");
    }
    let _ =
        write!(text, "\n{}\n  drumfire-analyze summary {0}\n  drumfire-analyze report {0}", printable(&run.directory));
    text
}

/// How a probe fared, where not as it should.
fn add_probe(probe: &ProbeBooks, text: &mut String) {
    let ProbeBooks { name, looks, failures, last_error, never_seen, .. } = probe;
    let name = printable(name);
    if *failures > 0 {
        let all = Thousands(looks + failures);
        let why = printable(last_error);
        let _ = writeln!(text, "probe {name}: {} of {all} looks failed, the last of them: {why}", Thousands(*failures));
    }
    if !never_seen.is_empty() && *looks > 0 {
        let _ = writeln!(text, "probe {name} never saw a value of {}", printable(&never_seen.join(", ")));
    }
}

/// The word for an ending that was not as planned.
const fn broken_off(ended: Option<How>) -> Option<&'static str> {
    match ended {
        Some(How::Aborted) => Some("ABORTED"),
        Some(How::Failed) => Some("FAILED"),
        Some(How::Interrupted) => Some("INTERRUPTED"),
        Some(How::Completed) | None => None,
    }
}

fn errors(total: &Group) -> String {
    if total.errors == 0 {
        return "no errors".to_owned();
    }
    let unexpected = total.errors - total.error_kinds.values().sum::<u64>();
    let mut kinds: Vec<String> =
        total.error_kinds.iter().map(|(word, count)| format!("{} {word}", Thousands(*count))).collect();
    if unexpected > 0 {
        kinds.push(format!("{} with a status that was not expected", Thousands(unexpected)));
    }
    let share = total.errors as f64 / total.count as f64 * 100.0;
    format!("{} errors ({share:.2} %): {}", Thousands(total.errors), kinds.join(", "))
}

fn times(figures: Option<&Figures>) -> String {
    let Some(figures) = figures else { return "  no answer".to_owned() };
    let Figures { mean, p50, p90, p99, p999, max, .. } = *figures;
    [mean.round() as u64, p50, p90, p99, p999, max].map(|ns| format!("{:>10}", Nanos(ns))).concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_run_in_a_few_lines() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let run = runlog::directory::Run::open(path).expect("our own run");
        let mut summary = runlog::summary::summarize(&run).expect("our own rows");
        summary.run.directory = "runs/fifty-rows".to_owned();
        insta::assert_snapshot!(summarize(&summary));
    }

    #[test]
    fn an_aborted_run_says_what_did_not_hold() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let run = runlog::directory::Run::open(path).expect("our own run");
        let mut summary = runlog::summary::summarize(&run).expect("our own rows");
        summary.run.ended = Some(How::Aborted);
        summary.run.ended_because = "http_req_duration p(95) < 1ms does not hold: it was 38.0 ms".to_owned();
        let line = summarize(&summary).lines().nth(1).map(str::to_owned);
        let expected = "ABORTED after 3.30 s of 3.00 s: http_req_duration p(95) < 1ms does not hold: it was 38.0 ms";
        assert_eq!(line.as_deref(), Some(expected));
    }
}
