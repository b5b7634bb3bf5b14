//! Names looked up: what a placeholder stands for in one step of one scenario, as far as that is known before the load.

use std::collections::BTreeMap;

use super::flow::Operand;
use super::template::{Feed, Field, Fill, Slot, Template};
use crate::scenario::steps::each_call;
use crate::scenario::{self, Escape, Piece, Scenario, Value, Vars};

/// What the steps of the setup have captured, by name.
pub type Captured = BTreeMap<String, Vec<u8>>;

/// Where no setup is done: a text for everything that it would capture.
pub fn unknown_captures(scenario: &Scenario) -> Captured {
    let mut names = Captured::new();
    each_call(&scenario.setup, &mut |_, call| {
        names.extend(call.captures.iter().map(|(name, _)| (name.clone(), format!("setup.{name}").into_bytes())));
    });
    names
}

/// Variables lead to variables this often at the most; validation has refused those that lead back to themselves.
const DEEPEST: usize = 64;

/// What names mean at some place.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// Variables, those that come first in front.
    pub(super) vars: &'a [&'a Vars],
    /// What the steps around capture, and where it is kept.
    pub(super) slots: &'a BTreeMap<String, Slot>,
    /// What the setup has captured.
    pub(super) setup: &'a Captured,
    /// Whether this is the setup itself, whose captures are in the slots.
    pub(super) is_setup: bool,
    /// The feeders, as this scenario uses them.
    pub(super) feeds: &'a BTreeMap<String, Feed>,
}

impl Scope<'_> {
    /// A template with its names looked up.
    pub(super) fn template(&self, template: &scenario::Template) -> Template {
        let mut compiled = Template::default();
        self.pieces(&template.pieces, None, 0, &mut compiled);
        compiled
    }

    /// What a name in a condition stands for.
    pub(super) fn operand(&self, name: &str) -> Operand {
        let fixed = self.variable(name).map(|template| {
            let mut compiled = Template::default();
            self.pieces(&template.pieces, Some(Escape::Plain), 1, &mut compiled);
            compiled.as_fixed().unwrap_or_default().to_vec()
        });
        match (self.slots.get(name), fixed) {
            (Some(&slot), fixed) => Operand::Captured(slot, fixed),
            (None, fixed) => Operand::Fixed(fixed.unwrap_or_default()),
        }
    }

    fn variable(&self, name: &str) -> Option<&scenario::Template> {
        self.vars.iter().find_map(|vars| vars.get(name))
    }

    /// `escape` is how everything is written, where a variable's text stands in a place of its own kind.
    fn pieces(&self, pieces: &[Piece], escape: Option<Escape>, depth: usize, compiled: &mut Template) {
        for piece in pieces {
            match piece {
                Piece::Literal(text) => literal(text.as_bytes(), escape, compiled),
                Piece::Fill(fill) => self.fill(fill, escape.unwrap_or(fill.escape), depth, compiled),
                Piece::Repeat { times, separator, pieces } => {
                    let mut repeated = Template::default();
                    self.pieces(pieces, escape, depth, &mut repeated);
                    let mut between = Template::default();
                    literal(separator.as_bytes(), escape, &mut between);
                    compiled.push_repeat(*times, between.as_fixed().unwrap_or_default(), repeated);
                }
            }
        }
    }

    fn fill(&self, fill: &scenario::Fill, escape: Escape, depth: usize, compiled: &mut Template) {
        let otherwise = || {
            fill.default.as_ref().map(|text| {
                let mut compiled = Template::default();
                literal(text.as_bytes(), Some(escape), &mut compiled);
                compiled
            })
        };
        match &fill.value {
            Value::Literal(text) => literal(text.as_bytes(), Some(escape), compiled),
            Value::Setup(name) if self.is_setup => self.captured(name, otherwise(), escape, compiled),
            Value::Setup(name) => match self.setup.get(name) {
                Some(value) => literal(value, Some(escape), compiled),
                None => append(otherwise(), escape, compiled),
            },
            Value::Variable(name) => {
                let variable = self.variable(name).filter(|_| depth < DEEPEST).map(|template| {
                    let mut compiled = Template::default();
                    self.pieces(&template.pieces, Some(escape), depth + 1, &mut compiled);
                    compiled
                });
                self.captured(name, variable.or_else(otherwise), escape, compiled);
            }
            Value::Data { feed, column } => match self.field(feed, column) {
                Some(field) => compiled.push_fill(Fill::Data(Box::new(field), otherwise()), escape),
                None => append(otherwise(), escape, compiled),
            },
            value => compiled.push_fill(chance(value), escape),
        }
    }

    /// A captured value, or, as long as there is none, something else.
    fn captured(&self, name: &str, otherwise: Option<Template>, escape: Escape, compiled: &mut Template) {
        match self.slots.get(name) {
            Some(&slot) => compiled.push_fill(Fill::Captured(slot, otherwise), escape),
            None => append(otherwise, escape, compiled),
        }
    }

    fn field(&self, feed: &str, column: &str) -> Option<Field> {
        let feed = self.feeds.get(feed)?.clone();
        let column = feed.table.column(column).ok()?;
        Some(Field { feed, column })
    }
}

fn append(template: Option<Template>, escape: Escape, compiled: &mut Template) {
    match template {
        Some(template) => compiled.append(template),
        None => compiled.push_fill(Fill::Nothing, escape),
    }
}

fn literal(text: &[u8], escape: Option<Escape>, compiled: &mut Template) {
    let mut written = Vec::with_capacity(text.len());
    if escape.unwrap_or(Escape::Plain).write(text, &mut written) {
        compiled.push_literal(&written);
    } else {
        // A text where a number has to be: the request can never be made, and every attempt says so.
        compiled.push_fill(Fill::Nothing, Escape::Plain);
    }
}

/// Values that need no name.
fn chance(value: &Value) -> Fill {
    match value {
        Value::Integer(from, to) => Fill::Integer(*from, *to),
        Value::Float { from, to, decimals } => Fill::Float { from: *from, to: *to, decimals: usize::from(*decimals) },
        Value::Choice(texts) => Fill::Choice(texts.iter().map(|text| text.clone().into_bytes()).collect()),
        Value::Uuid => Fill::Uuid,
        Value::Letters { length, alphabet } => {
            Fill::Letters { length: *length, alphabet: alphabet.clone().into_bytes() }
        }
        Value::Now(moment) => Fill::Now(*moment),
        Value::Iteration => Fill::Iteration,
        Value::Vu => Fill::Vu,
        Value::Index => Fill::Index,
        _ => Fill::Nothing,
    }
}
