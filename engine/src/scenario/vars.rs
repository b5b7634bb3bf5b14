//! `vars`: names for texts, of the file, of a scenario or of a step. A text may use other variables.

use std::collections::BTreeMap;

use super::document::{Entry, Node, Value};
use super::error::{Problem, Problems};
use super::interpolate::Text;
use super::template::{Names, Place, Template, template};

/// Variables by their names.
pub type Vars = BTreeMap<String, Template>;

/// Reads a table of variables.
pub(super) fn vars(node: &Node, names: &Names<'_>, problems: &mut Problems) -> Option<Vars> {
    let table = problems.keep(node.table("a table such as `{ tier = \"free\" }`"))?;
    let read = table.entries.iter().map(|entry| {
        problems.keep(check_name(entry));
        let text = problems.keep(value(&entry.node))?;
        Some((entry.key.clone(), template(&text, Place::Variable, names, problems)?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// A text, or a number or a truth as people write them.
pub(super) fn value(node: &Node) -> Result<Text, Problem> {
    match &node.value {
        Value::String { text, .. } => Ok(text.clone()),
        Value::Integer(number) => Ok(Text::plain(&number.to_string())),
        Value::Float(number) => Ok(Text::plain(&number.to_string())),
        Value::Boolean(truth) => Ok(Text::plain(&truth.to_string())),
        Value::Datetime(date) => Ok(Text::plain(date)),
        Value::Array(_) | Value::Table(_) => Err(node.not("a string, a number, true or false")),
    }
}

/// Whether a placeholder can say this name.
pub(super) fn check_name(entry: &Entry) -> Result<(), Problem> {
    super::limits::check_variable_name(&entry.key).map_err(|reason| {
        let problem = Problem::new(entry.key_span, reason);
        problem.expected("this name").help("a variable's name is made of letters, digits, `_` and `-`")
    })
}
