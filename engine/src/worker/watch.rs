//! How a core is doing, looked at once a second from within.

use runlog::units::Nanos;
use rustix::time::{ClockId, clock_gettime};

use super::core::Core;
use super::report::{Gauges, Second};

/// How often the core reports, and hands its rows on to the disk.
const REPORT: Nanos = Nanos::from_secs(1);

/// Watches a core and reports.
pub struct Watch<P> {
    publish: P,
    gauges: Gauges,
    next: Nanos,
    demand: Nanos,
    stall: Nanos,
    spun: Nanos,
}

impl<P: FnMut(Second)> Watch<P> {
    /// A watch that begins now.
    pub fn new(now: Nanos, publish: P) -> Self {
        let gauges = Gauges::default();
        Self {
            publish,
            gauges,
            next: now.after(REPORT),
            demand: thread_demand(),
            stall: Nanos::ZERO,
            spun: Nanos::ZERO,
        }
    }

    /// So long has the core been awake with nothing to do.
    pub const fn spun(&mut self, span: Nanos) {
        self.spun = self.spun.after(span);
    }

    /// Reports if it is time to.
    pub fn look(&mut self, core: &mut Core, now: Nanos) {
        if now >= self.next {
            self.next = self.next.after(REPORT);
            self.report(core, now);
        }
    }

    /// Reports.
    pub fn report(&mut self, core: &mut Core, now: Nanos) {
        core.books.recorder.hand_on();
        let gauge = core.books.turn(self.gauges.take(now));
        let (demand, stall) = (thread_demand(), core.books.recorder.stall());
        let second = Second {
            seat: core.seat,
            until: now,
            gauge,
            in_flight: core.in_flight(),
            connections: core.open_connections(),
            backlog: core.backlog(),
            vus: core.busy_vus(),
            busy: demand.since(self.demand).since(self.spun),
            record_stall: stall.since(self.stall),
            home: self.gauges.home(),
        };
        (self.demand, self.stall, self.spun) = (demand, stall, Nanos::ZERO);
        (self.publish)(second);
    }
}

/// How long this thread has wanted a processor so far: had one, or waited for one that others had.
fn thread_demand() -> Nanos {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let mut figures = scheduled.split_ascii_whitespace().map_while(|figure| figure.parse::<u64>().ok());
    if let (Some(ran), Some(waited)) = (figures.next(), figures.next()) {
        return Nanos(ran + waited);
    }
    // A kernel that does not count the waiting still counts the running.
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Nanos(time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs())
}
