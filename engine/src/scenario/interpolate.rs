//! `${NAME}` and `${NAME:-default}` in the strings of a scenario: values from the command line and the environment.

use std::collections::BTreeMap;
use std::ops::Range;

use super::error::Span;
use super::secrets;

/// Where the values of variables come from.
pub struct Variables<'a> {
    /// From the command line; these come first.
    pub given: BTreeMap<String, String>,
    /// From the environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.given.get(name).cloned().or_else(|| (self.environment)(name))
    }
}

/// A text as it is used, and as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// As it is used.
    pub real: String,
    /// The same with what came from variables with the names of secrets taken out.
    pub shown: String,
    /// Where a variable's value stands in `real`: a value is not looked through again.
    given: Vec<Range<usize>>,
    /// The placeholders of `real`, in order.
    pub(super) placeholders: Vec<Mark>,
}

/// A placeholder of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its bytes in the text, braces included.
    pub(super) range: Range<usize>,
    /// Where it stands in the file.
    pub(super) span: Span,
}

impl Text {
    /// A text as it is, placeholders or not.
    pub fn plain(text: &str) -> Self {
        Self::new(text, text.to_owned())
    }

    /// A text without placeholders.
    pub(super) fn new(real: &str, shown: String) -> Self {
        Self { real: real.to_owned(), shown, given: Vec::new(), placeholders: Vec::new() }
    }

    /// Finds the placeholders. `span_of` says where a piece of the text stands in the file.
    pub(super) fn find_placeholders(&mut self, span_of: impl Fn(&str) -> Span) -> Result<(), Wrong> {
        let mut from = 0;
        while let Some(open) = self.opening(from) {
            let piece = &self.real[open..];
            let Some(end) = closing(piece) else {
                return Err(Wrong {
                    piece: piece.to_owned(),
                    message: "`{{` is never closed".to_owned(),
                    help: "a placeholder is written `{{ vars.NAME }}`; two braces that are none `{{ \"{{\" }}`"
                        .to_owned(),
                });
            };
            let range = open..open + end;
            self.placeholders.push(Mark { span: span_of(&self.real[range.clone()]), range });
            from = open + end;
        }
        Ok(())
    }

    /// The next `{{` that is written, and not part of a variable's value.
    fn opening(&self, from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let at = from + self.real.get(from..)?.find("{{")?;
            match self.given.iter().find(|given| given.contains(&at)) {
                Some(given) => from = given.end,
                None => return Some(at),
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.real.push_str(text);
        self.shown.push_str(text);
    }
}

/// What is wrong with a string that uses variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The piece of the string that it is about.
    pub(super) piece: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// The text with the values of its variables in place. `$$` stands for `$`.
pub(super) fn interpolate(text: &str, variables: &Variables<'_>) -> Result<Text, Wrong> {
    let mut result = Text::default();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            result.push("$");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            let end = after.find('}').ok_or_else(|| Wrong {
                piece: rest.to_owned(),
                message: "`${` is never closed".to_owned(),
                help: "write `${NAME}` or `${NAME:-default}` for a variable, `$$` for a dollar sign".to_owned(),
            })?;
            substitute(&after[..end], variables, &mut result)?;
            rest = &after[end + 1..];
        } else {
            result.push("$");
            rest = &rest[1..];
        }
    }
    result.push(rest);
    Ok(result)
}

fn substitute(inside: &str, variables: &Variables<'_>, result: &mut Text) -> Result<(), Wrong> {
    let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, default)| (name, Some(default)));
    let piece = || format!("${{{inside}}}");
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.bytes().all(is_of_name) {
        return Err(Wrong {
            piece: piece(),
            message: format!("`{name}` is not the name of a variable"),
            help: "write `${NAME}` or `${NAME:-default}`, the name in letters, digits and `_`".to_owned(),
        });
    }
    let given = variables.value(name);
    let value = match default {
        // As in a shell: pipelines hand over a secret that is not set as an empty variable.
        Some(default) => given.filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned()),
        None => given.ok_or_else(|| Wrong {
            piece: piece(),
            message: format!("the variable `{name}` has no value"),
            help: format!("give it with `--var {name}=…` or in the environment, or a default: `${{{name}:-…}}`"),
        })?,
    };
    result.shown.push_str(if secrets::is_secret(name) { secrets::REDACTED } else { &value });
    let start = result.real.len();
    result.real.push_str(&value);
    result.given.push(start..result.real.len());
    Ok(())
}

/// The length of a placeholder at the start of a text, braces included; braces in quotes are part of what is quoted.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut signs = text.char_indices().skip(2);
    while let Some((at, sign)) = signs.next() {
        match (quote, sign) {
            (Some(_), '\\') => drop(signs.next()),
            (Some(open), _) if open == sign => quote = None,
            (None, '"' | '\'') => quote = Some(sign),
            (None, '}') if text[at..].starts_with("}}") => return Some(at + 2),
            _ => {}
        }
    }
    None
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Text, Wrong> {
        let given = BTreeMap::from([("BOTH".to_owned(), "given".to_owned())]);
        let environment = |name: &str| match name {
            "BOTH" | "HOME_TOWN" => Some("environment".to_owned()),
            "API_TOKEN" => Some("hunter2".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        interpolate(text, &Variables { given, environment: &environment })
    }

    fn real(text: &str) -> String {
        of(text).expect(text).real
    }

    #[test]
    fn the_command_line_comes_before_the_environment_and_that_before_the_default() {
        assert_eq!(real("a ${BOTH} b"), "a given b");
        assert_eq!(real("${HOME_TOWN:-default}"), "environment");
        assert_eq!(real("${NONE:-http://127.0.0.1:8080}/x"), "http://127.0.0.1:8080/x");
        assert_eq!(real("${NONE:-}"), "");
    }

    #[test]
    fn an_empty_variable_has_its_default_and_without_one_is_empty() {
        assert_eq!(real("${EMPTY:-default}"), "default");
        assert_eq!(real("<${EMPTY}>"), "<>");
    }

    #[test]
    fn a_dollar_sign_may_stand_for_itself() {
        assert_eq!(real("$$5, $5, $${BOTH} and $"), "$5, $5, ${BOTH} and $");
    }

    #[test]
    fn a_value_is_not_looked_through_again() {
        let environment = |_: &str| Some("${B}".to_owned());
        let variables = Variables { given: BTreeMap::new(), environment: &environment };
        assert_eq!(interpolate("${A}", &variables).expect("a value").real, "${B}");
    }

    #[test]
    fn a_secret_is_used_but_not_shown() {
        let text = of("Bearer ${API_TOKEN}").expect("a value");
        assert_eq!((text.real.as_str(), text.shown.as_str()), ("Bearer hunter2", "Bearer [redacted]"));
    }

    #[test]
    fn placeholders_are_found_where_they_are_written() {
        let environment = |_: &str| Some("{{ vars.b }}".to_owned());
        let variables = Variables { given: BTreeMap::new(), environment: &environment };
        let mut text = interpolate("a {{ vars.a }} ${B} {{ \"}}\" }}c", &variables).expect("values");
        text.find_placeholders(|_| Span::default()).expect("placeholders");
        let found: Vec<&str> = text.placeholders.iter().map(|mark| &text.real[mark.range.clone()]).collect();
        assert_eq!(found, ["{{ vars.a }}", "{{ \"}}\" }}"], "not those in a value");
        let open = Text::plain("a {{ b }").find_placeholders(|_| Span::default());
        assert_eq!(open.expect_err("open").message, "`{{` is never closed");
    }

    #[test]
    fn what_has_no_value_is_named() {
        assert_eq!(of("${NONE}").expect_err("no value").message, "the variable `NONE` has no value");
        assert_eq!(of("x${NONE").expect_err("open").piece, "${NONE");
        assert!(of("${1A}").is_err() && of("${}").is_err() && of("${a b}").is_err());
    }
}
