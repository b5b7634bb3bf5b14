//! Comparisons as people write them behind a subject: `exists`, `== "x"`, `>= 5`, `contains "x"`, `matches "re"`.

use std::fmt;

use regex::bytes::Regex;
use runlog::sign::Sign;
use serde_json::Value;

use super::source::compiled;

/// What is asked of a value.
#[derive(Debug, Clone)]
pub enum Comparison {
    /// That it is there.
    Exists,
    /// That it compares so with a literal.
    With(Sign, Value),
    /// That a text is part of it.
    Contains(String),
    /// That a pattern is found in it.
    Matches(Regex),
    /// That it has so many parts or characters.
    Length(Sign, Value),
}

impl Comparison {
    /// Reads what stands behind a subject.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "exists" {
            return Ok(Self::Exists);
        }
        if let Some(rest) = word(text, "contains") {
            return quoted(rest).map(Self::Contains);
        }
        if let Some(rest) = word(text, "matches") {
            return quoted(rest).and_then(|pattern| compiled(&pattern)).map(Self::Matches);
        }
        if let Some(rest) = word(text, "length") {
            let (sign, number) = Sign::split(rest).ok_or_else(|| expected(text))?;
            return match literal(number)? {
                number @ Value::Number(_) => Ok(Self::Length(sign, number)),
                _ => Err(format!("`{number}` is no number: write such as `length >= 1`")),
            };
        }
        let (sign, value) = Sign::split(text).ok_or_else(|| expected(text))?;
        let value = literal(value)?;
        let has_order = matches!(value, Value::Number(_) | Value::String(_));
        if has_order || matches!(sign, Sign::Equal | Sign::Different) {
            Ok(Self::With(sign, value))
        } else {
            Err(format!("`{value}` is neither more nor less than anything: compare it with `==` or `!=`"))
        }
    }

    /// Whether it holds of a value of JSON; `None` is one that is not there.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists, value) => value.is_some(),
            (Self::With(Sign::Different, wanted), None) => !wanted.is_null(),
            (_, None) => false,
            (Self::With(sign, wanted), Some(value)) => compare(*sign, value, wanted),
            (Self::Contains(part), Some(Value::Array(items))) => items.iter().any(|item| item.as_str() == Some(part)),
            (Self::Contains(part), Some(value)) => text_of(value).contains(part.as_str()),
            (Self::Matches(regex), Some(value)) => regex.is_match(text_of(value).as_bytes()),
            (Self::Length(sign, wanted), Some(value)) => {
                let length = match value {
                    Value::Array(items) => items.len(),
                    Value::Object(entries) => entries.len(),
                    Value::String(text) => text.chars().count(),
                    _ => return false,
                };
                wanted.as_f64().is_some_and(|wanted| sign.holds(&(length as f64), &wanted))
            }
        }
    }

    /// Whether it holds of a text, which may be a number.
    pub fn holds_of_text(&self, text: Option<&[u8]>) -> bool {
        match (self, text) {
            (Self::Exists, text) => text.is_some(),
            (Self::With(Sign::Different, _), None) => true,
            (_, None) | (Self::Length(..), Some(_)) => false,
            (Self::Contains(part), Some(text)) => memchr::memmem::find(text, part.as_bytes()).is_some(),
            (Self::Matches(regex), Some(text)) => regex.is_match(text),
            (Self::With(sign, wanted @ Value::Number(_)), Some(text)) => {
                let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse::<f64>().ok());
                match number.zip(wanted.as_f64()) {
                    Some((number, wanted)) => sign.holds(&number, &wanted),
                    None => *sign == Sign::Different,
                }
            }
            (Self::With(sign, wanted), Some(text)) => {
                compare(*sign, &Value::from(String::from_utf8_lossy(text).into_owned()), &Value::from(text_of(wanted)))
            }
        }
    }
}

fn compare(sign: Sign, value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        // Whole numbers exactly: ids are longer than what a float can tell apart.
        (Value::Number(value), Value::Number(wanted))
            if matches!(sign, Sign::Equal | Sign::Different) && !value.is_f64() && !wanted.is_f64() =>
        {
            (value == wanted) == (sign == Sign::Equal)
        }
        (Value::Number(value), Value::Number(wanted)) => {
            value.as_f64().zip(wanted.as_f64()).is_some_and(|(value, wanted)| sign.holds(&value, &wanted))
        }
        (Value::String(value), Value::String(wanted)) => sign.holds(value, wanted),
        (value, wanted) => match sign {
            Sign::Equal => value == wanted,
            Sign::Different => value != wanted,
            _ => false,
        },
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What follows a word.
pub(super) fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.trim_start().strip_prefix(word).filter(|rest| !rest.starts_with(|c: char| c.is_alphanumeric())).map(str::trim)
}

fn quoted(text: &str) -> Result<String, String> {
    match literal(text)? {
        Value::String(text) => Ok(text),
        _ => Err(format!("`{text}` is no text: write it in quotes, such as `contains \"ok\"`")),
    }
}

/// A literal: `"text"`, `'text'`, a number, `true`, `false` or `null`.
pub(super) fn literal(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Ok(Value::from(inside));
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(_) | Value::Object(_)) | Err(_) => {
            // A pattern's backslashes need no second one before them.
            match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(inside) if !inside.contains('"') => Ok(Value::from(inside)),
                _ => Err(format!("`{text}` is no value: write a text in quotes, a number, true, false or null")),
            }
        }
        Ok(value) => Ok(value),
    }
}

fn expected(text: &str) -> String {
    format!("`{text}` compares nothing: write `exists`, `== \"x\"`, `>= 5`, `contains \"x\"` or `matches \"re\"`")
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("exists"),
            Self::With(sign, value) => write!(f, "{sign} {value}"),
            Self::Contains(part) => write!(f, "contains {}", Value::from(part.as_str())),
            Self::Matches(regex) => write!(f, "matches {}", Value::from(regex.as_str())),
            Self::Length(sign, value) => write!(f, "length {sign} {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn holds(comparison: &str, value: impl Into<Option<Value>>) -> bool {
        Comparison::parse(comparison).expect(comparison).holds(value.into().as_ref())
    }

    #[test]
    fn values_of_json_are_compared_by_what_they_are() {
        assert!(holds("== 5", Some(json!(5.0))) && holds("== \"5\"", Some(json!("5"))));
        assert!(!holds("== 5", Some(json!("5"))) && !holds("> 5", Some(json!("6"))));
        assert!(!holds("== 9007199254740993", Some(json!(9_007_199_254_740_992_u64))));
        assert!(holds("!= 5", Some(json!("5"))) && holds("!= 5", None));
        assert!(holds("== null", Some(Value::Null)) && holds("== true", Some(json!(true))));
        assert!(holds(">= \"b\"", Some(json!("ba"))) && holds("<= -1.5", Some(json!(-2))));
        assert!(holds("exists", Some(Value::Null)) && !holds("exists", None));
        assert!(holds("contains \"b\"", Some(json!("abc"))) && holds("contains 'b'", Some(json!(["a", "b"]))));
        assert!(holds("matches \"^a\\d+$\"", Some(json!("a12"))));
        assert!(holds("length >= 2", Some(json!([1, 2]))) && holds("length == 1", Some(json!("ä"))));
    }

    #[test]
    fn a_text_that_is_a_number_compares_as_one_with_numbers() {
        let holds = |comparison: &str, text| Comparison::parse(comparison).expect(comparison).holds_of_text(text);
        assert!(holds("> 9", Some(b"10")) && holds("== \"10\"", Some(b"10")) && holds("!= 5", Some(b"x")));
        assert!(!holds("> 9", Some(b"x")) && !holds("== 1", None) && holds("contains \"bc\"", Some(b"abcd")));
    }

    #[test]
    fn what_compares_nothing_is_refused() {
        for text in ["", "is 5", "==", "== x", "> true", "contains 5", "matches \"(\"", "length = 1", "length >= \"a\""]
        {
            assert!(Comparison::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_alike(text in "(exists|== |< |contains |matches |length > )\\PC{0,12}") {
            if let Ok(comparison) = Comparison::parse(&text) {
                let again = Comparison::parse(&comparison.to_string()).expect("our own");
                prop_assert_eq!(comparison.to_string(), again.to_string());
            }
        }
    }
}
