//! The thread beside the load: a task for each probe, each on its own schedule, so that a slow one holds up no other.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use runlog::units::Nanos;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::command::Command;
use super::host::Host;
use super::json::Json;
use super::postgres::Postgres;
use super::prometheus::Prometheus;
use super::{Probe, Sample};
use crate::clock::Clock;
use crate::plan::{self, Sampling};

/// How much less than others the thread insists on a processor: where one is free, that is nothing.
const NICE: i32 = 10;
/// How many looks wait at the most to be taken note of.
const MOST_UNHEARD: usize = 1_000;

/// What came of a look.
#[derive(Debug)]
pub struct Told {
    /// The probe's place in the plan.
    pub probe: usize,
    /// When, since t=0; what was looked at before is of t=0.
    pub at: Nanos,
    /// What came of it.
    pub what: What,
}

/// What comes of a look.
#[derive(Debug)]
pub enum What {
    /// These values.
    Seen(Vec<Sample>),
    /// None, and why.
    Failed(String),
}

/// The probes of a run, at work.
#[derive(Debug)]
pub struct Beside {
    told: Receiver<Told>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Beside {
    /// Sets the probes to work: each looks at once, and then on its schedule from t=0 on.
    ///
    /// # Errors
    /// Where there is no thread for them.
    pub fn start(probes: &'static [plan::Probe], clock: Clock) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
        let (tell, told) = sync_channel(MOST_UNHEARD);
        let (stop, stopped) = oneshot::channel();
        let work = move || attend(runtime, probes, clock, &tell, stopped);
        let thread = std::thread::Builder::new().name("probes".to_owned()).spawn(work)?;
        Ok(Self { told, stop, thread })
    }

    /// What came of the looks since this was last asked.
    pub fn told(&self) -> impl Iterator<Item = Told> {
        self.told.try_iter()
    }

    /// Ends the probes; looks that are under way are given up. Returns what was not heard yet.
    pub fn end(self) -> Vec<Told> {
        drop(self.stop);
        let rest = self.told.iter().collect();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        rest
    }
}

fn attend(
    runtime: Runtime,
    probes: &'static [plan::Probe],
    clock: Clock,
    tell: &SyncSender<Told>,
    stopped: oneshot::Receiver<()>,
) {
    // Where that is refused, they are as important as everybody else.
    let _ = rustix::process::nice(NICE);
    let tasks = LocalSet::new();
    for (place, probe) in probes.iter().enumerate() {
        let round = Round { place, probe, clock, tell: tell.clone() };
        match &probe.sampling {
            Sampling::Json { endpoint, metrics } => tasks.spawn_local(round.make(Json::new(endpoint, metrics))),
            Sampling::Prometheus { endpoint, metrics } => {
                tasks.spawn_local(round.make(Prometheus::new(endpoint, metrics)))
            }
            Sampling::Postgres { database, question } => {
                let timeout_ms = (probe.timeout.0 / 1_000_000).max(1);
                tasks.spawn_local(round.make(Postgres::new(database, question, timeout_ms)))
            }
            Sampling::Host { endpoint } => tasks.spawn_local(round.make(Host::new(endpoint.as_ref()))),
            Sampling::Command { words } => tasks.spawn_local(round.make(Command::new(words))),
        };
    }
    // It ends by being dropped.
    drop(tasks.block_on(&runtime, stopped));
    drop(tasks);
    // A look-up of a name that is under way is not waited for.
    runtime.shutdown_background();
}

/// One probe's rounds.
struct Round {
    place: usize,
    probe: &'static plan::Probe,
    clock: Clock,
    tell: SyncSender<Told>,
}

impl Round {
    async fn make(self, mut probe: impl Probe) {
        let plan::Probe { interval, timeout: patience, .. } = *self.probe;
        loop {
            let what = match timeout(patience.into(), probe.look(&self.clock)).await {
                Ok(Ok(samples)) => What::Seen(samples),
                Ok(Err(why)) => What::Failed(why),
                Err(_) => What::Failed(format!("no answer within {patience}")),
            };
            if self.tell.send(Told { probe: self.place, at: self.clock.now(), what }).is_err() {
                return;
            }
            // What was missed in the meantime is not made up for.
            let due = Nanos((self.clock.now().0 / interval.0 + 1).saturating_mul(interval.0));
            while self.clock.now() < due {
                sleep(due.since(self.clock.now()).into()).await;
            }
        }
    }
}
