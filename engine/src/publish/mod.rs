//! Figures for those outside who watch a run while it lasts: an endpoint that Prometheus scrapes, and figures that are sent.
//!
//! In: what workers report once a second, what probes see, which thresholds hold. `figures` is what that adds up to; `families`
//! names it, told apart by `labels` as `naming` has them; `serve` answers who asks and `push` sends them, on the thread of
//! `beside`; `outlets` is what of that was asked for. It knows nothing of rows and of the run directory, and no worker ever
//! waits for it.

mod address;
mod beside;
mod families;
mod figures;
mod labels;
mod naming;
mod outlets;
mod push;
mod series;
mod serve;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::proto::MetricFamily;
use runlog::course::Course;
use runlog::manifest::Manifest;
use runlog::summary::Summary;
use runlog::units::Nanos;

use self::address::Endpoint;
pub use self::address::parse_address;
use self::beside::Beside;
use self::families::Families;
use self::figures::Figures;
pub use self::figures::ProbeValue;
pub use self::outlets::{OutletError, Outlets};
use self::push::Push;
pub use self::push::redacted;
use self::serve::Page;
use crate::clock::Clock;
use crate::plan::Plan;
use crate::stop::Stop;
use crate::worker::breakdown::{Breakdown, Layout};
use crate::worker::report::Second;

/// How often whoever waits for the last scrape looks whether to go on waiting.
const LOOK: Nanos = Nanos::from_millis(100);

/// Publishes the figures of a run.
pub struct Publisher {
    shared: Arc<Shared>,
    beside: Beside,
    /// Told of each scrape of figures that will not change any more; absent where nobody can scrape.
    scraped: Option<Receiver<()>>,
    linger: Nanos,
    pushes: Arc<[Push]>,
    places: Vec<String>,
    put_together: usize,
}

/// What the run adds to, and who publishes reads.
struct Shared {
    families: Families,
    figures: Mutex<Figures>,
    /// When the load began, since 1970.
    began: Nanos,
    clock: Clock,
}

impl Publisher {
    /// Begins to publish what happens in a run, which is called `run`. `layout` is what its workers count by.
    ///
    /// # Errors
    /// Where the system refuses a thread or the socket.
    pub fn start(
        outlets: Outlets,
        run: &str,
        (plan, manifest): (&'static Plan, &'static Manifest),
        layout: &'static Layout,
        clock: Clock,
    ) -> io::Result<Self> {
        let places = outlets.shown().collect();
        let Outlets { endpoint, remote_write, otlp } = outlets;
        let began = Nanos(manifest.started_unix_ns);
        let families = Families::new(run, plan, manifest, layout, clock);
        let figures = Mutex::new(Figures::new(Breakdown::new(layout)));
        let shared = Arc::new(Shared { families, figures, began, clock });
        let host = &manifest.host.name;
        let remote_write = remote_write.map(|to| Push::by_remote_write(to, host));
        let otlp = otlp.map(|to| Push::by_otlp(to, host, began));
        let pushes: Arc<[Push]> = remote_write.into_iter().chain(otlp).collect();
        let (listener, linger) = endpoint.map(Endpoint::into_parts).unzip();
        let (tell, scraped) = sync_channel(1);
        let scraped = listener.is_some().then_some(scraped);
        let beside = Beside::start(&shared, listener, tell, &pushes)?;
        let (linger, put_together) = (linger.unwrap_or_default(), layout.put_together());
        Ok(Self { shared, beside, scraped, linger, pushes, places, put_together })
    }

    /// Where figures go, as people may see it.
    pub fn places(&self) -> &[String] {
        &self.places
    }

    /// How many requests of scenarios are too many to be told apart.
    pub const fn put_together(&self) -> usize {
        self.put_together
    }

    /// What a person should know while the run lasts: each destination that cannot be reached, once.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.pushes.iter().filter_map(Push::warning)
    }

    /// Takes a core's last second.
    pub fn hear(&self, second: &Second) {
        self.shared.lock().hear(second);
    }

    /// Takes the course that the load takes by now.
    pub fn follow(&self, course: &Course) {
        self.shared.lock().course.clone_from(course);
    }

    /// Takes which thresholds hold by now, of those that there was anything to judge of.
    pub fn thresholds(&self, judged: impl Iterator<Item = (String, bool)>) {
        self.shared.lock().stand(judged);
    }

    /// Takes what the probes have seen when they looked last.
    pub fn probes(&self, values: impl Iterator<Item = ProbeValue>) {
        self.shared.lock().see(values);
    }

    /// Takes what came of the thresholds, and ends: where that was asked for, when what will not change any more has been
    /// scraped once, or the time for that is over. Returns what a person should know of it.
    pub fn end(self, summary: &Summary, stop: &Stop) -> Vec<String> {
        let results = summary.thresholds.iter().map(|result| (result.threshold.clone(), result.passed));
        self.shared.lock().conclude(results);
        if let Some(scraped) = &self.scraped {
            wait_for(scraped, self.linger, stop);
        }
        self.beside.end();
        self.pushes.iter().filter_map(Push::account).collect()
    }
}

/// Waits until the last figures were scraped, for no longer than that, and not against somebody's will.
fn wait_for(scraped: &Receiver<()>, longest: Nanos, stop: &Stop) {
    let clock = Clock::starting_in(Nanos::ZERO);
    while clock.now() < longest && !stop.interrupted() {
        match scraped.recv_timeout(longest.since(clock.now()).min(LOOK).into()) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn families(&self) -> Vec<MetricFamily> {
        self.families.of(&self.lock())
    }

    fn page(&self) -> Page {
        let (families, is_final) = {
            let figures = self.lock();
            (self.families.of(&figures), figures.is_final())
        };
        Page { text: series::text(&families), is_final }
    }

    /// Now, since 1970.
    fn now(&self) -> Nanos {
        self.began.after(self.clock.now())
    }
}
