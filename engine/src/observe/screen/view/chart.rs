//! Charts of block characters: the run so far, as wide as there is room for.

use ratatui_core::style::Color;
use ratatui_core::text::Span;
use runlog::units::{Nanos, Rate};

use super::header::clock;
use super::row::{Row, Worth, dim, tinted};
use crate::observe::history::Point;
use crate::observe::standing::Standing;

/// Eighths of a character, from nothing to all of it.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Room for what stands beside the axis.
const AXIS: usize = 10;

/// A figure of the run over time.
#[derive(Debug, Clone, Copy)]
pub enum Series {
    /// Requests that were done.
    Requests,
    /// The 99th percentile of the response times.
    P99,
}

impl Series {
    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::P99 => "response time, p99",
        }
    }

    /// Its colour.
    pub const fn colour(self) -> Color {
        match self {
            Self::Requests => Color::Cyan,
            Self::P99 => Color::Magenta,
        }
    }

    fn of(self, point: &Point) -> Option<f64> {
        match self {
            Self::Requests => Some(point.rate.as_per_second()),
            Self::P99 => point.p99.map(|p99| p99.0 as f64),
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Requests => Rate::per_second(value).unwrap_or_default().to_string(),
            Self::P99 => Nanos(value as u64).to_string(),
        }
    }
}

/// The run so far in one line of so many characters, and its highest value; nothing where there is none yet.
pub fn sparkline(series: Series, standing: &Standing, width: usize) -> Option<(String, String)> {
    let values = values(series, standing, width);
    let most = most(&values)?;
    Some((bars(&values, most, 1).concat(), series.show(most)))
}

/// The run so far as a chart that is so wide and high, with its title and axes.
pub fn chart(series: Series, standing: &Standing, width: usize, rows: usize) -> Vec<Row> {
    let values = values(series, standing, width.saturating_sub(AXIS + 1));
    let most = most(&values);
    let row = |spans: Vec<Span<'static>>| Row::new(Worth::Detail, spans);
    let mut chart = vec![row(vec![dim(format!("{:AXIS$} {}", "", series.name()))])];
    for (place, bar) in bars(&values, most.unwrap_or_default(), rows).into_iter().enumerate() {
        let beside = if place == 0 { most.map(|most| series.show(most)).unwrap_or_default() } else { String::new() };
        chart.push(row(vec![dim(format!("{beside:>AXIS$}▕")), tinted(bar, series.colour())]));
    }
    let (right, elapsed) = (values.len().saturating_sub("0 s".len()), clock(standing.now));
    chart.push(row(vec![dim(format!("{:>AXIS$} 0 s{elapsed:>right$}", ""))]));
    chart
}

/// A value for each column: as many columns for each point as there will be room for at the end of the run, or, where there
/// is not one for each, a column for several.
fn values(series: Series, standing: &Standing, width: usize) -> Vec<Option<f64>> {
    let points = &standing.history;
    if points.len() <= width {
        let expected = points.len().max(standing.planned.as_secs_f64().ceil() as usize).max(1);
        let columns = (width / expected).max(1);
        return points.iter().flat_map(|point| std::iter::repeat_n(series.of(point), columns)).collect();
    }
    let bound = |column: usize| column * points.len() / width;
    let stretch = |column| Point::of_all(&points[bound(column)..bound(column + 1)]);
    (0..width).map(|column| series.of(&stretch(column)?)).collect()
}

fn most(values: &[Option<f64>]) -> Option<f64> {
    values.iter().copied().flatten().reduce(f64::max)
}

/// Bars of so many rows, the highest row first. Where there is a value there is something to see.
fn bars(values: &[Option<f64>], most: f64, rows: usize) -> Vec<String> {
    let eighths = |value: Option<f64>| {
        let share = value.map(|value| if most > 0.0 { value / most } else { 0.0 })?;
        Some(((share * (rows * 8) as f64).round() as usize).max(1))
    };
    let heights: Vec<usize> = values.iter().map(|&value| eighths(value).unwrap_or(0)).collect();
    let row = |row: usize| heights.iter().map(|height| EIGHTHS[height.saturating_sub(row * 8).min(8)]).collect();
    (0..rows).rev().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::screen::golden::well;

    #[test]
    fn a_bar_is_as_high_as_its_value() {
        let values = [Some(0.0), Some(4.0), None, Some(8.0), Some(16.0)];
        assert_eq!(bars(&values, 16.0, 1), ["▁▂ ▄█"]);
        assert_eq!(bars(&values, 16.0, 2), ["    █", "▁▄ ██"]);
        assert_eq!(bars(&[Some(0.0)], 0.0, 1), ["▁"]);
    }

    /// A run whose rates rise from zero on, one each second.
    fn rising(seconds: u32, planned: u64) -> Standing {
        let point = |second: u32| Point { rate: Rate::per_second(second.into()).expect("a rate"), p99: None };
        Standing { history: (0..seconds).map(point).collect(), planned: Nanos::from_secs(planned), ..well() }
    }

    #[test]
    fn a_long_run_is_as_wide_as_there_is_room_for() {
        let (line, most) = sparkline(Series::Requests, &rising(100, 100), 10).expect("there are points");
        assert_eq!((line.as_str(), most.as_str()), ("▁▁▂▃▄▅▅▆▇█", "94.5/s"));
        assert_eq!(sparkline(Series::P99, &rising(100, 100), 10), None);
    }

    #[test]
    fn a_short_run_will_be_as_wide_at_its_end() {
        let line = |seconds| sparkline(Series::Requests, &rising(seconds, 5), 10).map(|(line, _)| line);
        assert_eq!(line(3).as_deref(), Some("▁▁▄▄██"));
        assert_eq!(line(5).map(|line| line.chars().count()), Some(10));
    }
}
