//! Progress for a person: a bar on a terminal, a plain line every few seconds where there is none.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use runlog::units::{Nanos, Thousands};

use super::standing::Standing;

/// How far apart plain lines are.
const LINES: Nanos = Nanos::from_secs(5);

/// Where it is shown.
pub enum Progress {
    /// Nowhere.
    Nothing,
    /// On a terminal.
    Bar(ProgressBar),
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
            Self::Nothing
        } else if stderr().is_terminal() {
            Self::Bar(bar())
        } else {
            Self::Lines { next: LINES }
        }
    }

    /// Whether it is time to show how the run stands.
    pub fn is_due(&self, now: Nanos) -> bool {
        match self {
            Self::Nothing => false,
            Self::Bar(_) => true,
            Self::Lines { next } => now >= *next,
        }
    }

    /// Shows how the run stands.
    pub fn show(&mut self, standing: &Standing) {
        let Standing { now, planned, .. } = *standing;
        match self {
            Self::Nothing => {}
            Self::Bar(bar) => {
                bar.set_length(planned.0 / 1_000_000);
                bar.set_prefix(planned.to_string());
                bar.set_position(now.min(planned).0 / 1_000_000);
                bar.set_message(line(standing));
            }
            Self::Lines { next } => {
                *next = next.after(LINES);
                // Nobody may be listening; the run goes on.
                let _ = writeln!(stderr(), "{now} of {planned}: {}", line(standing));
            }
        }
    }

    /// Says something beside the progress, even where that is not shown.
    pub fn note(&self, text: &str) {
        match self {
            Self::Bar(bar) => bar.println(text),
            // Nobody may be listening any more.
            _ => drop(writeln!(stderr(), "{text}")),
        }
    }

    /// Leaves the screen to others.
    pub fn clear(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
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

fn bar() -> ProgressBar {
    // The template is a constant that parses.
    let style = ProgressStyle::with_template("{bar:24.cyan/dim} {elapsed_precise} of {prefix}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style.progress_chars("━━─"));
    bar
}
