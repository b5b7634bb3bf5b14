//! What is drawn: numbers in one unit, over one axis.

use std::borrow::Cow;

use runlog::units::Nanos;

/// The unit of a chart's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds, over several orders of magnitude.
    Time,
    /// Per second.
    PerSecond,
    /// So many at once.
    Count,
    /// A part of one.
    Share,
    /// So many bytes.
    Bytes,
    /// So many bytes per second.
    BytesPerSecond,
    /// A number of no unit that is named here.
    Number,
}

/// What the values of a chart are over: as many places as each line has values.
#[derive(Debug, Clone, PartialEq)]
pub enum Axis {
    /// Instants since t=0. All charts of a page that have it are zoomed together.
    Time(Vec<Nanos>),
    /// Shares of the samples that are no larger, below one (0.99 for p99), drawn so that every further nine takes as much room
    /// as the one before.
    Percentile(Vec<f64>),
    /// Arrivals per second.
    Rate(Vec<f64>),
    /// How many there are of something, ascending.
    Amount {
        /// What of.
        of: Cow<'static, str>,
        /// The numbers.
        values: Vec<f64>,
    },
}

/// Lines over an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its heading.
    pub title: Cow<'static, str>,
    /// How to read it.
    pub note: Cow<'static, str>,
    /// What the values are over.
    pub axis: Axis,
    /// The unit of the values.
    pub unit: Unit,
    /// Whether the lines add up, each on top of those before.
    pub stacked: bool,
    /// The lines.
    pub lines: Vec<Line>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// As a line.
    #[default]
    Solid,
    /// As a dashed line: what the others are held against.
    Dashed,
    /// As points that have no order.
    Points,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: Cow<'static, str>,
    /// A value for each place of the axis, in the chart's unit; where there is none, the line has a gap.
    pub values: Vec<Option<f64>>,
    /// How it is drawn.
    pub mark: Mark,
}

impl Line {
    /// A solid line.
    pub fn new(name: impl Into<Cow<'static, str>>, values: Vec<Option<f64>>) -> Self {
        Self { name: name.into(), values, mark: Mark::Solid }
    }

    /// The same line, drawn so.
    #[must_use]
    pub fn drawn(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }
}

/// How times are spread, window by window: the stronger the colour, the more.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Its heading.
    pub title: Cow<'static, str>,
    /// How to read it.
    pub note: Cow<'static, str>,
    /// The middle of each window, since t=0.
    pub at: Vec<Nanos>,
    /// The lower end of each band of times; each band reaches to the next, and the last to `highest`.
    pub bands: Vec<Nanos>,
    /// The upper end of the last band.
    pub highest: Nanos,
    /// For each band, how many there were in each window.
    pub counts: Vec<Vec<u64>>,
}

/// Bars that are made of parts, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The heading.
    pub title: Cow<'static, str>,
    /// How to read them.
    pub note: Cow<'static, str>,
    /// The unit of the values.
    pub unit: Unit,
    /// The name of each bar.
    pub names: Vec<Cow<'static, str>>,
    /// The parts: a value for each bar, which add up.
    pub parts: Vec<Line>,
}

/// A stretch of time that is drawn behind every chart over time: a stage of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// What goes on in it.
    pub name: String,
    /// When it begins, since t=0.
    pub from: Nanos,
    /// When it ends.
    pub to: Nanos,
}
