//! A worker against a server made of nothing but chance and a seed, in time that passes as fast as it can be worked out.
//!
//! The server opens connections late or never, answers whole, in pieces or not at all, resets, closes and talks nonsense.
//! Whatever it does, every arrival gets its row and none gets two.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::{self, File};
use std::sync::Arc;

use proptest::prelude::*;
use runlog::change::Change;
use runlog::control::Control;
use runlog::course::Course;
use runlog::outcome::Failure;
use runlog::row::{Batch, Columns, Names, Row, ScenarioId};
use runlog::units::Nanos;

use super::agenda::Agenda;
use super::books::Books;
use super::breakdown::Breakdown;
use super::core::Core;
use super::ledger::Ledger;
use super::pacing::Pacing;
use super::seat::Seat;
use crate::control::Dial;
use crate::plan::choice::{Choices, Purpose};
use crate::plan::{self, Options, Plan};
use crate::record::Journal;
use crate::run::Setup;
use crate::scenario::{self, Variables};
use crate::stop::Stop;
use crate::wire::{Action, Driver, Event, Line, Outgoing};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// What a server may do with a connection from one instant on.
enum News {
    Opened(Result<(), Failure>),
    Sent(Vec<u8>),
    Received(Vec<u8>),
    Ended(Failure),
}

/// The server, and the network before it.
struct Server {
    chance: Choices,
    /// How often, of a hundred times, something goes wrong.
    trouble: u32,
    /// What will happen: when, to which connection in which of its lives, and what, by its number.
    future: BinaryHeap<Reverse<(Nanos, u64)>>,
    news: BTreeMap<u64, (Line, u64, News)>,
    made: u64,
    /// The lives of connections that are not over.
    alive: BTreeMap<Line, u64>,
    /// When the last bytes of a connection arrive: they do not overtake each other.
    last: BTreeMap<Line, Nanos>,
    most_open: usize,
}

impl Server {
    fn new(seed: u64, trouble: u32) -> Self {
        Self {
            chance: Choices::new(seed, ScenarioId(0), Purpose::Gaps),
            trouble,
            future: BinaryHeap::new(),
            news: BTreeMap::new(),
            made: 0,
            alive: BTreeMap::new(),
            last: BTreeMap::new(),
            most_open: 0,
        }
    }

    fn up_to(&mut self, most: u64) -> u64 {
        (self.chance.fraction() * (most + 1) as f64) as u64
    }

    fn goes_wrong(&mut self) -> bool {
        self.up_to(99) < u64::from(self.trouble)
    }

    fn later(&mut self, now: Nanos, line: Line, news: News) {
        let at = now.after(Nanos(self.up_to(3_000_000))).max(self.last.get(&line).copied().unwrap_or_default());
        self.last.insert(line, at);
        self.made += 1;
        self.future.push(Reverse((at, self.made)));
        self.news.insert(self.made, (line, self.alive[&line], news));
    }

    fn take(&mut self, action: Action, now: Nanos) {
        match action {
            Action::Open { line, .. } => {
                self.made += 1;
                assert_eq!(self.alive.insert(line, self.made), None, "a place is opened once");
                self.last.insert(line, now);
                self.most_open = self.most_open.max(self.alive.len());
                match (self.goes_wrong(), self.up_to(1)) {
                    (true, 0) => self.later(now, line, News::Opened(Err(Failure::ConnectRefused))),
                    (true, _) => {}
                    (false, _) => self.later(now, line, News::Opened(Ok(()))),
                }
            }
            Action::Close { line } => {
                assert!(self.alive.remove(&line).is_some(), "what is closed was open");
            }
            Action::Send { line, outgoing } => {
                let requests = outgoing.bytes().windows(4).filter(|bytes| bytes == b"\r\n\r\n").count();
                assert!(requests > 0 && self.alive.contains_key(&line), "requests go over open connections");
                for _ in 0..requests {
                    self.answer(line, now);
                }
                match outgoing {
                    Outgoing::Prepared(_) => {}
                    Outgoing::Streamed(_) => self.later(now, line, News::Sent(Vec::new())),
                    Outgoing::Composed(buffer) => self.later(now, line, News::Sent(buffer)),
                }
            }
            Action::LookUp { .. } => panic!("names are looked up once"),
        }
    }

    fn answer(&mut self, line: Line, now: Nanos) {
        if !self.goes_wrong() {
            let cut = self.up_to(2 * ANSWER.len() as u64) as usize;
            let (first, second) = ANSWER.split_at(cut.min(ANSWER.len()));
            for part in [first, second].into_iter().filter(|part| !part.is_empty()) {
                self.later(now, line, News::Received(part.to_vec()));
            }
            return;
        }
        match self.up_to(6) {
            0 => {}
            1 => self.later(now, line, News::Ended(Failure::Closed)),
            2 => self.later(now, line, News::Ended(Failure::Reset)),
            3 => self.later(now, line, News::Received(b"220 smtp ready\r\n".to_vec())),
            4 => self.later(now, line, News::Received([ANSWER, ANSWER].concat())),
            5 => {
                self.later(now, line, News::Received(b"HTTP/1.1 200 OK\r\n\r\nuntil the".to_vec()));
                self.later(now, line, News::Ended(Failure::Closed));
            }
            _ => {
                let last = b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                self.later(now, line, News::Received(last.to_vec()));
                self.later(now, line, News::Ended(Failure::Closed));
            }
        }
    }

    fn next(&self) -> Option<Nanos> {
        self.future.peek().map(|Reverse((at, _))| *at)
    }

    /// Lets happen what is due: like a wire, nothing of a connection that was closed.
    fn let_happen(&mut self, now: Nanos, mut hear: impl FnMut(Event<'_>)) {
        while self.next().is_some_and(|at| at <= now) {
            let Some(Reverse((_, number))) = self.future.pop() else { return };
            let Some((line, life, news)) = self.news.remove(&number) else { continue };
            if self.alive.get(&line) != Some(&life) {
                continue;
            }
            match news {
                News::Opened(result) => hear(Event::Opened { line, result }),
                News::Sent(buffer) => hear(Event::Sent { line, buffer }),
                News::Received(bytes) => hear(Event::Received { line, bytes: &bytes }),
                News::Ended(failure) => hear(Event::Ended { line, failure }),
            }
        }
    }
}

fn plan(load: &str, pipeline: u32, seed: u64) -> &'static Plan {
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let text = COMMON.to_owned() + &load.replace("PIPELINE", &pipeline.to_string());
    let scenario = scenario::check("simulation.toml", "simulation", text, &variables, &BTreeMap::new());
    let address = "127.0.0.1:1".parse().expect("an address");
    let options = Options::with_seed(seed);
    let scenario = scenario.expect("a scenario");
    let target = plan::Target::new(&scenario.target, |_, _| Ok(vec![address])).expect("a target");
    let compiled = plan::compile(&scenario, &options, &plan::Captured::new(), target);
    Box::leak(Box::new(compiled.expect("a plan")))
}

/// What a run came to.
struct Run {
    rows: Vec<Row>,
    scheduled: u64,
    most_open: usize,
}

/// How long before it takes effect a change is known.
const LEAD: Nanos = Nanos::from_millis(100);

/// Runs a plan against a server, until it is over or a time has passed.
fn run(plan: &'static Plan, server: Server, until: Nanos) -> Run {
    run_changed(plan, server, until, &[])
}

/// Runs a plan against a server, with changes by hand, until it is over or a time has passed.
fn run_changed(plan: &'static Plan, mut server: Server, until: Nanos, changes: &[(Nanos, Change)]) -> Run {
    let dial = Dial::default();
    let mut to_come = changes.iter().peekable();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("rows");
    let names = Names::new(
        plan.scenarios.iter().map(|scenario| scenario.name.as_str()),
        plan.requests.iter().map(|request| request.name.as_str()),
    );
    let file = File::create(&path).expect("writable");
    let (journal, mut recorders) = Journal::start(vec![file], &names, Arc::new(Stop::default())).expect("room");
    let setup =
        Setup { out: path.clone(), cores: vec![0], command: Vec::new(), pacing: Pacing::default(), quiet: true };
    let manifest = Box::leak(Box::new(crate::run::manifest(plan, &setup, Driver::Epoll, &[0])));
    let books = Books::new(recorders.remove(0), Ledger::new(manifest), Breakdown::default(), Nanos::ZERO);
    let mut core = Core::new(plan, Seat { place: 0, of: 1, cpu: 0 }, books);
    let mut agenda = Agenda::new(&core);

    let mut now = Nanos::ZERO;
    loop {
        while let Some(&(at, change)) = to_come.next_if(|(at, _)| at.since(LEAD) <= now) {
            assert!(dial.turn(Control { at, change, by: None }));
        }
        agenda.follow(&mut core, &dial);
        agenda.hand_out(&mut core, now);
        if agenda.look_after(&mut core, now) || now >= until {
            break;
        }
        for action in core.depart(now).drain(..) {
            server.take(action, now);
        }
        let due = agenda.next_due(&core).min(agenda.next_look(&core));
        now = server.next().map_or(due, |at| at.min(due)).max(now.after(Nanos(1)));
        agenda.follow(&mut core, &dial);
        server.let_happen(now, |event| core.hear(event, now));
        core.settle(now);
    }
    agenda.wind_up(&mut core, now);
    assert_eq!((core.in_flight(), core.open_connections(), core.busy_vus()), (0, 0, 0), "nothing is left behind");
    core.books.recorder.close();
    let scheduled = core.books.scheduled;
    assert_eq!(journal.finish(), [scheduled], "rows = scheduled arrivals");

    let mut batch = Batch::default();
    for line in fs::read(&path).expect("readable").split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        batch.push_line(line, Columns::ALL, &names).expect("our own line");
    }
    let rows = (0..batch.len()).map(|place| batch.row(place)).collect();
    Run { rows, scheduled, most_open: server.most_open }
}

fn assert_rows_make_sense(run: &Run) {
    for row in &run.rows {
        assert_eq!(row.status == 0, row.error.is_some(), "an answer or a failure: {row:?}");
        assert_eq!(row.lag_ns.is_some(), row.duration_ns.is_some(), "sent or not: {row:?}");
        assert_eq!(row.lag_ns.is_some(), row.connection.is_some(), "sent over a connection: {row:?}");
        assert!(row.error.is_some() || row.ttfb_ns <= row.duration_ns, "the first byte is not after the last: {row:?}");
        assert_eq!(row.ttfb_ns.is_some(), row.bytes_received > 0, "bytes and their first: {row:?}");
    }
}

/// What both models have: a server that may take its time, and two requests.
const COMMON: &str = r#"
[target]
base_url = "http://127.0.0.1:1"
request_timeout = "50ms"
[requests.first]
path = "/1"
[requests.second]
path = "/2"
"#;

const OPEN: &str = r#"
[flows]
both = [{ request = "first" }, { think = "1ms..9ms" }, { request = "second" }]
one = [{ request = "first" }]
[[scenarios]]
name = "open"
executor = "constant-arrival-rate"
rate = "400/s"
arrival = "poisson"
duration = "1s"
max_connections = 7
pipeline = PIPELINE
graceful_stop = "1s"
mix = { both = 1, one = 3 }
"#;

const CLOSED: &str = r#"
[flows]
both = [{ request = "first" }, { think = "1ms..9ms" }, { request = "second" }, { think = "2ms" }]
[[scenarios]]
name = "closed"
executor = "ramping-vus"
start_vus = 2
stages = [{ duration = "500ms", target = 11 }, { duration = "500ms", target = 0 }]
pipeline = PIPELINE
graceful_stop = "100ms"
flow = "both"
"#;

/// Changes in the first seconds, each at an instant of its own, the last of which resumes the load.
fn any_changes() -> impl Strategy<Value = Vec<(Nanos, Change)>> {
    let change = prop_oneof![Just(Change::Pause), Just(Change::Resume), (0.2..4.0_f64).prop_map(Change::Rate)];
    proptest::collection::vec((0_u64..1_500_000, change), 0..8).prop_map(|changes| {
        let mut changes: Vec<_> = changes.into_iter().map(|(at, change)| (Nanos::from_micros(at), change)).collect();
        changes.sort_by_key(|(at, _)| *at);
        changes.push((Nanos::from_millis(1_600), Change::Resume));
        changes
    })
}

fn assert_nothing_is_scheduled_in_a_pause(run: &Run, course: &Course) {
    for row in &run.rows {
        assert_eq!(course.pause_at(Nanos(row.scheduled_ns)), None, "{row:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_changed_by_hand_every_arrival_of_an_open_model_is_one_row(
        seed in any::<u64>(), trouble in 0_u32..60, pipeline in 1_u32..5, changes in any_changes(), until in 300_u64..9_000,
    ) {
        let plan = plan(OPEN, pipeline, seed);
        let run = run_changed(plan, Server::new(seed, trouble), Nanos::from_millis(until), &changes);
        let course = Course::of(changes.iter().copied());
        assert_rows_make_sense(&run);
        assert_nothing_is_scheduled_in_a_pause(&run, &course);
        let plan::Load::Open(schedule) = &plan.scenarios[0].load else { panic!("open") };
        let mut due = schedule.arrivals(seed, ScenarioId(0), 0, 1);
        let arrivals: Vec<u64> =
            std::iter::from_fn(|| due.due(&course).inspect(|_| due.advance())).map(|arrival| arrival.at.0).collect();
        let firsts = run.rows.iter().filter(|row| row.request.0 == 0);
        let mut begun: Vec<u64> = firsts.map(|row| row.scheduled_ns).collect();
        begun.sort_unstable();
        prop_assert_eq!(&begun[..], &arrivals[..begun.len()], "arrivals have their rows, in order and none twice");
        let due = arrivals.iter().filter(|&&at| at < until * 1_000_000).count();
        prop_assert!(begun.len() >= due, "{} of {due} arrivals have a row", begun.len());
    }

    #[test]
    fn whatever_is_changed_by_hand_every_request_of_a_closed_model_is_one_row(
        seed in any::<u64>(), trouble in 0_u32..60, pipeline in 1_u32..5, changes in any_changes(), until in 300_u64..9_000,
    ) {
        let plan = plan(CLOSED, pipeline, seed);
        let run = run_changed(plan, Server::new(seed, trouble), Nanos::from_millis(until), &changes);
        let course = Course::of(changes.iter().copied());
        assert_rows_make_sense(&run);
        assert_nothing_is_scheduled_in_a_pause(&run, &course);
        let last = run.rows.iter().map(|row| course.schedule_time(Nanos(row.scheduled_ns))).max();
        let end = plan.scenarios[0].load.duration().after(plan.scenarios[0].graceful_stop);
        prop_assert!(run.scheduled > 0 && last <= Some(end), "{last:?}");
    }

    #[test]
    fn every_arrival_of_an_open_model_is_one_row(seed in any::<u64>(), trouble in 0_u32..60, pipeline in 1_u32..5, until in 300_u64..4_000) {
        let plan = plan(OPEN, pipeline, seed);
        let run = run(plan, Server::new(seed, trouble), Nanos::from_millis(until));
        assert_rows_make_sense(&run);
        prop_assert!(run.most_open <= 7, "{} connections", run.most_open);
        // Both flows begin with the first request, and nothing else makes one.
        let plan::Load::Open(schedule) = &plan.scenarios[0].load else { panic!("open") };
        let arrivals: Vec<u64> = schedule.arrivals(seed, ScenarioId(0), 0, 1).map(|arrival| arrival.at.0).collect();
        let firsts = run.rows.iter().filter(|row| row.request.0 == 0);
        let mut begun: Vec<u64> = firsts.map(|row| row.scheduled_ns).collect();
        begun.sort_unstable();
        prop_assert_eq!(&begun[..], &arrivals[..begun.len()], "arrivals have their rows, in order and none twice");
        let due = arrivals.iter().filter(|&&at| at < until * 1_000_000).count();
        prop_assert!(begun.len() >= due, "{} of {due} arrivals have a row", begun.len());
    }

    #[test]
    fn every_request_of_a_closed_model_is_one_row(seed in any::<u64>(), trouble in 0_u32..60, pipeline in 1_u32..5) {
        let plan = plan(CLOSED, pipeline, seed);
        let run = run(plan, Server::new(seed, trouble), Nanos::from_secs(2));
        assert_rows_make_sense(&run);
        prop_assert!(run.scheduled > 0 && run.most_open <= 11_u32.div_ceil(pipeline) as usize);
    }
}

#[test]
fn a_server_in_order_answers_everything_in_its_turn() {
    for pipeline in [1, 4] {
        let plan = plan(OPEN, pipeline, 5);
        let run = run(plan, Server::new(5, 0), Nanos::from_secs(10));
        assert!(run.rows.iter().all(|row| row.status == 200 && row.bytes_received == ANSWER.len() as u64));
        let firsts = run.rows.iter().filter(|row| row.request.0 == 0).count();
        let seconds = run.rows.len() - firsts;
        assert!(seconds > 0 && firsts > seconds, "{firsts} first requests, {seconds} second ones");
    }
}

#[test]
fn a_virtual_user_that_waited_for_a_pause_is_scheduled_for_its_end_and_takes_no_longer() {
    let plan = plan(CLOSED, 1, 3);
    let pause = [(Nanos::from_millis(300), Change::Pause), (Nanos::from_millis(5_300), Change::Resume)];
    let run = run_changed(plan, Server::new(3, 0), Nanos::from_secs(20), &pause);
    let resumed =
        run.rows.iter().filter(|row| row.scheduled_ns >= pause[1].0.0 && row.scheduled_ns < pause[1].0.0 + 1_000);
    assert!(resumed.clone().count() > 2, "those at work at 300 ms go on at 5.3 s");
    assert!(run.rows.iter().all(|row| row.lag_ns.is_some_and(|lag| lag < 50_000_000)), "a pause is no lag");
    let (before, behind): (Vec<&Row>, Vec<&Row>) = run.rows.iter().partition(|row| row.scheduled_ns < pause[0].0.0);
    assert!(!before.is_empty() && behind.len() > before.len(), "{} and {}", before.len(), behind.len());
}

#[test]
fn a_load_that_nobody_resumes_ends_when_it_is_stopped() {
    for load in [OPEN, CLOSED] {
        let plan = plan(load, 1, 3);
        let pause = [(Nanos::from_millis(300), Change::Pause)];
        let run = run_changed(plan, Server::new(3, 0), Nanos::from_secs(60), &pause);
        assert!(run.rows.iter().all(|row| row.scheduled_ns < pause[0].0.0 && row.status == 200));
        assert!(run.rows.len() > 20, "{} rows", run.rows.len());
    }
}
