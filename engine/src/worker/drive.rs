//! The heart of a worker: turn after turn it hands out what is due, lets it depart, waits, and hears what has happened.

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::arrivals::Stream;
use super::core::Core;
use super::pacing::Pacing;
use super::report::Second;
use super::watch::Watch;
use crate::clock::Clock;
use crate::plan::{Load, Plan, Scenario};
use crate::stop::Stop;
use crate::wire::Wire;

/// How often stops and ends are looked for.
const TICK: Nanos = Nanos::from_millis(10);

/// Drives a core from the start to the end of its run. `publish` is called once a second and at the end.
pub fn drive(
    core: &mut Core,
    wire: &mut impl Wire,
    clock: Clock,
    pacing: Pacing,
    stop: &Stop,
    publish: impl FnMut(Second),
) {
    let mut streams = Stream::of(core);
    let mut ends = closed_ends(core.plan);
    let mut watch = Watch::new(clock.now(), publish);
    let mut tick = Nanos::ZERO;
    loop {
        let now = clock.now();
        for stream in &mut streams {
            stream.hand_out(core, now);
        }
        core.wake(now);
        if now >= tick.min(core.expiry()) {
            core.expire(now);
        }
        if now >= tick {
            tick = now.after(TICK);
            ends.retain(|&(scenario, end)| now < end || cut_off(core, scenario, now));
            let mut over = core.has_closed();
            for stream in &mut streams {
                over &= stream.is_over(core, now);
            }
            watch.look(core, now);
            if over || stop.requested() {
                break;
            }
        }
        let due = streams.iter_mut().filter_map(Stream::next_due).chain(core.next_wake()).min();
        let wait = pacing.wait(now, due.unwrap_or(Nanos(u64::MAX)), tick.min(core.expiry()));
        watch.spun(wire.turn(core.depart(now), wait));
        let now = clock.now();
        wire.reap(|event| core.hear(event, now));
        core.settle(now);
    }
    wind_up(core, &mut streams, clock.now());
    watch.report(core, clock.now());
    core.books.recorder.close();
}

/// The closed scenarios, with the instant at which their iterations are cut off.
fn closed_ends(plan: &Plan) -> Vec<(ScenarioId, Nanos)> {
    let end = |(id, scenario): (usize, &Scenario)| match scenario.load {
        Load::Closed { .. } => Some((ScenarioId(id as u16), scenario.load.duration().after(scenario.graceful_stop))),
        Load::Open(_) => None,
    };
    plan.scenarios.iter().enumerate().filter_map(end).collect()
}

/// Cuts off a scenario. Returns that it need not be cut off again.
fn cut_off(core: &mut Core, scenario: ScenarioId, now: Nanos) -> bool {
    core.interrupt(scenario, now);
    false
}

/// Cuts off what is still on its way, so that every arrival up to now gets its row.
fn wind_up(core: &mut Core, streams: &mut [Stream], now: Nanos) {
    for stream in streams {
        stream.give_up(core, now, now);
    }
    for (scenario, _) in closed_ends(core.plan) {
        core.interrupt(scenario, now);
    }
}
