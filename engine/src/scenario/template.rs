//! Texts with placeholders: taken apart, their names looked up, and said of each piece how it is to be written where it
//! stands, so that nothing a value holds can break out of its place.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Node, Table, Value as NodeValue};
use super::error::{Problem, Problems, Span};
use super::escape::Escape;
use super::feeder::Feeder;
use super::interpolate::{Text, Variables};
use super::placeholder::{self, Filter, Placeholder, Value};
use super::suggest;

/// A text that is filled anew for every request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template {
    /// One behind the other.
    pub pieces: Vec<Piece>,
    /// As people may see it.
    pub shown: String,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it is sent.
    Literal(String),
    /// To be filled.
    Fill(Fill),
    /// Several times the same, each filled anew.
    Repeat {
        /// How often.
        times: u32,
        /// Between two of them.
        separator: String,
        /// What is repeated.
        pieces: Vec<Self>,
    },
}

/// A piece to be filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// What with.
    pub value: Value,
    /// How it is written in its place.
    pub escape: Escape,
    /// What to take where there is no such value.
    pub default: Option<String>,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A variable: how it is written is decided where it is used.
    Variable,
    /// A path or a query.
    Path,
    /// A header.
    Header,
    /// A field of a form.
    Form,
    /// A body that is text.
    Text,
    /// A body that is JSON, written as text.
    JsonText,
}

impl Template {
    /// A text that stays as it is.
    pub(super) fn fixed(text: Text) -> Self {
        Self { pieces: vec![Piece::Literal(text.real)], shown: text.shown }
    }

    /// The text, where nothing in it is to be filled.
    pub fn as_fixed(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Everything that is to be filled, however deep it stands.
    pub fn fills(&self) -> Vec<&Fill> {
        fn collect<'a>(pieces: &'a [Piece], fills: &mut Vec<&'a Fill>) {
            for piece in pieces {
                match piece {
                    Piece::Literal(_) => {}
                    Piece::Fill(fill) => fills.push(fill),
                    Piece::Repeat { pieces, .. } => collect(pieces, fills),
                }
            }
        }
        let mut fills = Vec::new();
        collect(&self.pieces, &mut fills);
        fills
    }
}

/// The names that placeholders can use.
pub(super) struct Names<'a> {
    /// Of `env`.
    pub(super) variables: &'a Variables<'a>,
    /// Everything that is a variable somewhere: of the file, of a scenario, of a step, or captured.
    pub(super) vars: BTreeSet<String>,
    /// What the steps of the setup capture.
    pub(super) setup: BTreeSet<String>,
    /// The feeders by their names; `None` where one cannot be read, which is said elsewhere.
    pub(super) feeders: BTreeMap<String, Option<Feeder>>,
}

/// Takes a text apart. What is wrong with it is noted.
pub(super) fn template(text: &Text, place: Place, names: &Names<'_>, problems: &mut Problems) -> Option<Template> {
    let mut builder = Builder::new(names);
    builder.text(text, place, problems);
    Some(Template { pieces: builder.finish(problems)?, shown: text.shown.clone() })
}

/// A value of TOML as JSON that is filled anew for every request.
pub(super) fn json(node: &Node, names: &Names<'_>, problems: &mut Problems) -> Option<Template> {
    let mut builder = Builder::new(names);
    builder.json(node, problems);
    let shown = problems.keep(node.json(true))?.to_string();
    Some(Template { pieces: builder.finish(problems)?, shown })
}

/// Puts a template together, piece by piece.
struct Builder<'a> {
    names: &'a Names<'a>,
    /// What is built: within each repetition that is open a list of its own.
    levels: Vec<Level>,
    is_wrong: bool,
}

#[derive(Default)]
struct Level {
    /// What is repeated: how often, with what between, and where it begins in the file.
    repeat: Option<(u32, String, Span)>,
    pieces: Vec<Piece>,
}

impl<'a> Builder<'a> {
    fn new(names: &'a Names<'a>) -> Self {
        Self { names, levels: vec![Level::default()], is_wrong: false }
    }

    fn wrong(&mut self, problem: Problem, problems: &mut Problems) {
        self.is_wrong = true;
        problems.add(problem);
    }

    fn finish(mut self, problems: &mut Problems) -> Option<Vec<Piece>> {
        if self.levels.len() > 1
            && let Some(Level { repeat: Some((_, _, span)), .. }) = self.levels.pop()
        {
            let problem = Problem::new(span, "this repetition never ends").expected("repeat");
            self.wrong(problem.help("write `{{ end }}` behind what is repeated"), problems);
        }
        let pieces = self.levels.swap_remove(0).pieces;
        (!self.is_wrong).then_some(pieces)
    }

    fn push(&mut self, piece: Piece) {
        let Some(level) = self.levels.last_mut() else { return };
        match (piece, level.pieces.last_mut()) {
            (Piece::Literal(more), _) if more.is_empty() => {}
            (Piece::Literal(more), Some(Piece::Literal(text))) => text.push_str(&more),
            (piece, _) => level.pieces.push(piece),
        }
    }

    fn text(&mut self, text: &Text, place: Place, problems: &mut Problems) {
        let mut quotes = Quotes::default();
        let mut from = 0;
        for mark in &text.placeholders {
            let before = &text.real[from..mark.range.start];
            quotes.follow(before);
            self.literal(before, place);
            from = mark.range.end;
            let inside = &text.real[mark.range.start + 2..mark.range.end - 2];
            match placeholder::parse(inside.trim()) {
                Ok(placeholder) => {
                    let escape = escape(place, placeholder.filter, &quotes);
                    self.placeholder(placeholder, escape, mark.span, problems);
                }
                Err(error) => self.wrong(Problem::new(mark.span, error).expected("not a placeholder"), problems),
            }
        }
        self.literal(&text.real[from..], place);
    }

    fn literal(&mut self, text: &str, place: Place) {
        let mut written = String::new();
        match place {
            Place::Form => Escape::Percent.write_text(text, &mut written),
            _ => written.push_str(text),
        }
        self.push(Piece::Literal(written));
    }

    fn placeholder(&mut self, placeholder: Placeholder, escape: Escape, span: Span, problems: &mut Problems) {
        let Placeholder { value, default, .. } = placeholder;
        match value {
            Value::Literal(text) => {
                let mut written = String::new();
                escape.write_text(&text, &mut written);
                self.push(Piece::Literal(written));
            }
            Value::Repeat { times, separator } => {
                self.levels.push(Level { repeat: Some((times, separator, span)), pieces: Vec::new() });
            }
            Value::End => self.end(span, problems),
            value => match self.resolve(value, default, span) {
                Ok((value, default)) => self.push(Piece::Fill(Fill { value, escape, default })),
                Err(problem) => self.wrong(problem, problems),
            },
        }
    }

    fn end(&mut self, span: Span, problems: &mut Problems) {
        match self.levels.pop() {
            Some(Level { repeat: Some((times, separator, _)), pieces }) => {
                self.push(Piece::Repeat { times, separator, pieces });
            }
            level => {
                self.levels.extend(level);
                let problem = Problem::new(span, "nothing is repeated that could end here").expected("end of what?");
                self.wrong(problem.help("`{{ repeat(100, \",\") }}` begins what `{{ end }}` ends"), problems);
            }
        }
    }

    /// Looks a value's names up. What is known before the load becomes a literal.
    fn resolve(&self, value: Value, default: Option<String>, span: Span) -> Result<(Value, Option<String>), Problem> {
        let unknown = |what: String, help: String| Err(Problem::new(span, what).expected("unknown name").help(help));
        match &value {
            Value::Environment(name) => {
                return match self.names.variables.value(name).or(default) {
                    Some(text) => Ok((Value::Literal(text), None)),
                    None => unknown(
                        format!("the variable `{name}` has no value"),
                        format!(
                            "give it with `--var {name}=…` or in the environment, or a default: `{{{{ env.{name} :- … }}}}`"
                        ),
                    ),
                };
            }
            Value::Variable(name) if !self.names.vars.contains(name) && default.is_none() => {
                let known = self.names.vars.iter().map(String::as_str);
                return unknown(
                    format!("there is no variable `{name}`, and no step captures one"),
                    suggest::names(name, known, "give it in `vars`, or capture it in a step before"),
                );
            }
            Value::Setup(name) if !self.names.setup.contains(name) && default.is_none() => {
                let known = self.names.setup.iter().map(String::as_str);
                return unknown(
                    format!("no step of the setup captures `{name}`"),
                    suggest::names(name, known, "add `[setup]` with a step that captures it"),
                );
            }
            Value::Data { feed, column } => match self.names.feeders.get(feed) {
                None => {
                    let known = self.names.feeders.keys().map(String::as_str);
                    let nothing = format!("add `[data.{feed}]` with `file = \"…\"`");
                    return unknown(format!("there is no data `{feed}`"), suggest::names(feed, known, &nothing));
                }
                Some(Some(feeder)) => {
                    if let Err(error) = feeder.table.column(column) {
                        return Err(Problem::new(span, error).expected("unknown column"));
                    }
                }
                Some(None) => {}
            },
            Value::Index if self.levels.len() < 2 => {
                let problem = Problem::new(span, "`index` counts repetitions, and nothing is repeated here");
                return Err(problem.expected("outside of a repetition"));
            }
            _ => {}
        }
        Ok((value, default))
    }

    fn json(&mut self, node: &Node, problems: &mut Problems) {
        match &node.value {
            NodeValue::String { text, .. } => self.json_string(text, problems),
            NodeValue::Array(nodes) => {
                self.push_text("[");
                self.separated(nodes.iter(), |builder, node| builder.json(node, problems));
                self.push_text("]");
            }
            NodeValue::Table(table) if table.get("$repeat").is_some() => self.json_repeat(table, problems),
            NodeValue::Table(table) => {
                self.push_text("{");
                self.separated(table.entries.iter(), |builder, entry| {
                    builder.push_text(&(serde_json::Value::from(entry.key.as_str()).to_string() + ":"));
                    builder.json(&entry.node, problems);
                });
                self.push_text("}");
            }
            _ => match node.json(false) {
                Ok(json) => self.push_text(&json.to_string()),
                Err(problem) => self.wrong(problem, problems),
            },
        }
    }

    fn push_text(&mut self, text: &str) {
        self.push(Piece::Literal(text.to_owned()));
    }

    fn separated<T>(&mut self, items: impl Iterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        for (place, item) in items.enumerate() {
            if place > 0 {
                self.push_text(",");
            }
            each(self, item);
        }
    }

    /// `{ "$repeat" = 100, "$item" = … }`: an array of so many.
    fn json_repeat(&mut self, table: &Table, problems: &mut Problems) {
        const EXPECTED: &str = "`{ \"$repeat\" = 100, \"$item\" = … }`";
        let known = table.entries.iter().all(|entry| matches!(entry.key.as_str(), "$repeat" | "$item"));
        let (Some(times), Some(item), true) = (table.get("$repeat"), table.get("$item"), known) else {
            let problem = Problem::new(table.span, "a repetition has a `$repeat`, a `$item` and nothing else");
            return self.wrong(problem.expected("not a repetition").help(format!("write {EXPECTED}")), problems);
        };
        match times.count(0, placeholder::MOST) {
            Ok(times) => {
                self.push_text("[");
                self.levels.push(Level { repeat: Some((times, ",".to_owned(), table.span)), pieces: Vec::new() });
                self.json(item, problems);
                self.end(table.span, problems);
                self.push_text("]");
            }
            Err(problem) => self.wrong(problem, problems),
        }
    }

    /// A string of JSON. One that is nothing but a number's placeholder is that number.
    fn json_string(&mut self, text: &Text, problems: &mut Problems) {
        if let [mark] = text.placeholders.as_slice()
            && mark.range == (0..text.real.len())
            && let Ok(placeholder) = placeholder::parse(text.real[2..text.real.len() - 2].trim())
        {
            let is_number = match placeholder.filter {
                Some(Filter::Number) => true,
                Some(Filter::String | Filter::Raw) => false,
                None => placeholder.value.is_number(),
            };
            if is_number {
                return self.placeholder(placeholder, Escape::JsonNumber, mark.span, problems);
            }
        }
        self.push_text("\"");
        let mut from = 0;
        for mark in &text.placeholders {
            self.push_json_literal(&text.real[from..mark.range.start]);
            from = mark.range.end;
            match placeholder::parse(text.real[mark.range.start + 2..mark.range.end - 2].trim()) {
                Ok(placeholder) => self.placeholder(placeholder, Escape::JsonText, mark.span, problems),
                Err(error) => self.wrong(Problem::new(mark.span, error).expected("not a placeholder"), problems),
            }
        }
        self.push_json_literal(&text.real[from..]);
        self.push_text("\"");
    }

    fn push_json_literal(&mut self, text: &str) {
        let mut written = String::new();
        Escape::JsonText.write_text(text, &mut written);
        self.push(Piece::Literal(written));
    }
}

/// How a placeholder is written where it stands.
const fn escape(place: Place, filter: Option<Filter>, quotes: &Quotes) -> Escape {
    match (place, filter) {
        (Place::Path, Some(Filter::Raw)) => Escape::Url,
        (Place::Path | Place::Form, _) => Escape::Percent,
        (Place::Header, _) => Escape::Header,
        (Place::JsonText, _) if quotes.are_open => Escape::JsonText,
        (Place::JsonText, Some(Filter::Number)) => Escape::JsonNumber,
        (Place::Variable | Place::Text | Place::JsonText, _) => Escape::Plain,
    }
}

/// Whether a place in a JSON text is within quotes.
#[derive(Default)]
struct Quotes {
    are_open: bool,
    is_escaped: bool,
}

impl Quotes {
    fn follow(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.are_open => self.is_escaped = true,
                b'"' => self.are_open = !self.are_open,
                _ => {}
            }
        }
    }
}
