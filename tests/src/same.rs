//! Figures of two sources held against each other.

use serde_json::{Map, Value};

/// What a summary says beside the figures that are recomputed with them: intervals have a recomputation of their own.
const APART: [&str; 2] = ["ci95", "samples"];

/// Asserts that both have the same figures: whole numbers to the last digit; others but for the last digit, which depends on
/// the order in which they were rounded.
///
/// # Panics
/// Where they differ, with the place.
#[track_caller]
pub fn assert_same(place: &str, recomputed: &Value, reported: &Value) {
    match (recomputed, reported) {
        (Value::Object(one), Value::Object(other)) => {
            assert_eq!(keys(one), keys(other), "the figures there are, in {place}");
            for (key, value) in one {
                assert_same(&format!("{place}.{key}"), value, &other[key]);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "how many there are, in {place}");
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                assert_same(&format!("{place}[{index}]"), one, other);
            }
        }
        _ => assert!(is_same(recomputed, reported), "{place}: recomputed {recomputed}, reported {reported}"),
    }
}

fn keys(object: &Map<String, Value>) -> Vec<&String> {
    let mut keys: Vec<&String> = object.keys().filter(|key| !APART.contains(&key.as_str())).collect();
    keys.sort();
    keys
}

fn is_same(one: &Value, other: &Value) -> bool {
    let fraction = |value: &Value| value.as_f64().filter(|_| value.is_f64());
    match (fraction(one), fraction(other)) {
        (Some(one), Some(other)) => (one - other).abs() <= 2.0 * f64::EPSILON * one.abs(),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_digit_of_a_fraction_may_differ_and_no_digit_of_a_whole_number() {
        assert!(is_same(&json!(0.1), &json!(0.1_f64.next_up())) && !is_same(&json!(0.1), &json!(0.100_000_1)));
        assert!(!is_same(&json!(u64::MAX), &json!(u64::MAX - 1)) && !is_same(&json!(1), &json!(null)));
    }

    #[test]
    #[should_panic(expected = "a.b[1]: recomputed 2, reported 3")]
    fn the_place_of_a_difference_is_said() {
        assert_same("a", &json!({"b": [1, 2]}), &json!({"b": [1, 3], "ci95": {}}));
    }
}
