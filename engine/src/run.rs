//! A run from start to end: looks whether it can work, opens the run directory, starts the workers, watches them, and
//! closes the books.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use runlog::directory::{CreateError, NewRun, rows_file_name};
use runlog::manifest::{
    CoreBooks, Ending, Engine, FORMAT, How, Manifest, Model, ProbeBooks, Request, Scenario, StageEnd,
};
use runlog::reader::ReadError;
use runlog::row::Names;
use runlog::summary::Summary;
use runlog::text::printable_path;
use runlog::threshold::ThresholdResult;
use runlog::units::Nanos;
use runlog::validity::judge;

use crate::clock::Clock;
use crate::control::{Desk, Dial, Server};
use crate::host;
use crate::observe::{Hand, Judge, Observer, ProbeWatch, Progress, Samples, verdict};
use crate::plan::{self, Load, Plan};
use crate::preflight::{self, PreflightError};
use crate::publish::{Outlets, Publisher};
use crate::record::Journal;
use crate::stop::Stop;
use crate::wire::Driver;
use crate::worker::breakdown::{Breakdown, Layout, MOST_PAIRS};
use crate::worker::ledger::Ledger;
use crate::worker::report::{Finished, Report};
use crate::worker::{self, Gates, Pacing, Seat, Work};

/// The time between the last worker's being ready and t=0: enough for each to be told.
const LEAD: Nanos = Nanos::from_millis(50);

/// What a run is given beside its plan.
#[derive(Debug)]
pub struct Setup {
    /// The run directory to be made.
    pub out: PathBuf,
    /// The processors to use, one worker each.
    pub cores: Vec<usize>,
    /// The command line as `run.json` shows it, secrets redacted.
    pub command: Vec<String>,
    /// How punctual the workers are.
    pub pacing: Pacing,
    /// Whether to show no progress.
    pub quiet: bool,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot work.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// The run directory cannot be written.
    #[error(transparent)]
    Directory(#[from] CreateError),
    /// There is no room for rows.
    #[error("there is no room for rows in the output folder `{}`: {source}", printable_path(.path))]
    NoRoom {
        /// The run directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system refused something that every run needs.
    #[error("the system refused {what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
    /// No worker could start.
    #[error("{reason}")]
    NoWorker {
        /// Why.
        reason: String,
    },
    /// The rows just written cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl RunError {
    /// Whether what was asked for cannot be done (as opposed to: something went wrong while doing it).
    pub const fn is_input(&self) -> bool {
        !matches!(self, Self::System { .. } | Self::NoWorker { .. } | Self::Read(_))
    }
}

/// Makes a run and returns its figures, with how it ended. Figures go to the `outlets` while it lasts. `stop` ends it before its
/// time.
///
/// # Errors
/// Where it could not begin, or its rows cannot be read back.
pub fn run(mut plan: Plan, setup: &Setup, outlets: Outlets, stop: &Arc<Stop>) -> Result<Summary, RunError> {
    let cores = cores_for(&plan, &setup.cores);
    plan.target.addresses = preflight::reachable(&plan)?;
    preflight::check_limits(&plan, cores.len())?;
    let directory = NewRun::create(&setup.out)?;
    let _aside = host::stand_aside(&cores);
    host::allow_locked_memory();
    let driver = Driver::detect();
    let warnings = preflight::warnings(&plan, driver);
    // One plan for the life of the process: shared by all threads without counting who holds it, and lent to the kernel.
    let plan: &'static Plan = Box::leak(Box::new(plan));

    let files = (0..cores.len()).map(|worker| directory.create_rows(worker)).collect::<Result<Vec<fs::File>, _>>()?;
    let samples = Samples::create(&directory)?;
    let (journal, recorders) = Journal::start(files, &names(plan), Arc::clone(stop))
        .map_err(|source| RunError::NoRoom { path: setup.out.clone(), source })?;
    // What t=0 is is known when every worker is ready.
    let manifest: &'static Manifest = Box::leak(Box::new(manifest(plan, setup, driver, &cores)));
    let dial: &'static Dial = Box::leak(Box::default());
    let (gates, waiting) = Gates::new(cores.len());
    // Where nobody publishes, nothing is broken down.
    let layout: Option<&'static Layout> = (!outlets.are_none()).then(|| &*Box::leak(Box::new(Layout::of(plan))));

    let seat = |place| Seat { place, of: cores.len(), cpu: cores[place] };
    let work = recorders.into_iter().zip(waiting).enumerate().map(|(place, (recorder, gate))| {
        let (ledger, breakdown) = (Ledger::new(manifest), layout.map(Breakdown::new).unwrap_or_default());
        Work { plan, driver, pacing: setup.pacing, seat: seat(place), dial, recorder, ledger, breakdown, gate }
    });
    let (reports, inbox) = channel();
    let workers = start_workers(work.collect(), stop, &reports)?;
    drop(reports);
    let open = gates.wait();
    let clock = Clock::starting_in(LEAD);
    let manifest: &'static Manifest =
        Box::leak(Box::new(Manifest { started_unix_ns: clock.start_unix_ns(), ..manifest.clone() }));
    let probes = ProbeWatch::start(plan, manifest, clock)
        .map_err(|source| RunError::System { what: "a thread for the probes", source })?;
    let publisher = publisher(outlets, setup, (plan, manifest), layout, clock)?;
    directory.write_manifest(manifest)?;
    gates.open(clock);
    let desk = Arc::new(Desk::new(plan, dial, clock, Arc::clone(stop)));
    let control = Server::open(directory.path(), Arc::clone(&desk));
    let (progress, judge) = (Progress::new(setup.quiet), Judge::new(manifest, cores.len()));
    let mut observer = Observer::new(plan, cores.len(), samples, progress, judge, probes, Hand::new(dial, desk));
    observer.samples.happened(Nanos::ZERO, "started", format!("{} workers on {driver}", cores.len()));
    if plan.scenarios.iter().any(|scenario| scenario.connections.warm_up) {
        observer.samples.happened(Nanos::ZERO, "warmed_up", format!("{open} connections open"));
    }
    let uncontrolled =
        control.as_ref().err().map(|error| format!("the load cannot be controlled while it runs: {error}"));
    for warning in warnings.into_iter().chain(uncontrolled) {
        observer.warn(Nanos::ZERO, warning);
    }
    if let Some(publisher) = publisher {
        announce(&publisher, &mut observer, setup);
        observer.publisher = Some(publisher);
    }
    let finished = observer.watch(&inbox, workers.len(), clock, stop);
    drop(control);
    let probed = observer.end_probes();
    for worker in workers {
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    let rows = journal.finish();

    let ended = ending_of(&observer, stop, &finished, &rows);
    let (how, reason) = &ended;
    observer.samples.happened(clock.now(), "ended", format!("{how:?}: {reason}"));
    if let Some(error) = observer.samples.failure() {
        stop.fail(|| format!("engine.csv, probes.csv or events.csv is incomplete: {error}"));
    }
    let summary = close(&directory, manifest, &mut observer, probed, ended, &finished, &rows)?;
    observer.end_publishing(&summary, clock, stop);
    Ok(summary)
}

/// Who tells others of the run while it lasts, where that was asked for.
fn publisher(
    outlets: Outlets,
    setup: &Setup,
    load: (&'static Plan, &'static Manifest),
    layout: Option<&'static Layout>,
    clock: Clock,
) -> Result<Option<Publisher>, RunError> {
    let name = setup.out.file_name().unwrap_or(setup.out.as_os_str()).to_string_lossy();
    let start = |layout| Publisher::start(outlets, &name, load, layout, clock);
    let refused = |source| RunError::System { what: "a thread for the metrics", source };
    layout.map(start).transpose().map_err(refused)
}

/// Says where figures go, and what they do not tell.
fn announce(publisher: &Publisher, observer: &mut Observer, setup: &Setup) {
    for place in publisher.places() {
        if !setup.quiet {
            observer.progress.note(&format!("metrics: {place}"));
        }
        observer.samples.happened(Nanos::ZERO, "metrics", place);
    }
    let together = publisher.put_together();
    if together > 0 {
        let warning =
            format!("the metrics tell {MOST_PAIRS} requests of scenarios apart; {together} more are counted together");
        observer.warn(Nanos::ZERO, warning);
    }
}

/// As many cores as have something to do. Arrivals go to all of them in turn, so that each needs a connection of every
/// open scenario; virtual users go wherever there is one.
fn cores_for(plan: &Plan, wanted: &[usize]) -> Vec<usize> {
    let connections = |scenario: &&plan::Scenario| scenario.max_connections as usize;
    let (open, closed): (Vec<_>, Vec<_>) = plan.scenarios.iter().partition(|s| matches!(s.load, Load::Open(_)));
    let most = open.iter().map(connections).min().or_else(|| closed.iter().map(connections).max()).unwrap_or(1);
    wanted[..wanted.len().min(most.max(1))].to_vec()
}

fn start_workers(work: Vec<Work>, stop: &Arc<Stop>, reports: &Sender<Report>) -> Result<Vec<JoinHandle<()>>, RunError> {
    let mut workers = Vec::with_capacity(work.len());
    for work in work {
        let (stop, reports, seat) = (Arc::clone(stop), reports.clone(), work.seat);
        let task = move || {
            let publish = |second| drop(reports.send(Report::Second(Box::new(second))));
            match worker::run(work, &stop, publish) {
                Ok(finished) => drop(reports.send(Report::Finished(Box::new(finished)))),
                Err(error) => stop.fail(|| format!("the worker on core {} could not start: {error}", seat.cpu)),
            }
        };
        let thread = std::thread::Builder::new().name(format!("worker-{}", seat.place)).spawn(task);
        workers.push(thread.map_err(|source| RunError::System { what: "a thread", source })?);
    }
    Ok(workers)
}

/// How the run ended, and why where that was not as planned.
fn ending_of(observer: &Observer, stop: &Stop, finished: &[Finished], rows: &[u64]) -> (How, String) {
    if let Some(reason) = stop.failure() {
        return (How::Failed, reason.to_owned());
    }
    for books in finished {
        let written = rows[books.seat.place];
        if books.scheduled != written || books.ledger.rows != written {
            let reason = format!(
                "rows are missing: core {} was brought {} arrivals, recorded {} and wrote {written}",
                books.seat.cpu, books.scheduled, books.ledger.rows
            );
            return (How::Failed, reason);
        }
    }
    if let Some(reason) = stop.abortion() {
        return (How::Aborted, reason.to_owned());
    }
    if let Some(what) = stop.interruption() {
        return (How::Interrupted, what.to_owned());
    }
    if observer.witness.nothing_answered() {
        return (How::Failed, "not a single request got an answer".to_owned());
    }
    (How::Completed, String::new())
}

/// Works out the figures, judges the measurement by them, and completes the manifest.
fn close(
    directory: &NewRun,
    manifest: &Manifest,
    observer: &mut Observer,
    (probes, probe_thresholds): (Vec<ProbeBooks>, Vec<ThresholdResult>),
    (how, reason): (How, String),
    finished: &[Finished],
    rows: &[u64],
) -> Result<Summary, RunError> {
    let Some(ledger) = books_of_all(finished) else { return Err(RunError::NoWorker { reason }) };
    let judged = observer.judge.results();
    let mut summary = verdict::figures(&ledger, &observer.response, judged, manifest, directory.path())?;
    summary.run.by_hand = observer.by_hand(summary.run.elapsed_ns);
    let response_p50 = summary.total.response_time_ns.map(|figures| Nanos(figures.p50));
    let ending = Ending {
        how,
        reason,
        elapsed_ns: summary.run.elapsed_ns,
        cores: finished.iter().map(|books| core_books(books, rows)).collect(),
        validity: judge(&observer.witness.evidence(response_p50)),
        thresholds: summary.thresholds.clone(),
        probe_thresholds,
        probes,
    };
    summary.conclude(&ending);
    directory.write_manifest(&Manifest { ending: Some(ending), ..manifest.clone() })?;
    Ok(summary)
}

/// The books of all cores as one; `None` where no worker could start.
fn books_of_all(finished: &[Finished]) -> Option<Ledger> {
    let (first, others) = finished.split_first()?;
    let mut all = first.ledger.clone();
    for other in others {
        all.merge(&other.ledger);
    }
    Some(all)
}

fn core_books(books: &Finished, rows: &[u64]) -> CoreBooks {
    CoreBooks {
        core: books.seat.cpu,
        file: rows_file_name(books.seat.place),
        scheduled: books.scheduled,
        rows: rows[books.seat.place],
        record_stall_ns: books.record_stall,
        lookups: books.lookups,
    }
}

/// The names that stand in the rows.
fn names(plan: &Plan) -> Names {
    Names::new(plan.scenarios.iter().map(|s| s.name.as_str()), plan.requests.iter().map(|r| r.name.as_str()))
}

/// The manifest as it is at the start.
pub(crate) fn manifest(plan: &Plan, setup: &Setup, driver: Driver, cores: &[usize]) -> Manifest {
    Manifest {
        format: FORMAT,
        drumfire_version: env!("CARGO_PKG_VERSION").to_owned(),
        name: plan.name.clone(),
        command: setup.command.clone(),
        started_unix_ns: 0,
        seed: plan.seed,
        planned_ns: plan.duration(),
        target: plan.target.base_url.clone(),
        host: host::describe(),
        engine: Engine { driver: driver.to_string(), pacing: setup.pacing.to_string(), cores: cores.to_vec() },
        tags: plan.tags.clone(),
        scenarios: plan.scenarios.iter().map(scenario_entry).collect(),
        requests: plan.requests.iter().map(request_entry).collect(),
        groups: plan.groups.clone(),
        thresholds: plan.thresholds.clone(),
        probe_thresholds: plan.probe_thresholds.clone(),
        scenario: plan.resolved.clone(),
        ending: None,
    }
}

fn scenario_entry(scenario: &plan::Scenario) -> Scenario {
    let (model, peak_rate, ramp) = match &scenario.load {
        Load::Open(arrivals) => (Model::Open, Some(arrivals.peak()), arrivals.rate()),
        Load::Closed { vus, .. } => (Model::Closed, None, vus.users()),
    };
    Scenario {
        name: scenario.name.clone(),
        executor: scenario.executor.to_owned(),
        model,
        peak_rate,
        max_connections: scenario.max_connections,
        stages: ramp.ends().map(|(at_ns, target)| StageEnd { at_ns, target }).collect(),
        tags: scenario.tags.clone(),
    }
}

fn request_entry(request: &plan::Request) -> Request {
    Request {
        name: request.name.clone(),
        method: request.method.clone(),
        path: request.path.clone(),
        expect_status: request.expect_status.clone(),
        checks: request.checks.iter().map(|check| check.name.clone()).collect(),
        tags: request.tags.clone(),
        flows: request.flows.clone(),
    }
}
