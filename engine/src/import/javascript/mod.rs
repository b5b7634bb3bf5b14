//! A small reader of JavaScript: its literals, with what stands for them by name. It runs nothing.

mod literal;
pub(super) mod tokens;

use std::collections::HashMap;

pub(super) use self::literal::{Literal, Node};
use self::tokens::{Kind, Piece, Token};

/// The deepest nesting of a literal.
const DEEPEST: usize = 40;
/// How much is kept of what is no literal, in bytes.
const LONGEST_UNKNOWN: usize = 2000;
/// How much one literal may grow by what stands for it by name, in values.
const MOST_VALUES: usize = 10_000;

/// What names stand for.
pub(super) type Constants = HashMap<String, Node>;

/// Reads the tokens of a source.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) tokens: &'a [Token],
    /// The next token.
    pub(super) at: usize,
    pub(super) constants: &'a Constants,
    /// How many values may still be made.
    left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str, tokens: &'a [Token], at: usize, constants: &'a Constants) -> Self {
        Self { source, tokens, at, constants, left: MOST_VALUES }
    }

    fn sign(&self) -> Option<&'static str> {
        match self.tokens.get(self.at)?.kind {
            Kind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    fn eats(&mut self, sign: &str) -> bool {
        let eats = self.sign() == Some(sign);
        self.at += usize::from(eats);
        eats
    }

    /// Reads the values of a call, behind its `(`.
    pub(super) fn arguments(&mut self) -> Vec<Node> {
        let mut arguments = Vec::new();
        while self.at < self.tokens.len() && !self.eats(")") {
            let before = self.at;
            arguments.push(self.value());
            if !self.eats(",") && self.at == before {
                break;
            }
        }
        arguments
    }

    /// Reads the value at this place, and goes on behind it.
    pub(super) fn value(&mut self) -> Node {
        self.value_at(0)
    }

    fn value_at(&mut self, depth: usize) -> Node {
        let begun = self.at;
        let line = self.tokens.get(begun).map_or(0, |token| token.line);
        let value = self.sum(depth).filter(|_| self.is_over());
        let value = value.unwrap_or_else(|| {
            self.at = begun;
            self.unknown()
        });
        Node { line, value }
    }

    /// Whether a value ends here: before a sign that ends one, at the end, or before a new line that begins something new.
    fn is_over(&self) -> bool {
        let Some(token) = self.tokens.get(self.at) else { return true };
        match token.kind {
            Kind::Sign("," | "]" | "}" | ")" | ";") => true,
            Kind::Word(_) => token.begins_line,
            _ => false,
        }
    }

    /// Texts and numbers with `+` between; only texts are put together. Of `__ENV.NAME || value` the value is taken.
    fn sum(&mut self, depth: usize) -> Option<Literal> {
        if self.is_of_environment() {
            self.at += 3;
            return if self.eats("||") || self.eats("??") { self.primary(depth) } else { None };
        }
        let mut sum = self.primary(depth)?;
        while self.eats("+") {
            let (Literal::Text(mut pieces), Literal::Text(more)) = (sum, self.primary(depth)?) else { return None };
            for piece in more {
                match (pieces.last_mut(), piece) {
                    (Some(Piece::Plain(before)), Piece::Plain(text)) => before.push_str(&text),
                    (_, piece) => pieces.push(piece),
                }
            }
            sum = Literal::Text(pieces);
        }
        Some(sum)
    }

    fn is_of_environment(&self) -> bool {
        let kind = |behind: usize| self.tokens.get(self.at + behind).map(|token| &token.kind);
        matches!((kind(0), kind(1), kind(2)),
            (Some(Kind::Word(word)), Some(Kind::Sign(".")), Some(Kind::Word(_))) if word == "__ENV")
    }

    fn primary(&mut self, depth: usize) -> Option<Literal> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEEPEST {
            return None;
        }
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        match &token.kind {
            Kind::Number(number) => Some(Literal::Number(*number)),
            Kind::Text(pieces) => Some(Literal::Text(self.resolved(pieces))),
            Kind::Sign("-") => match self.primary(depth + 1)? {
                Literal::Number(number) => Some(Literal::Number(-number)),
                _ => None,
            },
            Kind::Sign("[") => self.array(depth),
            Kind::Sign("{") => self.object(depth),
            Kind::Sign("(") => {
                let inside = self.value_at(depth + 1);
                (self.eats(")") && !matches!(inside.value, Literal::Unknown(_))).then_some(inside.value)
            }
            Kind::Word(word) => self.word(word, depth),
            Kind::Sign(_) | Kind::Other => None,
        }
    }

    fn word(&mut self, word: &str, depth: usize) -> Option<Literal> {
        match word {
            "true" => return Some(Literal::Boolean(true)),
            "false" => return Some(Literal::Boolean(false)),
            "null" | "undefined" => return Some(Literal::Null),
            _ => {}
        }
        let is_word = |behind: usize, wanted: &str| matches!(self.tokens.get(self.at + behind).map(|token| &token.kind), Some(Kind::Word(word)) if word == wanted);
        if word == "JSON" && self.sign() == Some(".") && is_word(1, "stringify") {
            self.at += 2;
            let inside = self.eats("(").then(|| self.value_at(depth + 1))?;
            return self.eats(")").then(|| Literal::Stringified(Box::new(inside)));
        }
        let node = self.constants.get(word)?;
        self.left = self.left.checked_sub(node.size())?;
        match &node.value {
            // What is not known is not known here either, and its name says more.
            Literal::Unknown(_) => None,
            value => Some(value.clone()),
        }
    }

    /// A template with the texts and numbers that its names stand for.
    fn resolved(&self, pieces: &[Piece]) -> Vec<Piece> {
        let mut resolved: Vec<Piece> = Vec::new();
        for piece in pieces {
            let known = match piece {
                Piece::Expression(name) => self.constants.get(name).and_then(|node| match &node.value {
                    Literal::Text(pieces) => Some(pieces.clone()),
                    Literal::Number(number) => Some(vec![Piece::Plain(number.to_string())]),
                    _ => None,
                }),
                Piece::Plain(_) => None,
            };
            for piece in known.unwrap_or_else(|| vec![piece.clone()]) {
                match (resolved.last_mut(), piece) {
                    (Some(Piece::Plain(before)), Piece::Plain(text)) => before.push_str(&text),
                    (_, piece) => resolved.push(piece),
                }
            }
        }
        resolved
    }

    /// Behind `[`.
    fn array(&mut self, depth: usize) -> Option<Literal> {
        let mut nodes = Vec::new();
        loop {
            if self.eats("]") {
                return Some(Literal::Array(nodes));
            }
            if self.eats("...") {
                match self.value_at(depth + 1).value {
                    Literal::Array(more) => nodes.extend(more),
                    _ => return None,
                }
            } else {
                nodes.push(self.value_at(depth + 1));
            }
            if !self.eats(",") && self.sign() != Some("]") {
                return None;
            }
        }
    }

    /// Behind `{`.
    fn object(&mut self, depth: usize) -> Option<Literal> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut put = |key: String, node: Node| match entries.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = node,
            None => entries.push((key, node)),
        };
        loop {
            if self.eats("}") {
                return Some(Literal::Object(entries));
            }
            if self.eats("...") {
                match self.value_at(depth + 1).value {
                    Literal::Object(more) => more.into_iter().for_each(|(key, node)| put(key, node)),
                    _ => return None,
                }
            } else {
                let (key, node) = self.entry(depth)?;
                put(key, node);
            }
            if !self.eats(",") && self.sign() != Some("}") {
                return None;
            }
        }
    }

    /// `key: value`, or a name that is both.
    fn entry(&mut self, depth: usize) -> Option<(String, Node)> {
        let token = self.tokens.get(self.at)?;
        let key = match &token.kind {
            Kind::Word(word) => word.clone(),
            Kind::Number(number) => number.to_string(),
            Kind::Text(pieces) => match pieces.as_slice() {
                [Piece::Plain(text)] => text.clone(),
                _ => return None,
            },
            Kind::Sign(_) | Kind::Other => return None,
        };
        self.at += 1;
        if self.eats(":") {
            return Some((key, self.value_at(depth + 1)));
        }
        if self.sign() == Some(",") || self.sign() == Some("}") {
            self.at -= 1;
            return Some((key, self.value_at(depth + 1)));
        }
        // A method: `name() { … }`.
        self.at -= 1;
        let line = token.line;
        Some((key, Node { line, value: self.unknown() }))
    }

    /// Whether a new statement begins here, though no `;` ended the one before.
    fn begins_statement(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| &token.kind);
        let is_complete = !matches!(before, Some(Kind::Sign(sign)) if !matches!(*sign, ")" | "]" | "}"));
        let here = self.tokens.get(self.at);
        is_complete && here.is_some_and(|token| token.begins_line && matches!(token.kind, Kind::Word(_)))
    }

    /// What is no literal, up to where it ends, as it is written.
    fn unknown(&mut self) -> Literal {
        let begun = self.at;
        let mut depth = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            if depth == 0 && self.at > begun && self.begins_statement() {
                break;
            }
            match token.kind {
                Kind::Sign("{" | "[" | "(") => depth += 1,
                Kind::Sign("}" | "]" | ")" | "," | ";") if depth == 0 => break,
                Kind::Sign("}" | "]" | ")") => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let tokens = &self.tokens[begun..self.at];
        let (start, end) = tokens.first().zip(tokens.last()).map_or((0, 0), |(first, last)| (first.start, last.end));
        let shown = &self.source[start..end];
        Literal::Unknown(shown[..shown.floor_char_boundary(LONGEST_UNKNOWN)].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::Value as Json;

    use super::tokens::tokens;
    use super::*;

    fn read(source: &str, constants: &Constants) -> Node {
        Reader::new(source, &tokens(source), 0, constants).value()
    }

    fn json(source: &str) -> Option<Json> {
        let constants = Constants::from([
            ("BASE".to_owned(), read("'http://h'", &Constants::new())),
            ("stage".to_owned(), read("{ duration: '1m', target: 5 }", &Constants::new())),
        ]);
        let mut unknown = Vec::new();
        let value = read(source, &constants).json(&mut unknown);
        value.filter(|_| unknown.is_empty())
    }

    #[test]
    fn literals_are_read_as_javascript_would() {
        for (source, wanted) in [
            ("{ a: 1, 'b-c': [true, null,], // x\n d: -2.5, }", r#"{"a":1,"b-c":[true,null],"d":-2.5}"#),
            ("`${BASE}/x`", r#""http://h/x""#),
            ("BASE + '/x' + \"y\"", r#""http://h/xy""#),
            ("[stage, { ...stage, target: 9 }]", r#"[{"duration":"1m","target":5},{"duration":"1m","target":9}]"#),
            ("{ stage }", r#"{"stage":{"duration":"1m","target":5}}"#),
            ("__ENV.VUS || 10", "10"),
            ("(3)", "3"),
        ] {
            assert_eq!(json(source).map(|value| value.to_string()).as_deref(), Some(wanted), "{source}");
        }
    }

    #[test]
    fn what_is_no_literal_is_kept_as_it_is_written() {
        let node = read("{ a: f(1, 2), b: x => x + 1, c: 4 * 2, d() { return 1 }, e: 5 }", &Constants::new());
        let shown: Vec<String> = node.object().expect("an object").iter().map(|(_, node)| node.shown()).collect();
        assert_eq!(shown, ["f(1, 2)", "x => x + 1", "4 * 2", "d() { return 1 }", "5"]);
    }

    #[test]
    fn names_cannot_make_a_literal_grow_without_bound() {
        let mut constants = Constants::from([("a0".to_owned(), read("[1]", &Constants::new()))]);
        for step in 0..40 {
            let source = format!("[...a{step}, ...a{step}]");
            let node = read(&source, &constants);
            assert!(node.size() <= 2 * MOST_VALUES);
            constants.insert(format!("a{}", step + 1), node);
        }
    }

    proptest! {
        #[test]
        fn no_source_makes_it_panic(words in proptest::collection::vec("[{}\\[\\](),:;+.-]|\\.\\.\\.|a|'x'|`\\$\\{a\\}`|1|\n|JSON.stringify\\(|__ENV.A \\|\\|", 0..40)) {
            read(&words.join(" "), &Constants::new()).shown();
        }

        #[test]
        fn deep_nesting_ends(depth in 0_usize..2000, open in "[\\[({-]") {
            read(&open.repeat(depth), &Constants::new());
        }
    }
}
