//! What is drawn, as the page's script reads it: numbers with their unit, no more digits than can be seen, and each axis once.

use runlog::text::printable;
use runlog::units::Nanos;
use serde::{Serialize, Serializer};

use super::article::Article;
use crate::section::{Axis, Band, Bars, Chart, HeatMap, Line, Mark, Part, Unit};

/// All figures of a page, in its order.
#[derive(Serialize)]
pub struct Figures {
    /// The places that lines have values at: figures name theirs by its number.
    axes: Vec<Vec<Number>>,
    /// The stages of each article's load.
    stages: Vec<Vec<Stage>>,
    #[serde(rename = "figures")]
    all: Vec<Figure>,
}

#[derive(Serialize)]
struct Stage {
    name: String,
    from: Number,
    to: Number,
}

#[derive(Serialize)]
struct Figure {
    title: String,
    /// The number of the article.
    article: usize,
    #[serde(flatten)]
    drawn: Drawn,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Drawn {
    Lines {
        over: Over,
        /// What the axis counts, where its kind does not say so.
        #[serde(skip_serializing_if = "String::is_empty")]
        of: String,
        axis: usize,
        unit: &'static str,
        stacked: bool,
        lines: Vec<Drawing>,
    },
    Heat {
        over: Over,
        axis: usize,
        edges: Vec<Number>,
        counts: Vec<Vec<u64>>,
    },
    Bars {
        unit: &'static str,
        names: Vec<String>,
        lines: Vec<Drawing>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Over {
    Time,
    Percentile,
    Rate,
    Amount,
}

#[derive(Serialize)]
struct Drawing {
    name: String,
    mark: &'static str,
    values: Vec<Option<Number>>,
}

/// A number as short as it can be.
#[derive(PartialEq)]
struct Number(f64);

impl Number {
    /// To four significant digits.
    fn seen(value: f64) -> Self {
        Self(format!("{value:.3e}").parse().unwrap_or(value))
    }

    /// Milliseconds, in which the page counts instants.
    fn millis(at: Nanos) -> Self {
        Self((at.0 as f64 / 1e6).round())
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let whole = self.0.fract() == 0.0 && self.0.abs() < 1e15;
        if whole { serializer.serialize_i64(self.0 as i64) } else { serializer.serialize_f64(self.0) }
    }
}

impl Figures {
    /// What is to be drawn of articles.
    pub fn of(articles: &[Article<'_>]) -> Self {
        let mut figures = Self { axes: Vec::new(), stages: Vec::new(), all: Vec::new() };
        for (number, article) in articles.iter().enumerate() {
            figures.stages.push(article.stages.iter().map(stage).collect());
            for part in article.sections.iter().flat_map(|section| &section.parts) {
                figures.add(number, part);
            }
        }
        figures
    }

    /// Whether nothing is to be drawn.
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn add(&mut self, article: usize, part: &Part) {
        let (title, drawn) = match part {
            Part::Chart(chart) => (&chart.title, self.lines(chart)),
            Part::HeatMap(map) => (&map.title, self.heat(map)),
            Part::Bars(bars) => (&bars.title, self::bars(bars)),
            Part::Headline(_) | Part::Findings(_) | Part::Facts(_) | Part::Table(_) | Part::Command(_) => return,
        };
        self.all.push(Figure { title: printable(title), article, drawn });
    }

    fn lines(&mut self, chart: &Chart) -> Drawn {
        let (over, places) = match &chart.axis {
            Axis::Time(at) => (Over::Time, millis(at)),
            Axis::Percentile(shares) => (Over::Percentile, shares.iter().copied().map(Number).collect()),
            Axis::Rate(rates) => (Over::Rate, rates.iter().copied().map(Number::seen).collect()),
            Axis::Amount { values, .. } => (Over::Amount, values.iter().copied().map(Number::seen).collect()),
        };
        let of = if let Axis::Amount { of, .. } = &chart.axis { printable(of) } else { String::new() };
        Drawn::Lines {
            over,
            of,
            axis: self.axis(places),
            unit: name_of(chart.unit),
            stacked: chart.stacked,
            lines: drawings(&chart.lines, chart.unit),
        }
    }

    fn heat(&mut self, map: &HeatMap) -> Drawn {
        let edges = map.bands.iter().chain([&map.highest]).map(|edge| Number::seen(micros(edge.0 as f64)));
        Drawn::Heat {
            over: Over::Time,
            axis: self.axis(millis(&map.at)),
            edges: edges.collect(),
            counts: map.counts.clone(),
        }
    }

    /// The number of an axis with these places.
    fn axis(&mut self, places: Vec<Number>) -> usize {
        let known = self.axes.iter().position(|axis| *axis == places);
        known.unwrap_or_else(|| {
            self.axes.push(places);
            self.axes.len() - 1
        })
    }
}

fn bars(bars: &Bars) -> Drawn {
    Drawn::Bars {
        unit: name_of(bars.unit),
        names: bars.names.iter().map(|name| printable(name)).collect(),
        lines: drawings(&bars.parts, bars.unit),
    }
}

fn stage(band: &Band) -> Stage {
    Stage { name: printable(&band.name), from: Number::millis(band.from), to: Number::millis(band.to) }
}

fn millis(at: &[Nanos]) -> Vec<Number> {
    at.iter().copied().map(Number::millis).collect()
}

/// Microseconds, in which the page counts spans of time.
fn micros(ns: f64) -> f64 {
    ns / 1e3
}

fn drawings(lines: &[Line], unit: Unit) -> Vec<Drawing> {
    let number = |value: f64| Number::seen(if unit == Unit::Time { micros(value) } else { value });
    let drawing = |line: &Line| Drawing {
        name: printable(&line.name),
        mark: match line.mark {
            Mark::Solid => "solid",
            Mark::Dashed => "dashed",
            Mark::Points => "points",
        },
        values: line.values.iter().map(|value| value.filter(|value| value.is_finite()).map(number)).collect(),
    };
    lines.iter().map(drawing).collect()
}

/// The word by which the script knows a unit.
const fn name_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "time",
        Unit::PerSecond => "per second",
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes per second",
        Unit::Number => "number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_can_be_seen() {
        for (number, text) in [
            (1_234_567.8, "1235000"),
            (0.000_123_456, "0.0001235"),
            (99_999.0, "100000"),
            (2.0, "2"),
            (-12.345_6, "-12.35"),
            (0.0, "0"),
        ] {
            assert_eq!(serde_json::to_string(&Number::seen(number)).expect("JSON"), text);
        }
    }

    #[test]
    fn an_axis_is_written_once() {
        let chart = |seconds: u64| Chart {
            title: "".into(),
            note: "".into(),
            axis: Axis::Time((0..seconds).map(Nanos::from_secs).collect()),
            unit: Unit::Count,
            stacked: false,
            lines: Vec::new(),
        };
        let mut figures = Figures { axes: Vec::new(), stages: Vec::new(), all: Vec::new() };
        for seconds in [3, 3, 4, 3] {
            figures.add(0, &Part::Chart(chart(seconds)));
        }
        let axis = |figure: &Figure| if let Drawn::Lines { axis, .. } = figure.drawn { Some(axis) } else { None };
        assert_eq!(figures.axes.len(), 2);
        assert_eq!(figures.all.iter().filter_map(axis).collect::<Vec<_>>(), [0, 0, 1, 0]);
    }
}
