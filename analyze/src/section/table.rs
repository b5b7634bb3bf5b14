//! Rows and columns.

use std::borrow::Cow;

use super::Value;

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

    /// The same without the columns in which no row has anything.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Self {
        let is_filled = |place: usize| self.rows.iter().any(|row| row.cells[place] != Value::Absent);
        let filled: Vec<bool> = (0..self.columns.len()).map(is_filled).collect();
        let mut wanted = filled.iter();
        self.columns.retain(|_| *wanted.next().unwrap_or(&true));
        for row in &mut self.rows {
            let mut wanted = filled.iter();
            row.cells.retain(|_| *wanted.next().unwrap_or(&true));
        }
        self
    }

    /// Adds a row that sums up those before.
    pub fn push_total(&mut self, cells: Vec<Value>) {
        self.push(cells);
        if let Some(row) = self.rows.last_mut() {
            row.is_total = true;
        }
    }
}
