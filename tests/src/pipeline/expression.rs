//! GitHub's expressions, as far as workflows here use them: `inputs.x == 'a' && always()`, and `${{ … }}` within texts.

use serde_json::{Map, Value};

/// What an expression can ask for.
#[derive(Debug, Clone, Default)]
pub struct Contexts {
    /// The contexts by name: `github`, `inputs`, `steps`, …
    pub values: Map<String, Value>,
    /// Whether everything before has gone well.
    pub is_well: bool,
}

/// Contexts in which a name that is not there is a mistake, and not just empty.
const STRICT: &[&str] = &["inputs", "steps", "runner", "github", "needs"];

impl Contexts {
    /// A text with its `${{ … }}` filled in.
    #[track_caller]
    pub fn filled(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (expression, behind) = after.split_once("}}").expect("an expression has an end");
            filled.push_str(before);
            filled.push_str(&text_of(&self.value(expression)));
            rest = behind;
        }
        filled + rest
    }

    /// Whether a step or job with this `if:` is run. One that asks for no status is run where all has gone well.
    #[track_caller]
    pub fn holds(&self, condition: Option<&str>) -> bool {
        let Some(condition) = condition else { return self.is_well };
        let bare = condition.trim().trim_start_matches("${{").trim_end_matches("}}");
        let asks = ["always(", "failure(", "success(", "cancelled("].iter().any(|status| bare.contains(status));
        (asks || self.is_well) && is_true(&self.value(bare))
    }

    #[track_caller]
    fn value(&self, expression: &str) -> Value {
        let mut reader = Reader { contexts: self, whole: expression, rest: expression };
        let value = reader.any_of();
        assert!(reader.rest.trim().is_empty(), "`{}` is not understood, in `{expression}`", reader.rest);
        value
    }
}

/// A value as it stands in a text.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_true) => *is_true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Texts are compared without their case; values of different kinds as numbers.
fn are_equal(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Null => 0.0,
        Value::Bool(is_true) => f64::from(u8::from(*is_true)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.is_empty() => 0.0,
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        Value::Array(_) | Value::Object(_) => f64::NAN,
    };
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        _ => number(one).total_cmp(&number(other)).is_eq() && !number(one).is_nan(),
    }
}

struct Reader<'a> {
    contexts: &'a Contexts,
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Whether this comes next; goes behind it if so.
    fn takes(&mut self, sign: &str) -> bool {
        let behind = self.rest.trim_start().strip_prefix(sign);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    fn any_of(&mut self) -> Value {
        let mut value = self.all_of();
        while self.takes("||") {
            let other = self.all_of();
            value = if is_true(&value) { value } else { other };
        }
        value
    }

    fn all_of(&mut self) -> Value {
        let mut value = self.compared();
        while self.takes("&&") {
            let other = self.compared();
            value = if is_true(&value) { other } else { value };
        }
        value
    }

    fn compared(&mut self) -> Value {
        let value = self.single();
        if self.takes("==") {
            return Value::Bool(are_equal(&value, &self.single()));
        }
        if self.takes("!=") {
            return Value::Bool(!are_equal(&value, &self.single()));
        }
        value
    }

    fn single(&mut self) -> Value {
        if self.takes("!") {
            return Value::Bool(!is_true(&self.single()));
        }
        if self.takes("(") {
            let value = self.any_of();
            assert!(self.takes(")"), "a bracket is not closed, in `{}`", self.whole);
            return value;
        }
        if self.takes("'") {
            let (text, behind) = self.rest.split_once('\'').expect("a text has an end");
            self.rest = behind;
            return Value::from(text);
        }
        let word = self.word();
        if self.takes("()") {
            return Value::Bool(match word {
                "always" => true,
                "success" => self.contexts.is_well,
                "failure" => !self.contexts.is_well,
                "cancelled" => false,
                _ => panic!("no function `{word}` is known here, in `{}`", self.whole),
            });
        }
        match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => self.looked_up(word),
        }
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = self.rest.find(|c| !is_of_word(c)).unwrap_or(self.rest.len());
        let (word, behind) = self.rest.split_at(end);
        self.rest = behind;
        word
    }

    fn looked_up(&self, path: &str) -> Value {
        let mut names = path.split('.');
        let context = names.next().unwrap_or_default();
        let mut value = self.contexts.values.get(context);
        assert!(value.is_some(), "there is no `{context}` here, in `{}`", self.whole);
        for (depth, name) in names.enumerate() {
            value = value.and_then(|value| value.get(name));
            let is_there = value.is_some() || depth > 0 || !STRICT.contains(&context);
            assert!(is_there, "`{context}` has no `{name}`, in `{}`", self.whole);
        }
        value.cloned().unwrap_or(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contexts(is_well: bool) -> Contexts {
        let values = json!({
            "inputs": { "scenario": "a b", "empty": "", "propose": true },
            "steps": { "measure": { "outputs": { "run": "runs/x" } } },
            "env": {},
        });
        Contexts { values: values.as_object().cloned().unwrap_or_default(), is_well }
    }

    #[test]
    fn texts_are_filled_in() {
        let filled = |text| contexts(true).filled(text);
        assert_eq!(filled("<${{ inputs.scenario }}|${{inputs.empty || steps.measure.outputs.run}}>"), "<a b|runs/x>");
        assert_eq!(filled("${{ env.NONE }}${{ steps.measure.outputs.none }}"), "");
        assert_eq!(filled("$X ${Y} ${{ inputs.propose }}"), "$X ${Y} true");
    }

    #[test]
    fn conditions_are_those_of_the_step_and_of_what_has_gone_before() {
        let holds = |condition, is_well| contexts(is_well).holds(condition);
        assert_eq!([holds(None, true), holds(None, false)], [true, false]);
        assert_eq!([holds(Some("always()"), false), holds(Some("failure()"), true)], [true, false]);
        assert!(!holds(Some("inputs.scenario != ''"), false));
        assert!(holds(Some("inputs.scenario != '' && !(inputs.empty == 'x' || false)"), true));
        assert!(holds(Some("always() && steps.measure.outputs.run != ''"), false));
        assert!(holds(Some("env.NONE == ''"), true) && holds(Some("${{ inputs.propose }}"), true));
    }

    #[test]
    #[should_panic(expected = "`inputs` has no `scenarios`")]
    fn a_name_that_is_not_there_is_a_mistake() {
        contexts(true).filled("${{ inputs.scenarios }}");
    }
}
