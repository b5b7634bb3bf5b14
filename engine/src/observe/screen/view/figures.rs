//! What the load comes to: rates, response times, errors, and what is on its way.

use std::fmt::Display;

use ratatui_core::text::Span;
use runlog::statistics::Figures;
use runlog::units::{Nanos, Thousands};

use super::chart::{Series, sparkline};
use super::row::{LABEL, Row, Worth, bad, bold, dim, doubtful, label, plain, tinted};
use crate::observe::standing::Standing;

/// How wide a value is that has a sparkline beside it.
const VALUE: usize = 12;
/// How wide a time in the table is.
const TIME: usize = 11;

/// Requests a second and p99, each with how it was so far.
pub fn curves(standing: &Standing, width: usize) -> Vec<Row> {
    let requests = now(standing, standing.recent.requests);
    let p99 = standing.recent.response.map_or("–".to_owned(), |figures| Nanos(figures.p99).to_string());
    vec![
        curve(standing, "requests", &requests, Series::Requests, width),
        curve(standing, "p99", &p99, Series::P99, width),
    ]
}

/// A figure of the last second, where there was one.
pub fn now(standing: &Standing, figure: impl Display) -> String {
    if standing.has_figures() { figure.to_string() } else { "–".to_owned() }
}

fn curve(standing: &Standing, word: &str, value: &str, series: Series, width: usize) -> Row {
    // To the right there is room for the highest value.
    let room = width.saturating_sub(LABEL + VALUE + 1 + "  most 1,234,567/s ".len());
    let mut spans = vec![label(word), bold(format!("{value:<VALUE$}"))];
    if let Some((line, most)) = sparkline(series, standing, room) {
        spans.extend([tinted(line, series.colour()), dim(format!("  most {most}"))]);
    }
    Row::new(Worth::Figure, spans)
}

/// Requests a second, without a curve.
pub fn requests(standing: &Standing) -> Row {
    let so_far = format!("  {} so far", Thousands(standing.done));
    Row::new(Worth::Figure, vec![label("requests"), bold(now(standing, standing.recent.requests)), plain(so_far)])
}

/// What the schedules bring, and what they were meant to.
pub fn schedule(standing: &Standing) -> Vec<Row> {
    let recent = &standing.recent;
    let arrivals = standing.scheduled.map(|scheduled| {
        let of = format!(" of {scheduled} scheduled");
        Row::new(Worth::Figure, vec![label("arrivals"), bold(now(standing, recent.arrivals)), plain(of)])
    });
    let users = standing.users.map(|users| {
        // Arrivals are served by virtual users as well, of whom nobody says how many there are to be.
        let is_closed = standing.scheduled.is_none();
        let of = if is_closed { format!(" of {} scheduled", Thousands(users)) } else { " at work".to_owned() };
        Row::new(Worth::Figure, vec![label("users"), bold(now(standing, Thousands(recent.vus))), plain(of)])
    });
    arrivals.into_iter().chain(users).collect()
}

/// What is on its way, and what cannot go.
pub fn traffic(standing: &Standing) -> Row {
    let recent = &standing.recent;
    let mut spans = vec![
        label("in flight"),
        bold(Thousands(recent.in_flight).to_string()),
        plain(format!(" · {} connections", Thousands(recent.connections))),
    ];
    if standing.scheduled.is_some() {
        let waiting = format!("{} waiting", Thousands(recent.backlog));
        let dropped = format!("{} dropped", Thousands(standing.dropped));
        spans.extend([plain(" · "), if recent.backlog > 0 { doubtful(waiting) } else { plain(waiting) }]);
        spans.extend([plain(" · "), if standing.dropped > 0 { bad(dropped) } else { plain(dropped) }]);
    }
    Row::new(Worth::Figure, spans)
}

/// Response times of the last second, and so far.
pub fn times(standing: &Standing) -> Vec<Row> {
    let names = ["p50", "p90", "p95", "p99", "p99.9", "max"].map(|name| format!("{name:>TIME$}")).concat();
    vec![
        Row::new(Worth::Figure, vec![label("response"), dim(names)]),
        Row::new(Worth::Figure, row_of(label("  now"), standing.recent.response)),
        Row::new(Worth::Figure, row_of(label("  so far"), standing.response)),
    ]
}

fn row_of(label: Span<'static>, figures: Option<Figures>) -> Vec<Span<'static>> {
    let Some(Figures { p50, p90, p95, p99, p999, max, .. }) = figures else {
        return vec![label, dim(format!("{:>TIME$}", "–"))];
    };
    let times = [p50, p90, p95, p99, p999, max].map(|ns| format!("{:>TIME$}", Nanos(ns))).concat();
    vec![label, plain(times)]
}

/// How many errors, and what share they are.
pub fn error_count(standing: &Standing) -> Span<'static> {
    let Standing { done, failed, .. } = *standing;
    if failed == 0 {
        return plain("none");
    }
    let share = failed as f64 / done.max(1) as f64 * 100.0;
    bad(format!("{} ({share:.2} %)", Thousands(failed)))
}

/// Errors, and those kinds of them that there is room for.
pub fn errors(standing: &Standing, width: usize) -> Row {
    let count = error_count(standing);
    let mut room = width.saturating_sub(LABEL + count.width() + " · …".chars().count());
    let mut spans = vec![label("errors"), count];
    for (place, (kind, count)) in standing.trouble.iter().enumerate() {
        let text = format!("{}{} {kind}", if place == 0 { "  " } else { " · " }, Thousands(*count));
        let Some(left) = room.checked_sub(text.chars().count()) else {
            spans.push(plain(" …"));
            break;
        };
        room = left;
        spans.push(plain(text));
    }
    Row::new(Worth::Headline, spans)
}
