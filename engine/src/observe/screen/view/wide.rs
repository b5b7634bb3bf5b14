//! The screen of a large terminal: figures on the left, charts on the right.

use ratatui_core::text::{Line, Span};

use super::chart::{Series, chart};
use super::row::{Row, Worth, fit, plain};
use super::{Keys, figures, header, stages, verdicts};
use crate::observe::standing::Standing;

/// How wide the figures are.
const FIGURES: usize = 82;
/// How high a chart is.
const CHART: std::ops::RangeInclusive<usize> = 3..=12;

/// All there is to see, at most so many rows.
pub fn rows(standing: &Standing, width: usize, most: usize, keys: Keys) -> Vec<Row> {
    let mut rows = vec![header::title(standing, width, keys), header::bar(standing, width), Row::gap()];
    let mut below = most.saturating_sub(rows.len());
    if keys == Keys::All {
        below -= 1;
    }
    let left = fit(left(standing), below);
    let right = right(standing, width.saturating_sub(FIGURES + 2), below);
    for place in 0..left.len().max(right.len()) {
        let (figures, chart) = (left.get(place).cloned(), right.get(place).cloned());
        rows.push(beside(figures.unwrap_or_default(), chart.unwrap_or_default()));
    }
    if keys == Keys::All {
        rows.push(Row::new(Worth::Headline, header::keys(width)));
    }
    rows
}

fn left(standing: &Standing) -> Vec<Row> {
    let mut rows = vec![figures::requests(standing)];
    rows.extend(figures::schedule(standing));
    rows.push(figures::traffic(standing));
    rows.push(Row::gap());
    rows.extend(figures::times(standing));
    rows.push(Row::gap());
    rows.push(figures::errors(standing, FIGURES));
    rows.push(Row::gap());
    rows.extend(stages::stages(standing));
    rows.push(Row::gap());
    rows.extend(verdicts::thresholds(standing, FIGURES));
    rows.push(Row::gap());
    rows.extend(verdicts::generator(standing, FIGURES));
    rows
}

fn right(standing: &Standing, width: usize, rows: usize) -> Vec<Line<'static>> {
    // Each has a title and an axis, and there is room between them.
    let high = (rows.saturating_sub(5) / 2).clamp(*CHART.start(), *CHART.end());
    let mut charts = chart(Series::Requests, standing, width, high);
    charts.push(Row::gap());
    charts.extend(chart(Series::P99, standing, width, high));
    fit(charts, rows)
}

fn beside(figures: Line<'static>, chart: Line<'static>) -> Row {
    let space = FIGURES.saturating_sub(figures.width());
    let mut spans: Vec<Span<'static>> = figures.spans;
    if !chart.spans.is_empty() {
        spans.push(plain(" ".repeat(space)));
        spans.extend(chart.spans);
    }
    Row::new(Worth::Figure, spans)
}
