//! Figures for those outside who watch a run while it lasts: an endpoint that Prometheus scrapes.
//!
//! In: what workers report once a second, what probes see, which thresholds hold. `figures` is what that adds up to; `families`
//! names it, told apart by `labels` as `naming` has them; `serve` answers who asks, on a thread of its own. It knows nothing of rows
//! and of the run directory, and no worker ever waits for it.

mod address;
mod families;
mod figures;
mod labels;
mod naming;
mod series;
mod serve;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runlog::manifest::Manifest;
use runlog::summary::Summary;
use runlog::units::Nanos;

pub use self::address::{BindError, Endpoint, parse_address};
use self::families::Families;
use self::figures::Figures;
pub use self::figures::ProbeValue;
use self::serve::{Page, Server};
use crate::clock::Clock;
use crate::observe::ThresholdNow;
use crate::plan::Plan;
use crate::stop::Stop;
use crate::worker::breakdown::{Breakdown, Layout};
use crate::worker::report::Second;

/// How often whoever waits for the last scrape looks whether to go on waiting.
const LOOK: Nanos = Nanos::from_millis(100);

/// Publishes the figures of a run.
pub struct Publisher {
    shared: Arc<Shared>,
    server: Server,
    /// Told of each scrape of figures that will not change any more.
    scraped: Receiver<()>,
    linger: Nanos,
}

/// What the run adds to and who asks is told of.
struct Shared {
    families: Families,
    figures: Mutex<Figures>,
}

impl Publisher {
    /// Begins to publish what happens in a run, which is called `run`. `layout` is what its workers count by.
    ///
    /// # Errors
    /// Where the system refuses a thread or the socket.
    pub fn start(
        endpoint: Endpoint,
        run: &str,
        (plan, manifest): (&'static Plan, &'static Manifest),
        layout: &'static Layout,
        clock: Clock,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            families: Families::new(run, plan, manifest, layout, clock),
            figures: Mutex::new(Figures::new(Breakdown::new(layout))),
        });
        let (tell, scraped) = sync_channel(1);
        let page = {
            let shared = Arc::clone(&shared);
            move || shared.page()
        };
        let (listener, linger) = endpoint.into_parts();
        let server = Server::start(listener, page, tell)?;
        Ok(Self { shared, server, scraped, linger })
    }

    /// Takes a core's last second.
    pub fn hear(&self, second: &Second) {
        self.shared.lock().hear(second);
    }

    /// Takes how thresholds stand. Those with nothing to judge yet are not published.
    pub fn thresholds(&self, standings: impl Iterator<Item = ThresholdNow>) {
        let judged = standings.filter_map(|now| now.seen.map(|(_, holds)| (now.threshold, holds)));
        self.shared.lock().stand(judged);
    }

    /// Takes what the probes have seen when they looked last.
    pub fn probes(&self, values: impl Iterator<Item = ProbeValue>) {
        self.shared.lock().see(values);
    }

    /// Takes what came of the thresholds, and ends: where that was asked for, when what will not change any more has been
    /// scraped once, or the time for that is over.
    pub fn end(self, summary: &Summary, stop: &Stop) {
        let results = summary.thresholds.iter().map(|result| (result.threshold.clone(), result.passed));
        self.shared.lock().conclude(results);
        let clock = Clock::starting_in(Nanos::ZERO);
        while clock.now() < self.linger && !stop.interrupted() {
            let left = self.linger.since(clock.now()).min(LOOK);
            match self.scraped.recv_timeout(left.into()) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.server.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self) -> Page {
        let (families, is_final) = {
            let figures = self.lock();
            (self.families.of(&figures), figures.is_final())
        };
        Page { text: series::text(&families), is_final }
    }
}
