//! One value out of a JSON text, by its pointer (RFC 6901), without making the whole text into values: what is not on the
//! way to it is skipped as it is read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A path into a JSON text, such as `/items/0/id`; the empty one is the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// Reads a pointer as people write it.
    ///
    /// # Errors
    /// Where it is none: what would be one.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { tokens: Vec::new() });
        }
        let tokens = text
            .strip_prefix('/')
            .ok_or_else(|| format!("`{text}` is no JSON pointer: it begins with `/`, such as `/items/0/id`"))?;
        Ok(Self { tokens: tokens.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect() })
    }

    /// A pointer to the value of one key of the outermost object.
    pub fn key(name: &str) -> Self {
        Self { tokens: vec![name.to_owned()] }
    }

    /// The value it points at; `None` where there is none, or the text is not JSON up to there. What follows the value
    /// is not looked at.
    pub fn find(&self, text: &[u8]) -> Option<Value> {
        let mut found = None;
        let seed = Step { tokens: &self.tokens, found: &mut found };
        // Whatever is wrong with the rest, what was found was found.
        drop(seed.deserialize(&mut serde_json::Deserializer::from_slice(text)));
        found
    }
}

/// A value as text: a string without its quotes, nothing for null, everything else as JSON.
pub fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        value => Some(value.to_string()),
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

/// One step on the way. It ends with an error as soon as the value is found: nothing behind it is of interest.
struct Step<'a> {
    tokens: &'a [String],
    found: &'a mut Option<Value>,
}

impl<'de> DeserializeSeed<'de> for Step<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.tokens.is_empty() {
            *self.found = Some(serde::Deserialize::deserialize(deserializer)?);
            return Err(D::Error::custom("found"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key == self.tokens[0] {
                return map.next_value_seed(Step { tokens: &self.tokens[1..], found: self.found });
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some(place) = place(&self.tokens[0]) else { return Err(A::Error::custom("no place of an array")) };
        for _ in 0..place {
            if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        seq.next_element_seed(Step { tokens: &self.tokens[1..], found: self.found }).map(|_| ())
    }
}

/// A place of an array: digits, without a zero in front.
fn place(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(pointer: &str, text: &str) -> Option<Value> {
        Pointer::parse(pointer).expect("a pointer").find(text.as_bytes())
    }

    #[test]
    fn a_pointer_leads_to_its_value() {
        let text = r#"{"token": "a\"b", "items": [{"id": 7}, {"id": 8, "x/y": {"~": null}}], "": 1}"#;
        assert_eq!(find("/token", text), Some(Value::from("a\"b")));
        assert_eq!(find("/items/1/id", text), Some(Value::from(8)));
        assert_eq!(find("/items/1/x~1y/~0", text), Some(Value::Null));
        assert_eq!(find("/", text), Some(Value::from(1)));
        assert_eq!(find("", " [1, 2]"), Some(serde_json::json!([1, 2])));
    }

    #[test]
    fn where_nothing_is_nothing_is_found() {
        for (pointer, text) in [
            ("/a", "{}"),
            ("/a/b", r#"{"a": 5}"#),
            ("/2", "[1, 2]"),
            ("/01", "[1, 2]"),
            ("/x", "[1, 2]"),
            ("/a", "not json"),
            ("/a", r#"{"b": 1, "a": "#),
            ("", ""),
        ] {
            assert_eq!(find(pointer, text), None, "{pointer} in {text}");
        }
    }

    #[test]
    fn what_follows_the_value_does_not_matter() {
        assert_eq!(find("/a", r#"{"a": 1, nonsense"#), Some(Value::from(1)));
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        assert!(Pointer::parse("items/0").is_err());
        assert_eq!(Pointer::parse("/a~1b/0").map(|pointer| pointer.to_string()), Ok("/a~1b/0".to_owned()));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c/~\"]{0,3}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c01/~]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_a_whole_reading_would(value in any_json(), pointer in "(/[a-c01~/]{0,2}){0,3}") {
            // A tilde that begins no escape is no pointer of the standard.
            prop_assume!(!pointer.replace("~0", "").replace("~1", "").contains('~'));
            prop_assert_eq!(find(&pointer, &value.to_string()), value.pointer(&pointer).cloned());
        }

        #[test]
        fn no_text_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            drop(Pointer::key("a").find(&text));
        }
    }
}
