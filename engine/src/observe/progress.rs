//! Progress for a person: a screen on a terminal, a plain line every few seconds where there is none.

use std::io::{Write, stderr};

use runlog::text::printable_lines;
use runlog::units::{Nanos, Thousands};

use super::screen::Screen;
use super::standing::Standing;
use crate::stop::Stop;

/// How far apart plain lines are.
const LINES: Nanos = Nanos::from_secs(5);

/// Where it is shown.
pub enum Progress {
    /// Nowhere.
    Nothing,
    /// On a terminal.
    Screen(Box<Screen>),
    /// In lines.
    Lines {
        /// When the next one is due.
        next: Nanos,
    },
}

impl Progress {
    /// Progress where there is somebody to see it; none where it is to be quiet.
    pub fn new(quiet: bool) -> Self {
        if quiet {
            return Self::Nothing;
        }
        Screen::open().map_or(Self::Lines { next: LINES }, |screen| Self::Screen(Box::new(screen)))
    }

    /// Whether it is time to show how the run stands.
    pub fn is_due(&self, now: Nanos) -> bool {
        match self {
            Self::Nothing => false,
            Self::Screen(screen) => screen.is_due(now),
            Self::Lines { next } => now >= *next,
        }
    }

    /// Shows how the run stands. Whoever looks at it may stop the run.
    pub fn show(&mut self, standing: &Standing, stop: &Stop) {
        match self {
            Self::Nothing => {}
            Self::Screen(screen) => screen.show(standing, stop),
            Self::Lines { next } => {
                *next = next.after(LINES);
                // Nobody may be listening; the run goes on.
                let _ = writeln!(stderr(), "{} of {}: {}", standing.now, standing.planned, line(standing));
            }
        }
    }

    /// Says something beside the progress, even where that is not shown.
    pub fn note(&mut self, text: &str) {
        match self {
            Self::Screen(screen) => screen.note(text),
            // Nobody may be listening any more.
            Self::Nothing | Self::Lines { .. } => drop(writeln!(stderr(), "{}", printable_lines(text))),
        }
    }

    /// Leaves the terminal to others, as it was found.
    pub fn clear(&mut self) {
        if let Self::Screen(screen) = self {
            screen.leave();
        }
    }

    /// Leaves the terminal to others for good; what there is to say from now on is said in lines.
    pub fn step_aside(&mut self, now: Nanos) {
        if let Self::Screen(screen) = self {
            screen.leave();
            *self = Self::Lines { next: now };
        }
    }
}

fn line(standing: &Standing) -> String {
    let Standing { state, recent, failed, .. } = standing;
    if let Some(state) = state {
        return state.clone();
    }
    let p99 = recent.response.map_or("–".to_owned(), |figures| Nanos(figures.p99).to_string());
    format!(
        "{:>9}  {} in flight  {} errors  p99 {p99}",
        recent.requests,
        Thousands(recent.in_flight),
        Thousands(*failed),
    )
}
