//! What analyses hand to renderers: findings, facts, tables and charts, of numbers that keep their unit.
//!
//! Nothing here is formatted. Any text may come from outside (a request's name): renderers escape all of it.

use std::borrow::Cow;

use runlog::units::{Bytes, Nanos, Rate};

/// One subject, under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: Cow<'static, str>,
    /// What there is to it, in reading order.
    pub parts: Vec<Part>,
}

impl Section {
    /// A section of these parts.
    pub fn new(title: impl Into<Cow<'static, str>>, parts: Vec<Part>) -> Self {
        Self { title: title.into(), parts }
    }
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// The one sentence to read if only one is read.
    Headline(Finding),
    /// Sentences.
    Findings(Vec<Finding>),
    /// Names with their values.
    Facts(Vec<Fact>),
    /// Rows and columns.
    Table(Table),
    /// Lines over time.
    Chart(Chart),
}

/// A value in its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// There is none.
    Absent,
    /// Text, ours or from outside.
    Text(Cow<'static, str>),
    /// So many.
    Count(u64),
    /// A number of no unit that is named here.
    Number(f64),
    /// A span of time.
    Time(Nanos),
    /// Somewhere between two spans of time.
    Between(Nanos, Nanos),
    /// So many per second.
    Rate(Rate),
    /// A part of one; without a whole there is no share.
    Share(f64),
    /// So many bytes.
    Bytes(Bytes),
    /// An instant: nanoseconds since the Unix epoch.
    Instant(u64),
    /// Whether something held.
    Passed(bool),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Nanos> for Value {
    fn from(span: Nanos) -> Self {
        Self::Time(span)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Option<Self>> for Value {
    fn from(value: Option<Self>) -> Self {
        value.unwrap_or(Self::Absent)
    }
}

impl Value {
    /// So many per second; absent where that is no number.
    pub fn per_second(rate: f64) -> Self {
        Rate::per_second(rate).map_or(Self::Absent, Self::Rate)
    }

    /// A part of a whole; absent where there is no whole.
    pub fn share(part: u64, whole: u64) -> Self {
        if whole == 0 { Self::Absent } else { Self::Share(part as f64 / whole as f64) }
    }
}

/// How good or bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Worth looking into.
    Warning,
    /// Not as it should be.
    Bad,
}

/// A sentence: words and values, put together without anything between.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How good or bad that is.
    pub level: Level,
    /// The words and values.
    pub sentence: Vec<Value>,
}

impl Finding {
    /// A sentence that begins so.
    pub fn new(level: Level, value: impl Into<Value>) -> Self {
        Self { level, sentence: vec![value.into()] }
    }

    /// Goes on with this.
    #[must_use]
    pub fn and(mut self, value: impl Into<Value>) -> Self {
        self.sentence.push(value.into());
        self
    }

    /// Goes on with a number.
    #[must_use]
    pub fn count(self, count: u64) -> Self {
        self.and(Value::Count(count))
    }
}

/// A name with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is.
    pub name: Cow<'static, str>,
    /// The value: words and values, as in a sentence.
    pub value: Vec<Value>,
}

impl Fact {
    /// A fact of one value.
    pub fn new(name: &'static str, value: impl Into<Value>) -> Self {
        Self { name: Cow::Borrowed(name), value: vec![value.into()] }
    }

    /// Goes on with this.
    #[must_use]
    pub fn and(mut self, value: impl Into<Value>) -> Self {
        self.value.push(value.into());
        self
    }
}

/// What a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, which may be long.
    Name,
    /// Numbers, to be compared from row to row.
    Number,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub title: Cow<'static, str>,
    /// What it has.
    pub kind: Kind,
}

impl Column {
    /// A column.
    pub fn new(title: impl Into<Cow<'static, str>>, kind: Kind) -> Self {
        Self { title: title.into(), kind }
    }

    /// Whether its values are to be compared from row to row.
    pub fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// A value for each column.
    pub cells: Vec<Value>,
    /// Whether it sums up those before.
    pub is_total: bool,
}

/// Rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Table {
    /// A table without rows: first the columns of names, then those of numbers.
    pub fn new(names: &[&'static str], numbers: &[&'static str]) -> Self {
        let names = names.iter().map(|&title| Column::new(title, Kind::Name));
        let numbers = numbers.iter().map(|&title| Column::new(title, Kind::Number));
        Self { columns: names.chain(numbers).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, cells: Vec<Value>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(Row { cells, is_total: false });
    }

    /// Adds a row that sums up those before.
    pub fn push_total(&mut self, cells: Vec<Value>) {
        self.push(cells);
        if let Some(row) = self.rows.last_mut() {
            row.is_total = true;
        }
    }
}

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
}

/// Lines over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its heading.
    pub title: Cow<'static, str>,
    /// How to read it.
    pub note: Cow<'static, str>,
    /// The unit of the values.
    pub unit: Unit,
    /// Whether the lines add up, each on top of those before.
    pub stacked: bool,
    /// When each value was, since t=0.
    pub at: Vec<Nanos>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: Cow<'static, str>,
    /// A value for each instant, in the chart's unit; where there is none, the line has a gap.
    pub values: Vec<Option<f64>>,
}

impl Line {
    /// A line.
    pub fn new(name: impl Into<Cow<'static, str>>, values: Vec<Option<f64>>) -> Self {
        Self { name: name.into(), values }
    }
}
