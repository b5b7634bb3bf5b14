//! Time: what it costs to ask for it, and how late sleepers are woken.

use runlog::units::{Nanos, Percentile};

use super::finding::{Finding, Group, Level};
use super::machine::Machine;
use crate::worker::Pacing;

const CLOCKS: &str = "/sys/devices/system/clocksource/clocksource0";
/// Clocks that are read without a system call.
const QUICK: [&str; 4] = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"];
/// A slower look at the clock than this shows in the figures.
const READING_MOST: Nanos = Nanos(500);

/// Looks at clocks and timers.
pub fn look(machine: &Machine<'_>) -> Group {
    Group::new("Time", [("clock", clock(machine)), ("wake-ups", wake_ups(machine))])
}

fn clock(machine: &Machine<'_>) -> Option<Finding> {
    let name = machine.text(&format!("{CLOCKS}/current_clocksource"))?;
    let reading = machine.measured.clock_reading;
    let found = format!("{name}, {reading} for a look");
    if QUICK.contains(&name.as_str()) && reading <= READING_MOST {
        return Some(Finding::good(found));
    }
    let why = "The time is asked for twice or more for each request: with a slow clock a core makes fewer of them.";
    let available = machine.text(&format!("{CLOCKS}/available_clocksource")).unwrap_or_default();
    let finding = Finding::bad(Level::Hurts, found, why);
    Some(if name != "tsc" && available.split_whitespace().any(|clock| clock == "tsc") {
        finding.mended_by("echo tsc | tee /sys/devices/system/clocksource/*/current_clocksource")
    } else {
        finding
    })
}

/// How late sleepers are woken: what `--pacing` makes up for by staying awake.
fn wake_ups(machine: &Machine<'_>) -> Option<Finding> {
    let lags = &machine.measured.wake_ups;
    let at = |percentile: Percentile| lags.get(percentile.index(lags.len())?).copied();
    let (p50, p99) = (at(Percentile::P50)?, at(Percentile::P99)?);
    let slack = machine.number("/proc/self/timerslack_ns").map(|slack| format!(", slack {}", Nanos(slack)));
    let found = format!("late by {p50} (p50), {p99} (p99){}", slack.unwrap_or_default());
    if p99 <= Pacing::Balanced.awake() {
        return Some(Finding::good(found));
    }
    let precise = Pacing::Precise.awake();
    if p99 <= precise {
        let why = format!(
            "Unless told otherwise a worker is awake for the last {} before an arrival: some arrivals are late.",
            Pacing::Balanced.awake()
        );
        return Some(Finding::bad(Level::Note, found, why).mended_by("drumfire run … --pacing precise"));
    }
    let why =
        format!("Later than the {precise} that `--pacing precise` makes up for: arrivals are late, and lag shows it.");
    Some(
        Finding::bad(Level::Hurts, found, why).mended_by("a machine, or processors (--cores), with nothing else to do"),
    )
}
