//! Templates as they are filled at run time: bytes to copy, and gaps to fill. Everything that is known before the load is
//! bytes already.

use std::sync::Arc;

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::choice::{Choices, Purpose};
use crate::data::{self, AtEnd, Column, Order, row_for};
use crate::scenario::{Escape, Moment};

/// Bytes and gaps, one behind the other.
#[derive(Debug, Default)]
pub struct Template {
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    /// As it is sent.
    Literal(Vec<u8>),
    Fill(Fill, Escape),
    Repeat {
        times: u32,
        separator: Vec<u8>,
        template: Template,
    },
}

/// What a gap is filled with.
#[derive(Debug)]
pub enum Fill {
    /// A whole number, both ends included.
    Integer(i64, i64),
    /// A number with so many digits behind the point.
    Float {
        /// At least.
        from: f64,
        /// Less than.
        to: f64,
        /// Digits behind the point.
        decimals: usize,
    },
    /// One of these.
    Choice(Vec<Vec<u8>>),
    /// A UUID of version 4 (RFC 9562).
    Uuid,
    /// So many of these characters.
    Letters {
        /// How many.
        length: u32,
        /// What from.
        alphabet: Vec<u8>,
    },
    /// The time.
    Now(Moment),
    /// Which iteration of its virtual user this is.
    Iteration,
    /// The virtual user's number.
    Vu,
    /// Which repetition this is.
    Index,
    /// What a step has captured, or, where it has not, this.
    Captured(Slot, Option<Template>),
    /// A field of the iteration's row, or, where there is none, this.
    Data(Box<Field>, Option<Template>),
    /// Nothing: there is no such value.
    Nothing,
}

/// Where a captured value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(pub u16);

/// A field of a row of a feeder.
#[derive(Debug)]
pub struct Field {
    /// The feeder.
    pub feed: Feed,
    /// Which of its columns.
    pub column: Column,
}

/// A feeder as one scenario uses it. Scenarios that share one take its rows in turns.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its rows.
    pub table: Arc<data::Feeder>,
    /// Which one an iteration takes.
    pub order: Order,
    /// What happens when all have been taken.
    pub at_end: AtEnd,
    /// Its place among the feeders.
    pub place: u16,
    /// Which of those that share it the scenario is, and how many they are.
    pub turn: (u64, u64),
}

impl Feed {
    /// The row of the iteration of this number; `None` where all have been taken.
    fn row(&self, scene: &Scene<'_>) -> Option<u64> {
        let (turn, of) = self.turn;
        let chance = || {
            let purpose = Purpose::Row { feed: self.place, number: scene.number };
            Choices::new(scene.seed, scene.scenario, purpose).fraction()
        };
        row_for(self.order, self.at_end, self.table.rows(), scene.number * of + turn, chance)
    }

    /// How many iterations there are rows for; `None` where they never end.
    pub fn iterations(&self) -> Option<u64> {
        let (turn, of) = self.turn;
        let ends = self.order == Order::Once && self.at_end == AtEnd::Stop;
        ends.then(|| self.table.rows().saturating_sub(turn).div_ceil(of))
    }
}

/// What a gap can be filled from: who makes the request, and when.
#[derive(Debug)]
pub struct Scene<'a> {
    /// What happens by chance.
    pub choices: &'a mut Choices,
    /// What has been captured.
    pub captured: &'a [Option<Box<[u8]>>],
    /// The seed of the run.
    pub seed: u64,
    /// The scenario.
    pub scenario: ScenarioId,
    /// The number of the iteration among all of the scenario.
    pub number: u64,
    /// The number of the iteration among those of its virtual user.
    pub iteration: u64,
    /// The virtual user.
    pub vu: u32,
    /// The time since 1970.
    pub unix: Nanos,
}

/// A gap that cannot be filled: nothing was captured, or the row does not have the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing;

impl Template {
    /// Adds bytes to copy.
    pub fn push_literal(&mut self, bytes: &[u8]) {
        match self.segments.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Segment::Literal(literal)) => literal.extend_from_slice(bytes),
            _ => self.segments.push(Segment::Literal(bytes.to_vec())),
        }
    }

    /// Adds a gap to fill.
    pub fn push_fill(&mut self, fill: Fill, escape: Escape) {
        self.segments.push(Segment::Fill(fill, escape));
    }

    /// Adds a piece that is repeated.
    pub fn push_repeat(&mut self, times: u32, separator: &[u8], template: Self) {
        // What is always the same is repeated here and now, unless that takes more memory than it is worth.
        const LONGEST: usize = 64 << 10;
        match template.as_fixed() {
            Some(piece) if piece.len() * times as usize <= LONGEST => {
                for time in 0..times {
                    self.push_literal(if time > 0 { separator } else { &[] });
                    self.push_literal(piece);
                }
            }
            _ => self.segments.push(Segment::Repeat { times, separator: separator.to_vec(), template }),
        }
    }

    /// Adds all of another.
    pub fn append(&mut self, other: Self) {
        for segment in other.segments {
            match segment {
                Segment::Literal(bytes) => self.push_literal(&bytes),
                segment => self.segments.push(segment),
            }
        }
    }

    /// The bytes, where there is no gap.
    pub fn as_fixed(&self) -> Option<&[u8]> {
        match self.segments.as_slice() {
            [] => Some(&[]),
            [Segment::Literal(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// Writes the bytes, the gaps filled, behind those that are there.
    ///
    /// # Errors
    /// Where a gap cannot be filled; then part of it is written.
    pub fn write(&self, scene: &mut Scene<'_>, out: &mut Vec<u8>) -> Result<(), Missing> {
        self.write_repetition(scene, 0, out)
    }

    fn write_repetition(&self, scene: &mut Scene<'_>, index: u32, out: &mut Vec<u8>) -> Result<(), Missing> {
        for segment in &self.segments {
            match segment {
                Segment::Literal(bytes) => out.extend_from_slice(bytes),
                Segment::Fill(fill, escape) => fill.write(*escape, scene, index, out)?,
                Segment::Repeat { times, separator, template } => {
                    for index in 0..*times {
                        out.extend_from_slice(if index > 0 { separator } else { &[] });
                        template.write_repetition(scene, index, out)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Fill {
    fn write(&self, escape: Escape, scene: &mut Scene<'_>, index: u32, out: &mut Vec<u8>) -> Result<(), Missing> {
        match self {
            Self::Integer(from, to) => push_number(scene.choices.integer(*from, *to), out),
            Self::Float { from, to, decimals } => {
                let number = from + scene.choices.fraction() * (to - from);
                out.extend_from_slice(format!("{number:.decimals$}").as_bytes());
            }
            Self::Choice(texts) => {
                let place = (scene.choices.fraction() * texts.len() as f64) as usize;
                let text = texts.get(place).or_else(|| texts.last()).ok_or(Missing)?;
                return written(escape.write(text, out));
            }
            Self::Uuid => push_uuid(scene.choices, out),
            Self::Letters { length, alphabet } => {
                let mut text = Vec::with_capacity(*length as usize);
                for _ in 0..*length {
                    text.push(alphabet[(scene.choices.fraction() * alphabet.len() as f64) as usize % alphabet.len()]);
                }
                return written(escape.write(&text, out));
            }
            Self::Now(Moment::Unix) => push_number(scene.unix.0 / 1_000_000_000, out),
            Self::Now(Moment::UnixMillis) => push_number(scene.unix.0 / 1_000_000, out),
            Self::Now(Moment::Rfc3339) => {
                let now = std::time::UNIX_EPOCH + scene.unix.into();
                return written(escape.write(humantime::format_rfc3339_millis(now).to_string().as_bytes(), out));
            }
            Self::Iteration => push_number(scene.iteration, out),
            Self::Vu => push_number(scene.vu, out),
            Self::Index => push_number(index, out),
            Self::Captured(slot, otherwise) => {
                return match scene.captured.get(usize::from(slot.0)).and_then(Option::as_deref) {
                    Some(value) => written(escape.write(value, out)),
                    None => otherwise.as_ref().ok_or(Missing)?.write_repetition(scene, index, out),
                };
            }
            Self::Data(field, otherwise) => {
                let mut value = Vec::new();
                let row = field.feed.row(scene);
                return if row.is_some_and(|row| field.feed.table.value(row, &field.column, &mut value)) {
                    written(escape.write(&value, out))
                } else {
                    otherwise.as_ref().ok_or(Missing)?.write_repetition(scene, index, out)
                };
            }
            Self::Nothing => return Err(Missing),
        }
        Ok(())
    }
}

const fn written(could: bool) -> Result<(), Missing> {
    if could { Ok(()) } else { Err(Missing) }
}

fn push_number(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_uuid(choices: &mut Choices, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (high, low) = (choices.bits(), choices.bits());
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    let bits = u128::from(high) << 64 | u128::from(low);
    for digit in 0..32 {
        if matches!(digit, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(DIGITS[(bits >> (124 - 4 * digit) & 15) as usize]);
    }
}
