//! The answer to a query: columns of cells, and what they are as a table of a section.

use polars::prelude::{AnyValue, DataFrame, DataType, PlSmallStr};

use crate::measure::Measure;
use crate::section::{Column, Kind, Row, Table, Value};

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct Answer {
    frame: DataFrame,
}

/// A value as the query made it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is none.
    Absent,
    /// A whole number.
    Whole(i64),
    /// A number that may have a fraction.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Text, or what has no form of its own.
    Text(String),
}

impl Answer {
    pub(super) const fn new(frame: DataFrame) -> Self {
        Self { frame }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// The names of its columns, in their order.
    pub fn columns(&self) -> Vec<&str> {
        self.frame.get_column_names().into_iter().map(PlSmallStr::as_str).collect()
    }

    /// The cells of a row, one for each column; none behind the last row.
    pub fn row(&self, place: usize) -> Vec<Cell> {
        self.frame.columns().iter().filter_map(|column| column.get(place).ok()).map(|value| cell(&value)).collect()
    }

    /// As a table of at most so many rows. The ends of the columns' names tell the units of their figures.
    pub fn table(&self, most_rows: usize) -> Table {
        let columns = self.frame.columns().iter().map(|column| {
            let is_name = !column.dtype().is_numeric();
            Column::new(column.name().to_string(), if is_name { Kind::Name } else { Kind::Number })
        });
        let measures: Vec<Measure> = self.columns().into_iter().map(Measure::of_name).collect();
        let shown = |(cell, measure): (Cell, &Measure)| shown(cell, *measure);
        let row =
            |place| Row { cells: self.row(place).into_iter().zip(&measures).map(shown).collect(), is_total: false };
        Table { columns: columns.collect(), rows: (0..self.rows().min(most_rows)).map(row).collect() }
    }

    /// The figures of a column; `None` where there is no such column, or it has none.
    pub(super) fn figures(&self, column: &str) -> Option<Vec<Option<f64>>> {
        let column = self.frame.column(column).ok().filter(|column| column.dtype().is_numeric())?;
        let figures = column.cast(&DataType::Float64).ok()?;
        Some(figures.f64().ok()?.iter().map(|figure| figure.filter(|figure| figure.is_finite())).collect())
    }
}

fn cell(value: &AnyValue<'_>) -> Cell {
    match value {
        AnyValue::Null => Cell::Absent,
        AnyValue::Boolean(flag) => Cell::Flag(*flag),
        AnyValue::String(text) => Cell::Text((*text).to_owned()),
        AnyValue::StringOwned(text) => Cell::Text(text.to_string()),
        AnyValue::Float32(number) => Cell::Number(f64::from(*number)),
        AnyValue::Float64(number) => Cell::Number(*number),
        other if other.is_integer() => {
            other.extract::<i64>().map_or_else(|| Cell::Text(other.to_string()), Cell::Whole)
        }
        other => match other.extract::<f64>() {
            Some(number) => Cell::Number(number),
            None => Cell::Text(other.to_string()),
        },
    }
}

fn shown(cell: Cell, measure: Measure) -> Value {
    match cell {
        Cell::Absent => Value::Absent,
        Cell::Flag(flag) => Value::from(if flag { "yes" } else { "no" }),
        Cell::Text(text) => Value::from(text),
        Cell::Number(number) => measure.value(number),
        Cell::Whole(number) => match (measure, u64::try_from(number)) {
            (Measure::Plain, Ok(count)) => Value::Count(count),
            _ => measure.value(number as f64),
        },
    }
}
