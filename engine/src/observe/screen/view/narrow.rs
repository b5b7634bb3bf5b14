//! The screen of a narrow terminal: what matters most, each on a line of its own.

use runlog::units::{Nanos, Thousands};

use super::chart::{Series, sparkline};
use super::row::{LABEL, Row, Worth, bad, bold, cut, doubtful, good, label, plain, tinted};
use super::{Keys, figures, header, stages, verdicts};
use crate::observe::standing::Standing;

/// What matters most.
pub fn rows(standing: &Standing, width: usize) -> Vec<Row> {
    let mut rows = vec![header::title(standing, width, Keys::None), bar(standing, width)];
    rows.push(value("requests", figures::now(standing, standing.recent.requests)));
    if let Some((line, _)) = sparkline(Series::Requests, standing, width.saturating_sub(2)) {
        rows.push(Row::new(Worth::Detail, vec![plain(" "), tinted(line, Series::Requests.colour())]));
    }
    rows.extend(figures::schedule(standing));
    if let Some(response) = standing.recent.response {
        let times = format!("{}, p99 {}", Nanos(response.p50), Nanos(response.p99));
        rows.push(value("p50", times));
    }
    rows.push(Row::new(Worth::Headline, vec![label("errors"), figures::error_count(standing)]));
    if let Some((kind, count)) = standing.trouble.first() {
        rows.push(Row::new(Worth::Detail, vec![label(""), plain(format!("{} {kind}", Thousands(*count)))]));
    }
    rows.push(value("in flight", Thousands(standing.recent.in_flight).to_string()));
    if standing.dropped > 0 {
        rows.push(Row::new(Worth::Figure, vec![label("dropped"), bad(Thousands(standing.dropped).to_string())]));
    }
    for stage in standing.scenarios.iter().filter(|stage| stage.left.is_some()) {
        let name = cut(&runlog::text::printable(&stage.scenario), LABEL - 2);
        rows.push(Row::new(Worth::Detail, vec![label(&name), plain(stages::target(stage))]));
    }
    rows.extend(thresholds(standing));
    rows.push(Row::new(Worth::Headline, vec![label("generator"), verdicts::verdict(standing)]));
    rows
}

fn bar(standing: &Standing, width: usize) -> Row {
    if width > 40 {
        return header::bar(standing, width);
    }
    Row::new(Worth::Headline, vec![plain(format!(" {}", header::progress(standing)))])
}

fn value(word: &str, text: String) -> Row {
    Row::new(Worth::Figure, vec![label(word), bold(text)])
}

fn thresholds(standing: &Standing) -> Option<Row> {
    let all = standing.thresholds.len();
    let failing = standing.thresholds.iter().filter(|threshold| verdicts::fails(threshold)).count();
    let unseen = standing.thresholds.iter().filter(|threshold| threshold.seen.is_none()).count();
    let text = match (failing, unseen) {
        _ if all == 0 => return None,
        (0, 0) => good(format!("✓ {all} hold")),
        (0, _) => doubtful(format!("– {unseen} of {all} without a sample")),
        (_, _) => bad(format!("✗ {failing} of {all} FAIL")),
    };
    Some(Row::new(Worth::Headline, vec![label("thresholds"), text]))
}
