//! Values as a scenario file writes them: what would mean something there stands for itself.

use serde_json::Value as Json;

/// The deepest nesting of a value that is written as TOML.
const DEEPEST: usize = 24;

/// A text in the language of scenario files: `$$` is a dollar sign, `${NAME:-}` a variable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written(String);

impl Written {
    /// A text that stands for itself.
    pub fn literal(text: &str) -> Self {
        Self(text.replace('$', "$$").replace("{{", "{{ \"{{\" }}"))
    }

    /// `${NAME:-default}`: a variable of the command line or the environment. A default with a `}` would end early and
    /// is left out.
    pub fn variable(name: &str, default: &str) -> Self {
        let default = if default.contains('}') { "" } else { default };
        Self(format!("${{{name}:-{default}}}"))
    }

    /// This text with another behind it.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// As it stands in the file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With every occurrence of a mark, which stands for itself, replaced.
    #[must_use]
    pub fn with(&self, mark: &str, replacement: &Self) -> Self {
        Self(self.0.replace(mark, &replacement.0))
    }
}

/// A value of a scenario file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(Written),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// An array.
    Array(Vec<Self>),
    /// A table in the order in which it is written.
    Table(Table),
}

/// Keys with their values.
pub type Table = Vec<(String, Value)>;

impl Value {
    /// A string that stands for itself.
    pub fn literal(text: &str) -> Self {
        Self::Text(Written::literal(text))
    }

    /// A number, whole where it can be.
    pub fn number(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() < 9e15 { Self::Integer(number as i64) } else { Self::Float(number) }
    }

    /// JSON as TOML; `None` where TOML has no way to write it: `null`, numbers beyond 64 bits, keys that would mean
    /// something in a scenario, and what is nested too deep.
    pub fn from_json(json: &Json) -> Option<Self> {
        Self::from_json_at(json, 0)
    }

    fn from_json_at(json: &Json, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        Some(match json {
            Json::Null => return None,
            Json::Bool(boolean) => Self::Boolean(*boolean),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Self::Integer(integer),
                None if number.is_u64() => return None,
                None => Self::Float(number.as_f64().filter(|float| float.is_finite())?),
            },
            Json::String(text) => Self::literal(text),
            Json::Array(values) => {
                Self::Array(values.iter().map(|value| Self::from_json_at(value, depth + 1)).collect::<Option<_>>()?)
            }
            Json::Object(object) => {
                let entry = |(key, value): (&String, &Json)| {
                    let value = Self::from_json_at(value, depth + 1)?;
                    (!key.starts_with('$')).then(|| (key.clone(), value))
                };
                Self::Table(object.iter().map(entry).collect::<Option<_>>()?)
            }
        })
    }

    /// With every occurrence of a mark in its strings replaced.
    pub fn replace(&mut self, mark: &str, replacement: &Written) {
        match self {
            Self::Text(text) => *text = text.with(mark, replacement),
            Self::Array(values) => values.iter_mut().for_each(|value| value.replace(mark, replacement)),
            Self::Table(table) => table.iter_mut().for_each(|(_, value)| value.replace(mark, replacement)),
            Self::Integer(_) | Self::Float(_) | Self::Boolean(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_mean_something_stands_for_itself() {
        assert_eq!(Written::literal("$5 ${A} {{ b }}").as_str(), "$$5 $${A} {{ \"{{\" }} b }}");
        assert_eq!(Written::variable("TOKEN", "").as_str(), "${TOKEN:-}");
        assert_eq!(Written::variable("TOKEN", "a}b").as_str(), "${TOKEN:-}");
    }

    #[test]
    fn json_without_null_can_be_written_as_toml() {
        let of = |text: &str| Value::from_json(&serde_json::from_str(text).expect("JSON"));
        assert_eq!(of("[1, 2.5, true]").map(|value| format!("{value:?}")).expect("a value"), {
            "Array([Integer(1), Float(2.5), Boolean(true)])"
        });
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        for text in ["null", "[null]", "18446744073709551615", r#"{"$repeat": 3}"#, &deep] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
