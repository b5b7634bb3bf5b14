//! What runs, against what, and how far it is.

use ratatui_core::style::Color;
use ratatui_core::text::Span;
use runlog::text::printable;
use runlog::units::{Nanos, Thousands};

use super::Keys;
use super::row::{Row, Worth, bold, cut, dim, doubtful, plain, tinted};
use crate::observe::standing::Standing;

/// The name of the run and its target, and on the right what state it is in, or else the keys.
pub fn title(standing: &Standing, width: usize, keys: Keys) -> Row {
    let right = match (&standing.state, keys) {
        (Some(state), _) => doubtful(format!("{state} ")),
        (None, Keys::None) => plain(""),
        (None, Keys::Short | Keys::All) => dim("q stops · ? keys "),
    };
    let room = width.saturating_sub(right.width() + 1);
    let name = cut(&printable(&standing.name), room.saturating_sub(1));
    let left = room.saturating_sub(1 + name.chars().count());
    let target = cut(&format!(" → {}", printable(&standing.target)), left);
    let space = " ".repeat(left.saturating_sub(target.chars().count()) + 1);
    Row::new(Worth::Headline, vec![plain(" "), bold(name), dim(target), plain(space), right])
}

/// How far the run is, as a bar and in words.
pub fn bar(standing: &Standing, width: usize) -> Row {
    let words = progress(standing);
    let room = width.saturating_sub(words.chars().count() + 4);
    let done = (share_done(standing) * room as f64).round() as usize;
    Row::new(
        Worth::Headline,
        vec![
            plain(" "),
            tinted("━".repeat(done), Color::Cyan),
            dim("─".repeat(room - done)),
            plain("  "),
            plain(words),
        ],
    )
}

/// How far the run is, in words.
pub fn progress(standing: &Standing) -> String {
    let Standing { now, planned, recent, .. } = standing;
    if now < planned {
        format!("{} of {}, {} left", clock(*now), clock(*planned), clock(planned.since(*now)))
    } else {
        let requests = if recent.in_flight == 1 { "request" } else { "requests" };
        format!("{}, {} {requests} on their way", clock(*now), Thousands(recent.in_flight))
    }
}

/// All keys.
pub fn keys(width: usize) -> Vec<Span<'static>> {
    let text = " q or Ctrl-C stops, with every row in its place · Ctrl-Z suspends · ? hides this";
    vec![dim(cut(text, width))]
}

/// A time in whole seconds, as one reads it on a clock that runs: `42 s`, `1m 30s`, `4h 10m`.
pub fn clock(time: Nanos) -> String {
    let seconds = (time.0 + 500_000_000) / 1_000_000_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn share_done(standing: &Standing) -> f64 {
    let planned = standing.planned.as_secs_f64();
    if planned > 0.0 { (standing.now.as_secs_f64() / planned).min(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_tells_whole_seconds() {
        let times = [400, 42_300, 59_600, 90_000, 15_000_000].map(|ms| clock(Nanos::from_millis(ms)));
        assert_eq!(times, ["0 s", "42 s", "1m 00s", "1m 30s", "4h 10m"]);
    }
}
