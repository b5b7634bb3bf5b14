//! Conditions of steps: `status == 200`, `vars.token exists`, `not vars.tier == "free"`.

use std::fmt;

use super::compare::{Comparison, word};
use crate::scenario::status::{self, Statuses, parse_check};

/// What has to hold for a step to be made. `N` is how variables are named: by text, or by where they are kept.
#[derive(Debug, Clone)]
pub struct Condition<N> {
    subject: Subject<N>,
    is_negated: bool,
}

#[derive(Debug, Clone)]
enum Subject<N> {
    /// The status of the last answer, and whether it may be none.
    Status(Statuses, bool),
    /// A variable.
    Variable(N, Comparison),
}

impl Condition<String> {
    /// Reads a condition as people write it.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = word(text, "not") {
            let condition = Self::parse(rest)?;
            return Ok(Self { is_negated: !condition.is_negated, ..condition });
        }
        let subject = if word(text, "status").is_some() {
            // Without an answer the status is 0: below every status, and another than each.
            let takes_none = text.contains("!=") || text.contains('<');
            Subject::Status(parse_check(text)?, takes_none)
        } else {
            let rest = text.strip_prefix("vars.").ok_or_else(|| unknown(text))?;
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
            let (name, comparison) = rest.split_at(end);
            if name.is_empty() {
                return Err(unknown(text));
            }
            let comparison = Comparison::parse(comparison)?;
            if matches!(comparison, Comparison::Length(..)) {
                return Err(format!("`{text}`: a variable is a text and has no length to ask for"));
            }
            Subject::Variable(name.to_owned(), comparison)
        };
        Ok(Self { subject, is_negated: false })
    }
}

impl<N> Condition<N> {
    /// The variables it asks for.
    pub fn names(&self) -> impl Iterator<Item = &N> {
        match &self.subject {
            Subject::Status(..) => None,
            Subject::Variable(name, _) => Some(name),
        }
        .into_iter()
    }

    /// The same with other names.
    pub fn map_names<M>(self, map: impl FnOnce(N) -> M) -> Condition<M> {
        let subject = match self.subject {
            Subject::Status(statuses, takes_none) => Subject::Status(statuses, takes_none),
            Subject::Variable(name, comparison) => Subject::Variable(map(name), comparison),
        };
        Condition { subject, is_negated: self.is_negated }
    }

    /// Whether it holds, with the status of the last answer (0 where there was none) and the values of variables.
    pub fn holds<'a>(&'a self, status: u16, value_of: impl FnOnce(&'a N) -> Option<&'a [u8]>) -> bool {
        let holds = match &self.subject {
            Subject::Status(_, takes_none) if status == 0 => *takes_none,
            Subject::Status(statuses, _) => status::contains(statuses, status),
            Subject::Variable(name, comparison) => comparison.holds_of_text(value_of(name)),
        };
        holds != self.is_negated
    }
}

impl<N: fmt::Display> fmt::Display for Condition<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_negated { "not " } else { "" })?;
        match &self.subject {
            Subject::Status(statuses, _) => f.write_str(&status::show_check(statuses)),
            Subject::Variable(name, comparison) => write!(f, "vars.{name} {comparison}"),
        }
    }
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is no condition: write one such as `status == 200`, `vars.token exists` or `vars.tier == \"free\"`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(condition: &str, status: u16, value: Option<&str>) -> bool {
        Condition::parse(condition).expect(condition).holds(status, |_| value.map(str::as_bytes))
    }

    #[test]
    fn conditions_hold_or_do_not() {
        assert!(holds("status == 200", 200, None) && !holds("status == 200", 0, None));
        assert!(holds("not status in [2xx]", 404, None) && !holds("not status in [4xx]", 404, None));
        assert!(holds("vars.id exists", 0, Some("1")) && !holds("vars.id exists", 0, None));
        assert!(holds("status != 200", 0, None) && holds("status < 500", 0, None) && !holds("status >= 500", 0, None));
        assert!(holds("not vars.id exists", 0, None));
        assert!(holds("vars.tier == \"free\"", 0, Some("free")) && holds("vars.n >= 5", 0, Some("10")));
        assert!(holds("vars.url contains \"/b\"", 0, Some("/a/b")) && holds("vars.n != 5", 0, None));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "vars.", "vars.a", "tier == 5", "vars.a length > 1", "status", "true"] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(not |status |vars\\.a )?\\PC{0,16}") {
            if let Ok(condition) = Condition::parse(&text) {
                prop_assert!(Condition::parse(&condition.to_string()).is_ok(), "{} became {}", text, condition);
            }
        }
    }
}
