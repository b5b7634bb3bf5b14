//! Cells of tables: what is shown, and what they are sorted by.

use runlog::units::{Bytes, Nanos};

use crate::render::value;
use crate::section::{Column, Value};

/// Text of more characters may be broken into lines.
const WIDE: usize = 40;
/// Text of more characters is cut after two lines, until somebody clicks on it.
const LONG: usize = 80;

/// Whether a text needs the room of several short ones.
pub fn is_wide(text: &str) -> bool {
    has_more_than(text, WIDE)
}

fn has_more_than(text: &str, characters: usize) -> bool {
    text.chars().nth(characters).is_some()
}

/// A value under its column.
pub struct Cell<'a> {
    column: &'a Column,
    value: &'a Value,
    /// As people read it.
    pub text: String,
}

impl<'a> Cell<'a> {
    /// The cell of a column.
    pub fn new(column: &'a Column, value: &'a Value) -> Self {
        Self { column, value, text: value::shown(value) }
    }

    /// How it looks.
    pub fn class(&self) -> &'static str {
        match self.value {
            Value::Passed(true) => "name good",
            Value::Passed(false) => "name bad",
            _ if self.column.is_number() => "number",
            _ if self.is_long() => "name long",
            _ if is_wide(&self.text) => "name wide",
            _ => "name",
        }
    }

    /// Whether it is cut.
    pub fn is_long(&self) -> bool {
        !self.column.is_number() && has_more_than(&self.text, LONG)
    }

    /// The number that it stands for: figures are sorted by it, whatever their unit. Text stands for none.
    pub fn number(&self) -> Option<f64> {
        match *self.value {
            Value::Absent | Value::Text(_) => None,
            Value::Count(count) => Some(count as f64),
            Value::Number(number) | Value::Share(number) | Value::BetweenShares(number, _) | Value::Change(number) => {
                Some(number)
            }
            Value::Time(Nanos(ns)) | Value::Between(Nanos(ns), _) | Value::Instant(ns) => Some(ns as f64),
            Value::Rate(rate) | Value::BetweenRates(rate, _) => Some(rate.as_per_second()),
            Value::Bytes(Bytes(bytes)) => Some(bytes as f64),
            Value::Passed(passed) => Some(f64::from(u8::from(passed))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::Kind;

    #[test]
    fn what_is_sorted_is_the_figure_and_not_its_text() {
        let column = Column::new("took", Kind::Number);
        let number = |value: Value| Cell::new(&column, &value).number();
        assert!(number(Nanos::from_millis(999).into()) < number(Nanos::from_secs(2).into()), "999 ms < 2.00 s");
        assert!(number(Bytes(900).into()) < number(Bytes(1 << 20).into()), "900 B < 1 MiB");
        assert_eq!(number(Value::Absent), None);
    }

    #[test]
    fn only_a_long_text_is_cut() {
        let (name, took) = (Column::new("request", Kind::Name), Column::new("took", Kind::Number));
        let class = |column: &Column, length: usize| Cell::new(column, &Value::from("x".repeat(length))).class();
        assert_eq!(
            [40, 41, 80, 81].map(|length| class(&name, length)),
            ["name", "name wide", "name wide", "name long"]
        );
        assert_eq!(class(&took, 81), "number");
    }
}
