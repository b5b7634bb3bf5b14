//! The heart of a worker: turn after turn it hands out what is due, lets it depart, waits, and hears what has happened.

use runlog::units::Nanos;

use super::agenda::Agenda;
use super::core::Core;
use super::pacing::Pacing;
use super::report::Second;
use super::watch::Watch;
use crate::clock::Clock;
use crate::control::Dial;
use crate::stop::Stop;
use crate::wire::{Wait, Wire};

/// How long a look is put off while connections are opened before the load.
const WARMING: Wait = Wait::Asleep(Nanos::from_millis(1));

/// Opens the connections that are to be open before the load, and gives up those that take too long. Returns how many are open.
pub fn warm_up(core: &mut Core, wire: &mut impl Wire, stop: &Stop) -> u64 {
    let clock = Clock::starting_in(Nanos::ZERO);
    core.warm_up();
    while !core.is_warm() && !stop.requested() {
        wire.turn(core.depart(clock.now()), WARMING, clock);
        let now = clock.now();
        wire.reap(|event| core.hear(event, now));
        core.expire(now);
    }
    core.warmed();
    core.open_connections()
}

/// Drives a core from the start to the end of its run, on the course that the dial says. `publish` is called once a second
/// and at the end.
pub fn drive(
    core: &mut Core,
    wire: &mut impl Wire,
    clock: Clock,
    pacing: Pacing,
    (stop, dial): (&Stop, &Dial),
    publish: impl FnMut(Second),
) {
    let mut agenda = Agenda::new(core);
    let mut watch = Watch::new(clock.now(), publish);
    loop {
        let now = clock.now();
        // What takes effect by now was on the dial before: the clock is read first.
        agenda.follow(core, dial);
        agenda.hand_out(core, now);
        if now >= agenda.next_look(core) {
            let is_over = agenda.look_after(core, now);
            watch.look(core, now);
            if is_over || stop.requested() {
                break;
            }
        }
        let wait = pacing.wait(now, agenda.next_due(core), agenda.next_look(core));
        watch.spun(wire.turn(core.depart(now), wait, clock));

        let now = clock.now();
        agenda.follow(core, dial);
        wire.reap(|event| core.hear(event, now));
        core.settle(now);
    }
    let now = clock.now();
    agenda.follow(core, dial);
    agenda.wind_up(core, now);
    watch.report(core, clock.now());
    core.books.recorder.close();
}
