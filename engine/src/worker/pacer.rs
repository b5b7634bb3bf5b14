//! Waits for an instant, to the microsecond where it matters, without starving the ring.
//!
//! Far from the instant the worker sleeps on a timer file that is read through the ring; close to it, it spins *through
//! the ring*: it awaits reads that complete at once, so that every turn also submits what is to be sent and reaps what
//! has come. (A task that merely wakes itself would keep the ring from being reaped at all.) On epoll, where a worker
//! that has something to do still polls its sockets, it spins by yielding, and sleeps by the runtime's millisecond timer.

use std::cell::Cell;
use std::io;

use monoio::fs::File;
use runlog::units::Nanos;
use rustix::fs::{Mode, OFlags};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::clock::Clock;
use crate::ring::Driver;

/// How long before an instant the worker stops sleeping: longer than a timer is ever late on a machine in order.
const SPIN: Nanos = Nanos::from_micros(200);
/// The same by the runtime's millisecond timer.
const SPIN_ON_EPOLL: Nanos = Nanos::from_millis(2);

/// Waits for instants on one core.
pub struct Pacer {
    clock: Clock,
    means: Means,
    /// When the timer that is being waited for rings; the end of time while none is.
    rings_at: Cell<Nanos>,
    /// Where reads of no interest go: eight bytes, which a timer's reader must offer.
    scrap: Cell<Vec<u8>>,
}

enum Means {
    Ring { timer: File, timer_fd: std::os::fd::OwnedFd, zero: File },
    Epoll,
}

/// How a wait was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Asleep: the processor was free.
    Sleeping,
    /// Awake, for the sake of punctuality: the processor was burnt.
    Spinning,
}

impl Pacer {
    /// A pacer on this thread's runtime.
    ///
    /// # Errors
    /// Where the system grants no timer.
    pub fn new(driver: Driver, clock: Clock) -> io::Result<Self> {
        let means = if driver == Driver::Epoll {
            Means::Epoll
        } else {
            let timer_fd = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
            let zero = rustix::fs::open("/dev/zero", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            Means::Ring {
                timer: File::from_std(std::fs::File::from(timer_fd.try_clone()?))?,
                timer_fd,
                zero: File::from_std(std::fs::File::from(zero))?,
            }
        };
        Ok(Self { clock, means, rings_at: Cell::new(Nanos(u64::MAX)), scrap: Cell::new(Vec::with_capacity(8)) })
    }

    /// Waits for t=0 of the run.
    pub async fn wait_for_start(&self) {
        while self.clock.until_start() > Nanos::ZERO {
            self.turn().await;
        }
    }

    /// Waits until about the earlier of two instants: `punctual` to the microsecond, `leisurely` as the timer likes. May
    /// return early: the caller looks at the clock and comes back.
    pub async fn wait(&self, punctual: Nanos, leisurely: Nanos) -> Spent {
        let spin = match self.means {
            Means::Ring { .. } => SPIN,
            Means::Epoll => SPIN_ON_EPOLL,
        };
        let wake = leisurely.min(punctual.since(spin));
        let asleep = wake.since(self.clock.now());
        if asleep == Nanos::ZERO {
            self.turn().await;
            return Spent::Spinning;
        }
        self.rings_at.set(wake);
        match &self.means {
            Means::Ring { timer, timer_fd, .. } => {
                set(timer_fd, asleep);
                // A failed read returns at once, which makes a spin of the sleep: costly, but never late.
                self.read(timer).await;
            }
            Means::Epoll => monoio::time::sleep(asleep.min(Nanos::from_millis(1)).into()).await,
        }
        self.rings_at.set(Nanos(u64::MAX));
        Spent::Sleeping
    }

    /// Lets the ring submit and reap once, without waiting.
    pub async fn turn(&self) {
        match &self.means {
            Means::Ring { zero, .. } => {
                self.read(zero).await;
            }
            Means::Epoll => yield_once().await,
        }
    }

    async fn read(&self, file: &File) {
        let (_, scrap) = file.read_at(self.scrap.take(), 0).await;
        self.scrap.set(scrap);
    }

    /// Somebody else on this core waits for this instant too: the sleep, if there is one, ends in time for it.
    pub fn not_later_than(&self, instant: Nanos) {
        let wake = instant.since(SPIN);
        if wake >= self.rings_at.get() {
            return;
        }
        if let Means::Ring { timer_fd, .. } = &self.means {
            self.rings_at.set(wake);
            // Zero would switch the timer off.
            set(timer_fd, wake.since(self.clock.now()).max(Nanos(1)));
        }
    }
}

fn set(timer: &impl std::os::fd::AsFd, span: Nanos) {
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: (span.0 / 1_000_000_000).cast_signed(),
            tv_nsec: (span.0 % 1_000_000_000).cast_signed(),
        },
    };
    // Only a span that is no span is refused.
    let _ = rustix::time::timerfd_settime(timer, TimerfdTimerFlags::empty(), &once);
}

/// Lets every other task have its turn, and the sockets too. monoio puts a task that wakes itself in front of all others;
/// one that waits for a new one comes behind them.
async fn yield_once() {
    monoio::spawn(async {}).await;
}
