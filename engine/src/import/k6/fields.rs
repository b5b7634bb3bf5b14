//! The entries of an object of k6: each is asked for once, and those that nobody asks for are noted.

use std::collections::HashSet;

use runlog::units::Nanos;

use super::super::javascript::{Literal, Node};
use super::super::{Draft, Table, Value, duration};
use crate::scenario::limits;

/// An object on its way into a scenario.
pub(super) struct Fields<'a> {
    /// What it is, for messages.
    place: String,
    entries: &'a [(String, Node)],
    asked: HashSet<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(place: impl Into<String>, entries: &'a [(String, Node)]) -> Self {
        Self { place: place.into(), entries, asked: HashSet::new() }
    }

    /// A value that is there and not `null`.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.insert(key);
        let (_, node) = self.entries.iter().find(|(known, _)| known == key)?;
        (node.value != Literal::Null).then_some(node)
    }

    pub(super) fn text(&mut self, key: &'static str, draft: &mut Draft) -> Option<&'a str> {
        let node = self.get(key)?;
        node.text().or_else(|| self.wrong(key, node, "a string", draft))
    }

    /// `true` or `false`; false where it is not there.
    pub(super) fn is_set(&mut self, key: &'static str, draft: &mut Draft) -> bool {
        let Some(node) = self.get(key) else { return false };
        match node.value {
            Literal::Boolean(boolean) => boolean,
            _ => self.wrong(key, node, "`true` or `false`", draft).unwrap_or(false),
        }
    }

    /// A whole number in a range.
    pub(super) fn count(&mut self, key: &'static str, least: u32, draft: &mut Draft) -> Option<u32> {
        let node = self.get(key)?;
        let most = limits::MOST_CONNECTIONS;
        let whole = node.number().filter(|number| number.fract() == 0.0);
        let count = whole.filter(|number| (f64::from(least)..=f64::from(most)).contains(number));
        count
            .map(|number| number as u32)
            .or_else(|| self.wrong(key, node, &format!("a whole number from {least} to {most}"), draft))
    }

    pub(super) fn number(&mut self, key: &'static str, draft: &mut Draft) -> Option<f64> {
        let node = self.get(key)?;
        let number = node.number().filter(|number| (0.0..=1e12).contains(number));
        number.or_else(|| self.wrong(key, node, "a number that is not negative", draft))
    }

    /// A time, as a scenario writes it.
    pub(super) fn span(&mut self, key: &'static str, draft: &mut Draft) -> Option<String> {
        let node = self.get(key)?;
        span(node).map(|(_, text)| text).or_else(|| self.wrong(key, node, "a duration such as '30s'", draft))
    }

    /// A time above zero.
    pub(super) fn positive_span(&mut self, key: &'static str, draft: &mut Draft) -> Option<String> {
        let node = self.get(key)?;
        let positive = span(node).filter(|(span, _)| *span > Nanos::ZERO);
        positive.map(|(_, text)| text).or_else(|| self.wrong(key, node, "a duration above zero", draft))
    }

    /// An object whose values are written as texts; those that `check` refuses are noted.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        check: fn(&str, &str) -> Result<(), String>,
        draft: &mut Draft,
    ) -> Table {
        let Some(node) = self.get(key) else { return Table::new() };
        let Some(entries) = node.object() else {
            let _: Option<()> = self.wrong(key, node, "an object", draft);
            return Table::new();
        };
        let mut table = Table::new();
        for (name, node) in entries {
            let value = match node.value {
                Literal::Number(_) | Literal::Boolean(_) => Some(node.shown()),
                _ => node.text().map(str::to_owned),
            };
            let checked = value.ok_or_else(|| "its value is no literal".to_owned()).and_then(|value| {
                check(name, &value)?;
                Ok(value)
            });
            match checked {
                Ok(value) => table.push((name.clone(), Value::literal(&value))),
                Err(reason) => draft.note(node.line, format!("`{key}.{name}` of {} is left out: {reason}", self.place)),
            }
        }
        table
    }

    /// Notes that a value cannot be used.
    fn wrong<T>(&self, key: &str, node: &Node, expected: &str, draft: &mut Draft) -> Option<T> {
        draft.note(node.line, format!("`{key}: {}` of {} is left out: it is not {expected}", node.shown(), self.place));
        None
    }

    /// Notes the entries that nobody asked for.
    pub(super) fn note_others(self, draft: &mut Draft) {
        for (key, node) in self.entries.iter().filter(|(key, _)| !self.asked.contains(key.as_str())) {
            draft.note(node.line, format!("`{key}: {}` of {} is not carried over", node.shown(), self.place));
        }
    }
}

/// A time of k6: a text with units, or a number of milliseconds. With it as a scenario writes it.
pub(super) fn span(node: &Node) -> Option<(Nanos, String)> {
    let text = match node.number() {
        Some(milliseconds) if (0.0..=1e13).contains(&milliseconds) => duration(milliseconds / 1e3),
        _ => node.text()?.trim().to_owned(),
    };
    let span: Nanos = text.parse().ok()?;
    (span <= limits::LONGEST_TIME).then_some((span, text))
}
