//! The commands, each from its flags to its outcome: scenario → plan → run → exit code.

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::CommandFactory;
use runlog::directory::NewRun;
use runlog::manifest::How;
use runlog::summary::Summary;
use runlog::tags::Tags;
use runlog::text::printable_path;
use runlog::units::Nanos;
use runlog::validity::Verdict;

use crate::cli::Cli;
use crate::clock::Clock;
use crate::control::{self, ClientError, Request};
use crate::errand::{self, ErrandError};
use crate::observe::closing;
use crate::plan::{self, Captured, Errand, Options, Part, Plan, Target, TargetError};
use crate::publish::{OutletError, Outlets};
use crate::run::{RunError, Setup};
use crate::scenario::{self, Scenario, Variables};
use crate::stop::Stop;
use crate::{check as checked, cli, doctor, host, import, manual, resolve, schema as described};

/// What came of a command that did what it was asked for.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code (see [`exit_code`]).
    pub exit_code: u8,
    /// What a person is told at the end.
    pub text: String,
}

/// Why a command could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The scenario or the flags are wrong.
    #[error(transparent)]
    Scenario(#[from] scenario::Error),
    /// The scenario cannot be planned here.
    #[error("error: {0}")]
    Plan(#[from] plan::Error),
    /// The target cannot be reached, whoever listens there.
    #[error("error: {0}")]
    Target(#[from] TargetError),
    /// The setup went wrong.
    #[error("error: {0}")]
    Errand(#[from] ErrandError),
    /// The load was made; what was to follow it went wrong.
    #[error("{}\n{failure}", .told.text.trim_end())]
    Teardown {
        /// What is told of the load.
        told: Outcome,
        /// What went wrong.
        failure: Box<Failure>,
    },
    /// The run could not begin, or not be completed.
    #[error("error: {0}")]
    Run(#[from] RunError),
    /// A running load could not be asked, or refused.
    #[error("error: {0}")]
    Control(#[from] ClientError),
    /// A processor was asked for that there is not.
    #[error("error: processor {wanted} cannot be used: this process may use {allowed:?} (--cores)")]
    Core {
        /// The one asked for.
        wanted: usize,
        /// Those there are.
        allowed: Vec<usize>,
    },
    /// Figures cannot go where they were to.
    #[error("error: {0}")]
    Metrics(#[from] OutletError),
    /// Another tool's file is not what it should be.
    #[error(transparent)]
    Import(#[from] import::Error),
    /// A file could not be written.
    #[error("error: cannot write {}: {reason}", printable_path(path))]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The demo could not be given.
    #[error("error: {0}")]
    Demo(String),
}

impl Failure {
    /// 2 where the input is wrong, 1 where something went wrong on the way.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Scenario(_)
            | Self::Plan(_)
            | Self::Target(_)
            | Self::Core { .. }
            | Self::Metrics(_)
            | Self::Import(_)
            | Self::Unwritten { .. } => 2,
            Self::Run(error) if error.is_input() => 2,
            Self::Control(error) if error.is_input() => 2,
            Self::Errand(ErrandError::Stopped { .. }) => 130,
            Self::Teardown { told, .. } if told.exit_code == 130 => 130,
            Self::Errand(_) | Self::Teardown { .. } | Self::Run(_) | Self::Control(_) | Self::Demo(_) => 1,
        }
    }
}

/// `drumfire run`.
///
/// # Errors
/// Where there was no run.
pub fn run(flags: &cli::Run) -> Result<Outcome, Failure> {
    let scenario = load(&flags.scenario, &flags.changes, &flags.output.tags())?;
    start(&scenario, &options(Some(&flags.changes), flags.output.seed), &flags.output).map(|summary| told(&summary))
}

/// `drumfire hit`.
///
/// # Errors
/// Where there was no run.
pub fn hit(flags: &cli::Hit) -> Result<Outcome, Failure> {
    let scenario = scenario::hit::scenario(flags, flags.output.tags())?;
    start(&scenario, &options(None, flags.output.seed), &flags.output).map(|summary| told(&summary))
}

/// `drumfire check`.
///
/// # Errors
/// Where the scenario is wrong.
pub fn check(flags: &cli::Check) -> Result<Outcome, Failure> {
    let scenario = load(&flags.scenario, &flags.changes, &Tags::new())?;
    let options = options(Some(&flags.changes), None);
    let captured = plan::unknown_captures(&scenario);
    let target = Target::new(&scenario.target, resolve::addresses)?;
    let plan = plan::compile(&scenario, &options, &captured, target)?;
    let mut errands = Vec::new();
    for part in [Part::Setup, Part::Teardown] {
        let errand = plan::errand(&scenario, part, options.seed, &captured, &plan.target);
        errands.extend(errand.map(|errand| (part, errand)));
    }
    print(checked::describe(&plan, &errands, host::open_files_limit()));
    Ok(Outcome { exit_code: 0, text: String::new() })
}

/// `drumfire ctl`.
///
/// # Errors
/// Where no such run is running, or it refuses.
pub fn ctl(flags: &cli::Ctl) -> Result<Outcome, Failure> {
    let request = flags.command.map_or(Request::Status, Request::from);
    let (answer, said) = control::ask(&flags.run, request)?;
    print((if flags.json { answer.to_string() } else { said }) + "\n");
    Ok(Outcome { exit_code: 0, text: String::new() })
}

/// `drumfire schema`.
pub fn schema() -> Outcome {
    print(described::text());
    Outcome { exit_code: 0, text: String::new() }
}

/// `drumfire import`.
///
/// # Errors
/// Where the input is wrong, or the scenario file cannot be written.
pub fn import(flags: &cli::Import) -> Result<Outcome, Failure> {
    let imported = import::import(flags.kind, &flags.input)?;
    match &flags.output {
        Some(path) => write_new(path, &imported.text, flags.force)?,
        None => print(&imported.text),
    }
    Ok(Outcome { exit_code: 0, text: imported.notes.join("\n") })
}

fn write_new(path: &Path, text: &str, over_another: bool) -> Result<(), Failure> {
    let unwritten = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "it is there already (--force writes over it)".to_owned(),
            _ => error.to_string(),
        };
        Failure::Unwritten { path: path.to_owned(), reason }
    };
    let mut options = File::options();
    options.write(true).truncate(over_another).create(over_another).create_new(!over_another);
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(unwritten)
}

/// `drumfire doctor`. The exit code is 1 where no run is possible, and 0 whatever else is found.
pub fn doctor(flags: &cli::Doctor) -> Outcome {
    let diagnosis = doctor::look_here(&flags.out);
    print(if flags.json {
        serde_json::to_string_pretty(&diagnosis).unwrap_or_default() + "\n"
    } else {
        doctor::render::text(&diagnosis)
    });
    let exit_code = u8::from(diagnosis.verdict.level == doctor::finding::Level::Stops);
    Outcome { exit_code, text: String::new() }
}

/// `drumfire completions`.
pub fn completions(flags: &cli::Completions) -> Outcome {
    print(manual::completions(&mut Cli::command(), flags.shell));
    Outcome { exit_code: 0, text: String::new() }
}

/// `drumfire man`.
///
/// # Errors
/// Where a page cannot be written.
pub fn man(flags: &cli::Man) -> Result<Outcome, Failure> {
    let pages = manual::pages(Cli::command());
    let Some(folder) = &flags.out else {
        // The program's own page is the first.
        print(&pages[0].1);
        return Ok(Outcome { exit_code: 0, text: String::new() });
    };
    let written = fs::create_dir_all(folder)
        .and_then(|()| pages.iter().try_for_each(|(file, text)| fs::write(folder.join(file), text)));
    written.map_err(|error| Failure::Unwritten { path: folder.clone(), reason: error.to_string() })?;
    let text = format!("{} pages in {}", pages.len(), printable_path(folder));
    Ok(Outcome { exit_code: 0, text })
}

/// Prints on standard output. A reader that has seen enough is no failure.
fn print(text: impl AsRef<[u8]>) {
    let _ = stdout().write_all(text.as_ref());
}

fn load(path: &Path, changes: &cli::Changes, tags: &Tags) -> Result<Scenario, scenario::Error> {
    scenario::load(path, &Variables { given: changes.vars(), environment: &environment }, tags)
}

/// Plans a scenario and runs it. Returns the figures.
///
/// # Errors
/// Where there was no run.
pub fn start(scenario: &Scenario, options: &Options, output: &cli::Output) -> Result<Summary, Failure> {
    let stop = Arc::new(Stop::default());
    stop.on_signals().map_err(|source| RunError::System { what: "to watch for signals", source })?;
    let cores = cores(output)?;
    if let Some(out) = &output.out {
        NewRun::check(out).map_err(RunError::from)?;
    }
    let outlets = Outlets::new(&output.publishing, environment)?;
    let target = Target::new(&scenario.target, resolve::addresses)?;
    let errand = |part, captured: &Captured, stop: &Stop| {
        errand(plan::errand(scenario, part, options.seed, captured, &target), part, stop)
    };
    let captured = errand(Part::Setup, &Captured::new(), &stop)?;
    let plan = plan::compile(scenario, options, &captured, target.clone())?;
    let setup = Setup {
        out: output.out.clone().unwrap_or_else(|| default_directory(&plan)),
        cores,
        command: cli::redacted(std::env::args_os().map(|word: OsString| word.to_string_lossy().into_owned())),
        pacing: output.pacing,
        quiet: output.quiet,
    };
    let summary = crate::run::run(plan, &setup, outlets, &stop)?;
    // What the load leaves behind is cleared away even where it was stopped, as far as that can be done.
    match errand(Part::Teardown, &captured, &Stop::default()) {
        Ok(_) => Ok(summary),
        Err(failure) => Err(Failure::Teardown { told: told(&summary), failure: Box::new(failure) }),
    }
}

/// Does the steps before or after the load. Returns what they have captured.
fn errand(errand: Option<Errand>, part: Part, stop: &Stop) -> Result<Captured, Failure> {
    match errand {
        // One errand of each kind, for the life of the process: its flow is lent out like the plan's.
        Some(errand) => Ok(errand::run(Box::leak(Box::new(errand)), part, stop)?),
        None => Ok(Captured::new()),
    }
}

fn told(summary: &Summary) -> Outcome {
    Outcome { exit_code: exit_code(summary), text: closing::summarize(summary) }
}

/// What a run's figures say in an exit code: 130 interrupted, 1 failed, 99 aborted by a threshold, 3 not a valid
/// measurement, 99 a threshold failed, 0 otherwise; the first that applies.
pub fn exit_code(summary: &Summary) -> u8 {
    match summary.run.ended {
        Some(How::Interrupted) => 130,
        Some(How::Failed) | None => 1,
        Some(How::Aborted) => 99,
        Some(How::Completed) if summary.validity.verdict == Verdict::Invalid => 3,
        Some(How::Completed) if summary.thresholds.iter().any(|threshold| !threshold.passed) => 99,
        Some(How::Completed) => 0,
    }
}

fn options(changes: Option<&cli::Changes>, seed: Option<u64>) -> Options {
    // The hasher's keys are the standard library's way to a number nobody can foresee. Half as many digits are enough
    // to tell seeds apart, and can be typed.
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    changes.map_or(Options::with_seed(seed), |changes| Options {
        seed,
        time_scale: changes.time_scale,
        rate_scale: changes.rate_scale,
    })
}

fn cores(output: &cli::Output) -> Result<Vec<usize>, Failure> {
    let allowed = host::cores();
    let Some(wanted) = &output.cores else { return Ok(allowed) };
    match wanted.0.iter().find(|core| !allowed.contains(core)) {
        Some(&wanted) => Err(Failure::Core { wanted, allowed }),
        None => Ok(wanted.0.clone()),
    }
}

/// `runs/NAME-20261231T235959Z`, which sorts by time.
fn default_directory(plan: &Plan) -> PathBuf {
    let now = std::time::UNIX_EPOCH + Nanos(Clock::starting_in(Nanos::ZERO).start_unix_ns()).into();
    let stamp: String =
        humantime::format_rfc3339_seconds(now).to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let name: String =
        plan.name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect();
    PathBuf::from("runs").join(format!("{name}-{stamp}"))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
