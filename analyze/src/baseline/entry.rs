//! What a baseline file is made of: keys and values with their places, and what their values may be.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::unit;

/// A key and its value, with their places.
pub(super) struct Entry<'a> {
    pub key: &'a str,
    pub at: Range<usize>,
    pub value: &'a DeValue<'a>,
    pub value_at: Range<usize>,
}

/// The entries of a table in the order of the file.
pub(super) fn entries<'a>(table: &'a DeTable<'_>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            at: key.span(),
            value: value.get_ref(),
            value_at: value.span(),
        })
        .collect();
    entries.sort_by_key(|entry| entry.at.start);
    entries
}

impl<'a> Entry<'a> {
    /// Its text.
    pub fn text(&self, expected: &str) -> Result<&'a str, Problem> {
        self.value.as_str().ok_or_else(|| self.wrong(expected))
    }

    /// The entries of the table that it is.
    pub fn table(&self, expected: &str) -> Result<Vec<Entry<'a>>, Problem> {
        self.value.as_table().map(entries).ok_or_else(|| self.wrong(expected))
    }

    /// That its value is of another kind than it should be.
    pub fn wrong(&self, expected: &str) -> Problem {
        let kind = match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number without a unit",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        Problem::new(self.value_at.clone(), format!("`{}` is {kind}; it has to be {expected}", self.key))
    }

    /// The share that it is a percentage of.
    pub fn share(&self) -> Result<f64, Problem> {
        let text = self.text("a percentage in quotes, such as `\"10%\"`")?;
        unit::share(text).map_err(|error| Problem::new(self.value_at.clone(), error.to_string()))
    }

    /// Its whole number.
    pub fn integer(&self, expected: &str) -> Result<u64, Problem> {
        let integer = self.value.as_integer().filter(|integer| integer.radix() == 10);
        integer.and_then(|integer| integer.as_str().parse().ok()).ok_or_else(|| self.wrong(expected))
    }
}

/// The value, or nothing with the mistake noted.
pub(super) fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}
