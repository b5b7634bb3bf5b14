//! Who does it: one worker per core, pinned, with a wire of its own.
//!
//! In: the plan, shared and read-only, and a recorder. Out: a row for every arrival, and once a second a report. A worker
//! knows nothing of scenario files, of the run directory or of who reads its reports.
//!
//! `drive` goes round by the `agenda`, and everything else is decided by `core` without a socket or a clock: arrivals
//! (`arrivals`, `pool`) find virtual users (`crew`, `vu`), who go their ways through flows (`journey`); their requests (`exchange`)
//! travel over connections (`traffic`, `line`, `framing`), are listened to where something is wanted of the answer (`hearing`) and
//! end as rows in the `books`. `pacing` says how to wait for what is next; `watch` looks at it all once a second. Where somebody publishes figures, rows are
//! also counted in the `breakdown`, their times in `buckets`.

mod agenda;
mod arrivals;
mod books;
pub mod breakdown;
pub mod buckets;
mod core;
mod crew;
mod drive;
mod exchange;
pub mod framing;
mod gate;
pub mod hearing;
pub mod journey;
pub mod ledger;
mod line;
mod names;
mod opening;
mod outbox;
mod pacing;
mod pool;
pub mod report;
mod seat;
#[cfg(test)]
mod simulation;
mod spare;
mod traffic;
pub mod trouble;
mod vu;
mod watch;

use std::io;

use runlog::units::Nanos;

use self::books::Books;
use self::breakdown::Breakdown;
use self::core::Core;
pub use self::gate::{Gate, Gates};
use self::ledger::Ledger;
pub use self::pacing::Pacing;
use self::report::{Finished, Second};
pub use self::seat::Seat;
use crate::control::Dial;
use crate::plan::Plan;
use crate::record::Recorder;
use crate::stop::Stop;
use crate::wire::{Driver, Ring, Runtime, Wire};

/// What a worker is given.
pub struct Work {
    /// What will happen.
    pub plan: &'static Plan,
    /// What sockets are driven by.
    pub driver: Driver,
    /// How punctual it is.
    pub pacing: Pacing,
    /// Which worker it is.
    pub seat: Seat,
    /// What is changed of the load by hand.
    pub dial: &'static Dial,
    /// Where its rows go.
    pub recorder: Recorder,
    /// What its rows add up to: nothing yet.
    pub ledger: Ledger,
    /// What they are counted in for whoever publishes figures; absent where nobody does.
    pub breakdown: Breakdown,
    /// Where it waits for the others.
    pub gate: Gate,
}

/// Runs one core's part of the plan on this thread, to its end. `publish` is called once a second.
///
/// # Errors
/// Where the system grants no wire.
pub fn run(work: Work, stop: &Stop, publish: impl FnMut(Second)) -> io::Result<Finished> {
    core_affinity::set_for_current(core_affinity::CoreId { id: work.seat.cpu });
    let connections = Core::most_connections(work.plan, work.seat).max(1);
    match work.driver {
        Driver::Ring => Ok(work_over(Ring::new(connections)?, work, stop, publish)),
        driver => Ok(work_over(Runtime::new(driver, connections)?, work, stop, publish)),
    }
}

fn work_over(mut wire: impl Wire, work: Work, stop: &Stop, publish: impl FnMut(Second)) -> Finished {
    let Work { plan, pacing, seat, dial, recorder, ledger, breakdown, gate, .. } = work;
    let mut core = Core::new(plan, seat, Books::new(recorder, ledger, breakdown, Nanos::ZERO));
    let open = drive::warm_up(&mut core, &mut wire, stop);
    let Some(clock) = gate.wait(open) else { return finished(core) };
    core.start_at(Nanos(clock.start_unix_ns()));
    clock.wait_for_start();
    drive::drive(&mut core, &mut wire, clock, pacing, (stop, dial), publish);
    finished(core)
}

fn finished(core: Core) -> Finished {
    let (seat, lookups) = (core.seat, core.lookups());
    let Books { ledger, recorder, scheduled, .. } = core.books;
    Finished { seat, scheduled, ledger, record_stall: recorder.stall(), lookups }
}
