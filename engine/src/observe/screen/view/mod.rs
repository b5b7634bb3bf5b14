//! What is on the screen: a pure function from how a run stands and the size of a terminal to lines of text. What a colour
//! says, a word or a sign says too.

mod chart;
mod figures;
mod header;
mod narrow;
mod regular;
mod row;
mod stages;
mod verdicts;
mod wide;

use ratatui_core::text::Line;

use self::row::fit;
use crate::observe::standing::Standing;

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How wide it is.
    pub columns: u16,
    /// How high it is.
    pub rows: u16,
}

/// The keys that somebody may press, as a line tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// None: nobody can.
    None,
    /// Those that one has to know.
    Short,
    /// All of them.
    All,
}

/// From how many columns on there is a place for charts beside the figures.
const WIDE: u16 = 120;
/// From how many rows on charts are worth it.
const HIGH: u16 = 20;
/// Below how many columns only what matters most is shown.
const NARROW: u16 = 60;

/// How the run stands, in fewer lines than the terminal has rows, so that a line of what stood there before stays in sight.
/// Where it is too narrow for one, whoever draws them cuts it.
pub fn lines(standing: &Standing, size: Size, keys: Keys) -> Vec<Line<'static>> {
    let Size { columns, rows } = size;
    let most = usize::from(rows.saturating_sub(1)).max(1);
    let width = usize::from(columns);
    let lines = if columns < NARROW {
        narrow::rows(standing, width)
    } else if columns >= WIDE && rows >= HIGH {
        wide::rows(standing, width, most, keys)
    } else {
        regular::rows(standing, width, keys)
    };
    fit(lines, most)
}
