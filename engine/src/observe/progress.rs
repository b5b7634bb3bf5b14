//! Progress on the screen: a bar on a terminal, a plain line every few seconds where there is none.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use runlog::spread::Spread;
use runlog::units::{Nanos, Percentile, Rate, Thousands};

use crate::stop::Stop;
use crate::worker::report::Second;

/// How far apart plain lines are.
const LINES: Nanos = Nanos::from_secs(5);
/// How long a report counts towards the current figures: all cores report within it.
const CURRENT: Nanos = Nanos::from_millis(1_500);

/// How the load is doing, for a person.
pub struct Progress {
    total: Nanos,
    show: Show,
    /// The last second of each worker.
    latest: Vec<Option<Second>>,
    failed: u64,
    done: u64,
}

enum Show {
    Nothing,
    Bar(ProgressBar),
    Lines { next: Nanos },
}

impl Progress {
    /// Progress of a run that is planned to take so long; none where it is to be quiet.
    pub fn new(total: Nanos, workers: usize, quiet: bool) -> Self {
        let show = if quiet {
            Show::Nothing
        } else if stderr().is_terminal() {
            Show::Bar(bar(total))
        } else {
            Show::Lines { next: LINES }
        };
        Self { total, show, latest: vec![None; workers], failed: 0, done: 0 }
    }

    /// Takes a core's last second. Returns the one before.
    pub fn add(&mut self, second: Second) -> Option<Second> {
        self.failed += second.gauge.failed;
        self.done += second.gauge.done;
        let place = second.seat.place;
        self.latest[place].replace(second)
    }

    /// Brings the screen up to date.
    pub fn show(&mut self, now: Nanos, stop: &Stop) {
        let line = self.line(now, stop);
        match &mut self.show {
            Show::Nothing => {}
            Show::Bar(bar) => {
                bar.set_position(now.min(self.total).0 / 1_000_000);
                bar.set_message(line);
            }
            Show::Lines { next } => {
                if now >= *next {
                    *next = next.after(LINES);
                    // Nobody may be listening; the run goes on.
                    let _ = writeln!(stderr(), "{now} of {}: {line}", self.total);
                }
            }
        }
    }

    /// Says something beside the progress, even where that is not shown.
    pub fn note(&self, text: &str) {
        match &self.show {
            Show::Bar(bar) if !bar.is_finished() => bar.println(text),
            // Nobody may be listening any more.
            _ => drop(writeln!(stderr(), "{text}")),
        }
    }

    /// Leaves the screen to others.
    pub fn clear(&self) {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }

    fn line(&self, now: Nanos, stop: &Stop) -> String {
        if stop.requested() {
            return "stopping …".to_owned();
        }
        let current = || self.latest.iter().flatten().filter(|second| now.since(second.until) < CURRENT);
        let rate = current().filter_map(|second| {
            let seconds = second.until.since(second.gauge.since).as_secs_f64();
            (seconds > 0.0).then(|| second.gauge.done as f64 / seconds)
        });
        let mut response = Spread::default();
        current().for_each(|second| response.add(&second.gauge.response));
        let p99 = response.percentile(Percentile::P99).map_or("–".to_owned(), |(_, upper)| Nanos(upper).to_string());
        format!(
            "{:>9}  {} in flight  {} errors  p99 {p99}",
            Rate::per_second(rate.sum()).unwrap_or_default(),
            Thousands(current().map(|second| second.in_flight).sum()),
            Thousands(self.failed),
        )
    }
}

fn bar(total: Nanos) -> ProgressBar {
    // The template is a constant that parses.
    let style = ProgressStyle::with_template("{bar:24.cyan/dim} {elapsed_precise} of {prefix}  {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total.0 / 1_000_000), ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style.progress_chars("━━─"));
    bar.set_prefix(total.to_string());
    bar
}
