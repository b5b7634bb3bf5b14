//! Who does it: one worker per core, pinned, with a runtime of its own.
//!
//! In: the plan, shared and read-only, and a recorder. Out: a row for every arrival, and once a second a report. A worker
//! knows nothing of scenario files, of the run directory or of who reads its reports.
//!
//! `drive` goes round: it hands arrivals (`arrivals`, `pool`) to virtual users (`vu`, woken through their `lane`), each of
//! which makes requests (`exchange`) over its `connection`, whose bytes `framing` follows; `pacer` waits for what is next.

mod arrivals;
mod connection;
mod core;
mod drive;
mod exchange;
pub mod framing;
mod lane;
pub mod ledger;
mod pacer;
mod pool;
pub mod report;
mod seat;
mod vu;

use std::io;
use std::rc::Rc;

use self::core::Core;
use self::ledger::Ledger;
use self::pacer::Pacer;
use self::report::{Finished, Second};
pub use self::seat::Seat;
use crate::clock::Clock;
use crate::plan::Plan;
use crate::record::Recorder;
use crate::ring::Driver;
use crate::stop::Stop;

/// What a worker is given.
pub struct Work {
    /// What will happen.
    pub plan: &'static Plan,
    /// What sockets are driven by.
    pub driver: Driver,
    /// The time.
    pub clock: Clock,
    /// Which worker it is.
    pub seat: Seat,
    /// Where its rows go.
    pub recorder: Recorder,
    /// What its rows add up to: nothing yet.
    pub ledger: Ledger,
}

/// Runs one core's part of the plan on this thread, to its end. `publish` is called once a second.
///
/// # Errors
/// Where the system grants no runtime.
pub fn run(work: Work, stop: &Stop, publish: impl FnMut(Second)) -> io::Result<Finished> {
    let Work { plan, driver, clock, seat, recorder, ledger } = work;
    core_affinity::set_for_current(core_affinity::CoreId { id: seat.cpu });
    driver.block_on(async {
        let pacer = Pacer::new(driver, clock)?;
        pacer.wait_for_start().await;
        let core = Rc::new(Core::new(plan, clock, seat, pacer, recorder, ledger));
        drive::drive(Rc::clone(&core), stop, publish).await;
        Ok(Finished { seat, scheduled: core.scheduled(), ledger: core.books(), record_stall: core.record_stall() })
    })?
}
