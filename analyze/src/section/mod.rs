//! What analyses hand to renderers: findings, facts, tables and charts, of numbers that keep their unit.
//!
//! Nothing here is formatted. Any text may come from outside (a request's name): renderers escape all of it.

mod chart;
mod table;
mod value;

use std::borrow::Cow;

pub use self::chart::{Axis, Band, Bars, Chart, HeatMap, Line, Mark, Unit};
pub use self::table::{Column, Kind, Row, Table};
pub use self::value::Value;

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
    /// Lines over time, over percentiles or over rates.
    Chart(Chart),
    /// How values are spread, over time.
    HeatMap(HeatMap),
    /// What values are made of, a bar each.
    Bars(Bars),
    /// A command to copy into a shell.
    Command(String),
}

/// How good or bad something is; the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
