//! The file as a tree that knows where everything stands, with the variables of its strings in place.

use std::str::FromStr;

use runlog::units::{Thousands, UnitError};
use serde_json::Value as Json;
use toml::de::{DeInteger, DeTable, DeValue};

use super::error::{Problem, Problems, Span};
use super::interpolate::{Text, Variables, interpolate};
use super::keys::Key;
use super::suggest;

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug)]
pub(super) enum Value {
    /// `from_variable`: whether the string had a variable in it, which can be the only way to write a number there.
    String {
        text: Text,
        from_variable: bool,
    },
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

/// A table in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) span: Span,
    pub(super) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

/// Reads TOML and puts the variables of its strings in place, noting those that have no value. Spans count from `base`,
/// where the text begins among all that are read.
pub(super) fn parse(
    text: &str,
    base: usize,
    variables: &Variables<'_>,
    problems: &mut Problems,
) -> Result<Table, Problem> {
    let table = DeTable::parse(text).map_err(|error| {
        let span = Span::from(error.span().unwrap_or_default()).behind(base);
        Problem::new(span, format!("this is not TOML: {}", error.message())).expected("the reader stopped here")
    })?;
    let span = Span::from(table.span()).behind(base);
    Ok(Reading { text, base, variables, problems }.table(span, table.into_inner()))
}

struct Reading<'a> {
    text: &'a str,
    base: usize,
    variables: &'a Variables<'a>,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::from(range).behind(self.base)
    }

    fn table(&mut self, span: Span, table: DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| Entry {
                key_span: self.span(key.span()),
                key: key.into_inner().into_owned(),
                node: self.node(self.span(value.span()), value.into_inner()),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Table { span, entries }
    }

    fn node(&mut self, span: Span, value: DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(string) => self.string(span, &string),
            DeValue::Integer(integer) => Value::Integer(self.integer(span, &integer)),
            DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
            DeValue::Array(array) => Value::Array(
                array.into_iter().map(|value| self.node(self.span(value.span()), value.into_inner())).collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(span, table)),
        };
        Node { span, value }
    }

    fn integer(&mut self, span: Span, integer: &DeInteger<'_>) -> i64 {
        i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or_else(|_| {
            self.problems.add(Problem::new(span, "this number is too large").expected("beyond 64 bits"));
            0
        })
    }

    fn string(&mut self, span: Span, string: &str) -> Value {
        let from_variable = string.contains("${");
        let text = interpolate(string, self.variables).and_then(|mut text| {
            text.find_placeholders(|piece| self.place_of(piece, span))?;
            Ok(text)
        });
        let text = text.unwrap_or_else(|wrong| {
            let place = self.place_of(&wrong.piece, span);
            let problem = Problem::new(place, wrong.message).expected("in this string").help(wrong.help);
            self.problems.add_last(span, problem);
            Text::plain(string)
        });
        Value::String { text, from_variable }
    }

    /// Where in the file a piece of a string stands; the whole string where an escape hides it.
    fn place_of(&self, piece: &str, string: Span) -> Span {
        let source = self.text.get(string.start - self.base..string.end - self.base);
        source.and_then(|source| source.find(piece)).map_or(string, |offset| {
            let start = string.start + offset;
            Span { start, end: start + piece.len() }
        })
    }
}

impl Node {
    /// What it is, in words, for a message about its type.
    fn kind(&self) -> &'static str {
        match self.value {
            Value::String { .. } => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// A problem with this value.
    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.span, message)
    }

    /// The problem that this value is of another type than `expected`.
    pub(super) fn not(&self, expected: &str) -> Problem {
        self.problem(format!("expected {expected}, found {}", self.kind())).expected(format!("this is {}", self.kind()))
    }

    pub(super) fn text(&self, expected: &str) -> Result<&Text, Problem> {
        match &self.value {
            Value::String { text, .. } => Ok(text),
            _ => Err(self.not(expected)),
        }
    }

    /// A text that is known before the load: without placeholders.
    pub(super) fn str(&self, expected: &str) -> Result<&str, Problem> {
        let text = self.text(expected)?;
        match text.placeholders.first() {
            None => Ok(&text.real),
            Some(mark) => {
                Err(Problem::new(mark.span, "a placeholder cannot stand here: this is known before the load")
                    .expected("a placeholder")
                    .help("`${NAME}` takes a value from `--var` or the environment"))
            }
        }
    }

    /// `true` or `false`. A string will do where a variable stands in it.
    pub(super) fn boolean(&self) -> Result<bool, Problem> {
        let value = match &self.value {
            Value::Boolean(value) => Some(*value),
            Value::String { text, from_variable: true } => text.real.trim().parse().ok(),
            _ => None,
        };
        value.ok_or_else(|| self.not("`true` or `false`"))
    }

    pub(super) fn array(&self, expected: &str) -> Result<&[Self], Problem> {
        match &self.value {
            Value::Array(array) => Ok(array),
            _ => Err(self.not(expected)),
        }
    }

    pub(super) fn table(&self, expected: &str) -> Result<&Table, Problem> {
        match &self.value {
            Value::Table(table) => Ok(table),
            _ => Err(self.not(expected)),
        }
    }

    /// A quantity with its unit, written as a string; `unit` is one that a bare number could have meant.
    pub(super) fn quantity<T: FromStr<Err = UnitError>>(&self, expected: &str, unit: &str) -> Result<T, Problem> {
        let bare = match self.value {
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            _ => None,
        };
        if let Some(number) = bare {
            return Err(self
                .problem(format!("`{number}` has no unit"))
                .expected(format!("expected {expected}"))
                .help(format!("write it as a string with its unit, such as `\"{number}{unit}\"`")));
        }
        let text = self.str(expected)?;
        text.parse()
            .map_err(|error: UnitError| self.problem(error.to_string()).expected(format!("expected {expected}")))
    }

    /// A whole number in a range. A string will do where a variable stands in it.
    pub(super) fn count(&self, least: u32, most: u32) -> Result<u32, Problem> {
        let expected = format!("a whole number from {least} to {}", Thousands(most.into()));
        let number = match &self.value {
            Value::Integer(number) => Some(*number),
            Value::String { text, from_variable: true } => text.real.trim().parse::<i64>().ok(),
            _ => return Err(self.not(&expected)),
        };
        number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.problem(format!("expected {expected}")).expected("out of range"))
    }

    /// A finite number that is not negative. A string will do where a variable stands in it.
    pub(super) fn weight(&self) -> Result<f64, Problem> {
        let expected = "a number that is not negative";
        let number = match &self.value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::String { text, from_variable: true } => text.real.trim().parse().ok(),
            _ => return Err(self.not(expected)),
        };
        number
            .filter(|number: &f64| (0.0..=1e12).contains(number))
            .ok_or_else(|| self.problem(format!("expected {expected}")).expected("out of range"))
    }

    /// As JSON; the strings either as they are used or as people may see them.
    pub(super) fn json(&self, shown: bool) -> Result<Json, Problem> {
        Ok(match &self.value {
            Value::String { text, .. } => Json::from(if shown { text.shown.as_str() } else { text.real.as_str() }),
            Value::Integer(integer) => Json::from(*integer),
            Value::Float(float) => serde_json::Number::from_f64(*float)
                .map(Json::Number)
                .ok_or_else(|| self.problem("JSON has no infinity and no NaN").expected("not a number of JSON"))?,
            Value::Boolean(boolean) => Json::from(*boolean),
            Value::Datetime(datetime) => Json::from(datetime.as_str()),
            Value::Array(array) => array.iter().map(|node| node.json(shown)).collect::<Result<_, _>>()?,
            Value::Table(table) => table.json(shown)?,
        })
    }
}

impl Table {
    /// As JSON, in the order of the file.
    pub(super) fn json(&self, shown: bool) -> Result<Json, Problem> {
        let entry = |entry: &Entry| Ok((entry.key.clone(), entry.node.json(shown)?));
        self.entries.iter().map(entry).collect::<Result<serde_json::Map<_, _>, _>>().map(Json::Object)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The entries of a table within this one; none where it is missing or something else, which is noted elsewhere.
    pub(super) fn section(&self, key: &str) -> &[Entry] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::Table(table)) => &table.entries,
            _ => &[],
        }
    }

    /// The value of a key, read by `read`, where the key is there.
    pub(super) fn read<'a, T>(
        &'a self,
        key: &str,
        read: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.get(key).map(read).transpose()
    }

    /// The value of a key that has to be there.
    pub(super) fn require<'a, T>(
        &'a self,
        place: &str,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.read(key, read)?.ok_or_else(|| {
            Problem::new(self.span, format!("{place} has no `{key}`"))
                .expected(format!("`{key}` is missing"))
                .help(format!("add `{key}`, {expected}"))
        })
    }

    /// Notes the keys that nothing here knows. A key may be listed several times.
    pub(super) fn know<'a>(&self, place: &str, keys: impl IntoIterator<Item = &'a Key>, problems: &mut Problems) {
        let mut names: Vec<&str> = Vec::new();
        for key in keys {
            if !names.contains(&key.name) {
                names.push(key.name);
            }
        }
        self.know_names(place, &names, problems);
    }

    fn know_names(&self, place: &str, keys: &[&str], problems: &mut Problems) {
        for entry in self.entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            let known = format!("known here: {}", keys.join(", "));
            let help = match suggest::nearest(&entry.key, keys.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`? {known}"),
                None => known,
            };
            problems.add(
                Problem::new(entry.key_span, format!("unknown key `{}` in {place}", entry.key))
                    .expected("not a key of this table")
                    .help(help),
            );
        }
    }
}
