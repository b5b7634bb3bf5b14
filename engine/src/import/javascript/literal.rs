//! Values of JavaScript that are known without running anything.

use serde_json::Value as Json;

use super::tokens::Piece;

/// A value and the line where it stands, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Literal,
}

/// A value that is known without running anything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// `null` or `undefined`.
    Null,
    Boolean(bool),
    Number(f64),
    /// A string: more than one piece where it has an expression in it.
    Text(Vec<Piece>),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// `JSON.stringify(…)`.
    Stringified(Box<Node>),
    /// Anything else, as it is written, but for the end of what is very long.
    Unknown(String),
}

impl Node {
    /// The string, where it has no expression in it.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Literal::Text(pieces) => match pieces.as_slice() {
                [Piece::Plain(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number.
    pub(crate) const fn number(&self) -> Option<f64> {
        match self.value {
            Literal::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The entries of an object.
    pub(crate) fn object(&self) -> Option<&[(String, Self)]> {
        match &self.value {
            Literal::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// As JSON; of what is not known, the lines go into `unknown` and it is left out.
    pub(crate) fn json(&self, unknown: &mut Vec<(usize, String)>) -> Option<Json> {
        Some(match &self.value {
            Literal::Null => Json::Null,
            Literal::Boolean(boolean) => Json::from(*boolean),
            Literal::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
            Literal::Number(number) => Json::from(*number),
            Literal::Text(_) | Literal::Unknown(_) | Literal::Stringified(_) => {
                let text = self.text();
                unknown.extend(text.is_none().then(|| (self.line, self.shown())));
                Json::from(text?)
            }
            Literal::Array(nodes) => nodes.iter().filter_map(|node| node.json(unknown)).collect(),
            Literal::Object(entries) => {
                let entry = |(key, node): &(String, Self)| Some((key.clone(), node.json(unknown)?));
                Json::Object(entries.iter().filter_map(entry).collect())
            }
        })
    }

    /// In a few words, for a message.
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            Literal::Null => "null".to_owned(),
            Literal::Boolean(boolean) => boolean.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::Text(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Plain(text) => text.clone(),
                    Piece::Expression(text) => format!("${{{text}}}"),
                })
                .collect(),
            Literal::Array(_) => "[…]".to_owned(),
            Literal::Object(_) => "{…}".to_owned(),
            Literal::Stringified(_) => "JSON.stringify(…)".to_owned(),
            // What stands in quotes may be a secret.
            Literal::Unknown(text) => {
                let (start, rest) = text.split_at(text.find(['\'', '"', '`']).unwrap_or(text.len()));
                let shown = start.split_whitespace().collect::<Vec<_>>().join(" ");
                if rest.is_empty() { shown } else { shown + "…" }
            }
        }
    }

    /// How many values it is made of.
    pub(crate) fn size(&self) -> usize {
        match &self.value {
            Literal::Array(nodes) => 1 + nodes.iter().map(Self::size).sum::<usize>(),
            Literal::Object(entries) => 1 + entries.iter().map(|(_, node)| node.size()).sum::<usize>(),
            Literal::Stringified(node) => 1 + node.size(),
            _ => 1,
        }
    }
}
