//! What is judged while the run lasts: thresholds, and whether the measurement can be believed.

use ratatui_core::text::Span;
use runlog::text::{printable, wrapped};
use runlog::validity::Verdict;

use super::row::{LABEL, Row, Worth, bad, cut, dim, doubtful, good, label, plain};
use crate::observe::standing::{Standing, ThresholdNow};

/// How many thresholds are shown at the most.
const MOST: usize = 8;

/// A line for each threshold, those that do not hold first.
pub fn thresholds(standing: &Standing, width: usize) -> Vec<Row> {
    let mut all: Vec<&ThresholdNow> = standing.thresholds.iter().collect();
    all.sort_by_key(|threshold| !fails(threshold));
    let (more, later) = (all.len().saturating_sub(MOST), standing.judged_later);
    let mut rows: Vec<Row> = all.into_iter().take(MOST).map(|threshold| row(threshold, width)).collect();
    let others = [(more, "more watched"), (later, "judged at the end")];
    let others: Vec<String> =
        others.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !others.is_empty() {
        rows.push(Row::new(Worth::Detail, vec![label(""), dim(others.join(" · "))]));
    }
    if let Some(first) = rows.first_mut() {
        first.line.spans[0] = label("thresholds");
    }
    rows
}

/// Whether it does not hold.
pub const fn fails(threshold: &ThresholdNow) -> bool {
    matches!(threshold.seen, Some((_, false)))
}

fn row(threshold: &ThresholdNow, width: usize) -> Row {
    let (worth, sign, value) = match &threshold.seen {
        None => (Worth::Detail, dim("– no sample "), String::new()),
        Some((value, true)) => (Worth::Detail, good("✓ holds     "), format!("  {value}")),
        Some((value, false)) => (Worth::Headline, bad("✗ FAILS     "), format!("  {value}")),
    };
    let room = width.saturating_sub(LABEL + sign.width() + value.chars().count() + 1);
    Row::new(worth, vec![label(""), sign, plain(cut(&printable(&threshold.threshold), room)), plain(value)])
}

/// The generator's own part, and whether that spoils the measurement.
pub fn generator(standing: &Standing, width: usize) -> Vec<Row> {
    let recent = &standing.recent;
    if !standing.has_figures() {
        return vec![Row::new(Worth::Headline, vec![label("generator"), plain("starting …")])];
    }
    let lag = recent.pacer_lag.map(|lag| format!(" · pacer lag p99 {lag}")).unwrap_or_default();
    let facts = format!("busy {:.0} %{lag} · ", recent.busy * 100.0);
    let mut rows = vec![Row::new(Worth::Headline, vec![label("generator"), plain(facts), verdict(standing)])];
    for reason in &standing.validity.reasons {
        let lines = wrapped(&printable(reason), width.saturating_sub(LABEL + 1));
        rows.extend(lines.into_iter().map(|line| Row::new(Worth::Detail, vec![label(""), dim(line)])));
    }
    rows
}

/// Whether the measurement can be believed so far.
pub fn verdict(standing: &Standing) -> Span<'static> {
    match standing.validity.verdict {
        Verdict::Valid => good("valid so far"),
        Verdict::Suspect => doubtful("suspect so far"),
        Verdict::Unknown => dim("no verdict"),
        Verdict::Invalid => bad("NOT VALID so far"),
    }
}
