//! What is published: figures under their names, with what tells them apart. Names are those of thresholds (k6's, and ours) in
//! Prometheus' style.

use std::collections::BTreeMap;

use prometheus::proto::{LabelPair, MetricFamily, MetricType};
use runlog::manifest::Manifest;
use runlog::outcome::Failure;
use runlog::tags::Tags;
use runlog::units::Nanos;

use super::figures::{Core, Figures};
use super::labels::{TagNames, merged, pairs, with};
use super::naming::{Naming, Pair};
use super::series::{counter, family, gauge, histogram};
use crate::clock::Clock;
use crate::plan::{Load, Plan};
use crate::worker::breakdown::{Cell, Layout, StatusClass};
use crate::worker::buckets::Buckets;

/// What the figures of a run are called.
pub struct Families {
    plan: &'static Plan,
    manifest: &'static Manifest,
    layout: &'static Layout,
    clock: Clock,
    run: String,
    of_run: Vec<LabelPair>,
    of_scenarios: Vec<Vec<LabelPair>>,
    pairs: Vec<Pair>,
    info: MetricFamily,
}

impl Families {
    /// Those of a run that is called `run`.
    pub fn new(
        run: &str,
        plan: &'static Plan,
        manifest: &'static Manifest,
        layout: &'static Layout,
        clock: Clock,
    ) -> Self {
        let naming = Naming::new(run, manifest);
        let seed = manifest.seed.to_string();
        let info = [("name", manifest.name.as_str()), ("version", manifest.drumfire_version.as_str()), ("seed", &seed)];
        let info = vec![gauge(naming.of_run(&info), 1.0)];
        Self {
            plan,
            manifest,
            layout,
            clock,
            run: naming.run().to_owned(),
            of_run: naming.of_run(&[]),
            of_scenarios: naming.of_scenarios(),
            pairs: naming.of_pairs(layout),
            info: family("run_info", MetricType::GAUGE, "What is run: always 1", info),
        }
    }

    /// All of them as the figures are now.
    pub fn of(&self, figures: &Figures) -> Vec<MetricFamily> {
        let mut families = vec![self.info.clone()];
        families.extend(self.run());
        families.extend(self.arrivals(figures));
        families.extend(self.times(figures));
        families.extend([self.errors(figures), self.dropped(figures), self.checks(figures)]);
        families.extend(self.scenarios(figures));
        families.extend(self.levels(figures));
        families.extend(self.engine(figures));
        families.extend([self.thresholds(figures), self.probes(figures)]);
        families.extend(self.left_out(figures));
        // A name without a value is not what the format knows.
        families.retain(|family| !family.get_metric().is_empty());
        families
    }

    fn run(&self) -> [MetricFamily; 3] {
        let elapsed = self.clock.now();
        [
            self.level(
                "run_start_time_seconds",
                "When the load began, since 1970",
                Nanos(self.manifest.started_unix_ns).as_secs_f64(),
            ),
            self.level("run_elapsed_seconds", "How long the load has lasted", elapsed.as_secs_f64()),
            self.level("run_planned_seconds", "How long its schedules last", self.manifest.planned_ns.as_secs_f64()),
        ]
    }

    /// What is counted of arrivals.
    fn arrivals(&self, figures: &Figures) -> [MetricFamily; 4] {
        type Count = fn(&Cell) -> u64;
        let counted: [(&str, &str, Count); 4] = [
            ("http_reqs_total", "Arrivals that are done", |cell| cell.rows),
            ("http_req_failed_total", "Arrivals without an answer, or with a status that was not wanted", |cell| {
                cell.failed
            }),
            ("data_sent_bytes_total", "Bytes sent", |cell| cell.bytes_sent),
            ("data_received_bytes_total", "Bytes received", |cell| cell.bytes_received),
        ];
        counted.map(|(name, help, count)| {
            let each = self.cells(figures).map(|(labels, cell)| counter(labels, count(cell) as f64));
            family(name, MetricType::COUNTER, help, each.collect())
        })
    }

    fn times(&self, figures: &Figures) -> [MetricFamily; 3] {
        type Times = fn(&Cell) -> &Buckets;
        let timed: [(&str, &str, Times); 3] = [
            ("http_req_duration_seconds", "Service time of arrivals that got an answer: sent to last byte", |cell| {
                &cell.service
            }),
            (
                "response_time_seconds",
                "Lag and service time of arrivals that got an answer: what a user would have felt",
                |cell| &cell.response,
            ),
            ("schedule_lag_seconds", "Scheduled to sent, of arrivals that were sent", |cell| &cell.lag),
        ];
        timed.map(|(name, help, times)| {
            // What never gets an answer has no times; what has no arrivals yet may get some.
            let has_some = |cell: &Cell| cell.rows == 0 || times(cell).count() > 0;
            let cells = self.cells(figures).filter(|(_, cell)| has_some(cell));
            let each = cells.map(|(labels, cell)| histogram(labels, times(cell)));
            family(name, MetricType::HISTOGRAM, help, each.collect())
        })
    }

    /// The cells that there is something to tell of, with their labels. Those of answers that mostly are what was wanted are
    /// there from the start: what is counted from nothing has a rate from its first arrival on.
    fn cells<'a>(&'a self, figures: &'a Figures) -> impl Iterator<Item = (Vec<LabelPair>, &'a Cell)> {
        self.pairs.iter().enumerate().flat_map(move |(place, pair)| {
            let is_told = move |class, cell: &Cell| cell.rows > 0 || class == StatusClass::SUCCESS && !pair.is_others;
            let cells = figures.breakdown.cells(place).filter(move |&(class, cell)| is_told(class, cell));
            cells.map(|(class, cell)| (with(&pair.labels, &[("status", class.name())]), cell))
        })
    }

    fn errors(&self, figures: &Figures) -> MetricFamily {
        let each = self.pairs.iter().enumerate().flat_map(|(place, pair)| {
            let failures = figures.breakdown.failures(place);
            failures.map(|(failure, count)| counter(with(&pair.labels, &[("error", failure.word())]), count as f64))
        });
        family("errors_total", MetricType::COUNTER, "Arrivals without an answer, by why", each.collect())
    }

    fn dropped(&self, figures: &Figures) -> MetricFamily {
        let dropped = |place| figures.breakdown.failures(place).filter(|(failure, _)| *failure == Failure::Dropped);
        let count = |place| dropped(place).map(|(_, count)| count).sum::<u64>();
        let each = self.pairs.iter().enumerate().filter(|(place, pair)| !pair.is_others || count(*place) > 0);
        let each = each.map(|(place, pair)| counter(pair.labels.clone(), count(place) as f64));
        family("dropped_iterations_total", MetricType::COUNTER, "Arrivals that were never sent", each.collect())
    }

    fn checks(&self, figures: &Figures) -> MetricFamily {
        let each = self.pairs.iter().enumerate().flat_map(|(place, pair)| {
            let checks = pair.checks.iter().zip(figures.breakdown.checks(place));
            let told = checks.filter(|(_, (passes, fails))| !pair.is_others || passes + fails > 0);
            told.flat_map(|(check, (passes, fails))| {
                [("pass", passes), ("fail", fails)].map(|(result, count)| {
                    counter(with(&pair.labels, &[("check", check), ("result", result)]), count as f64)
                })
            })
        });
        family("checks_total", MetricType::COUNTER, "Checks that were made, by what came of them", each.collect())
    }

    /// What is wanted of each scenario, and what its virtual users have done.
    fn scenarios(&self, figures: &Figures) -> [MetricFamily; 3] {
        let now = self.clock.now();
        let (mut rates, mut users) = (Vec::new(), Vec::new());
        for (scenario, labels) in self.plan.scenarios.iter().zip(&self.of_scenarios) {
            match &scenario.load {
                Load::Open(arrivals) => rates.push(gauge(labels.clone(), arrivals.rate_at(&figures.course, now))),
                Load::Closed { vus, .. } => {
                    users.push(gauge(labels.clone(), vus.users().at(figures.course.schedule_time(now))));
                }
            }
        }
        let iterations = self.of_scenarios.iter().zip(figures.breakdown.iterations());
        let iterations = iterations.map(|(labels, &count)| counter(labels.clone(), count as f64)).collect();
        [
            family("target_rate", MetricType::GAUGE, "Iterations that the schedule wants begun, per second", rates),
            family("target_vus", MetricType::GAUGE, "Virtual users that the schedule wants at work", users),
            family("iterations_total", MetricType::COUNTER, "Iterations that came to their end", iterations),
        ]
    }

    fn levels(&self, figures: &Figures) -> [MetricFamily; 6] {
        let scheduled = vec![counter(self.of_run.clone(), figures.scheduled as f64)];
        let level = |name, help, level: fn(&Core) -> u64| self.level(name, help, figures.sum(level) as f64);
        [
            family("scheduled_arrivals_total", MetricType::COUNTER, "Arrivals that were scheduled", scheduled),
            level("vus", "Virtual users at work", |core| core.vus),
            self.level("vus_max", "The most virtual users that were at work at once", figures.vus_max as f64),
            level("http_reqs_in_flight", "Requests on their way", |core| core.in_flight),
            level("connections", "Open connections", |core| core.connections),
            level("backlog", "Arrivals that wait for a connection", |core| core.backlog),
        ]
    }

    /// How the generator itself is doing.
    fn engine(&self, figures: &Figures) -> [MetricFamily; 3] {
        let (mut busy, mut lags, mut stalls) = (Vec::new(), Vec::new(), Vec::new());
        for core in figures.cores.values() {
            let cpu = core.cpu.to_string();
            let labels = with(&self.of_run, &[("core", &cpu)]);
            busy.push(gauge(labels.clone(), core.busy));
            for (statistic, lag) in ["p50", "p99", "max"].iter().zip(core.pacer_lag.into_iter().flatten()) {
                lags.push(gauge(with(&labels, &[("statistic", statistic)]), lag.as_secs_f64()));
            }
            stalls.push(counter(labels, core.record_stall.as_secs_f64()));
        }
        let name = "engine_record_stall_seconds_total";
        [
            family(
                "engine_busy_ratio",
                MetricType::GAUGE,
                "The share of its last second that a core was at work",
                busy,
            ),
            family(
                "engine_pacer_lag_seconds",
                MetricType::GAUGE,
                "How late a core handed arrivals on in its last second",
                lags,
            ),
            family(name, MetricType::COUNTER, "How long a core has waited for the disk", stalls),
        ]
    }

    fn thresholds(&self, figures: &Figures) -> MetricFamily {
        let each = figures.thresholds.iter();
        let each = each.map(|(threshold, &holds)| {
            gauge(with(&self.of_run, &[("threshold", threshold)]), f64::from(u8::from(holds)))
        });
        let help = "Whether a threshold holds so far: of those that are judged while the run lasts, at its end of all";
        family("threshold_holds", MetricType::GAUGE, help, each.collect())
    }

    fn probes(&self, figures: &Figures) -> MetricFamily {
        let tags_of: Vec<Tags> =
            figures.probes.iter().map(|value| merged(&[&value.tags, &self.manifest.tags])).collect();
        let names = TagNames::of(tags_of.iter().flat_map(Tags::keys).map(String::as_str));
        // Of what reads alike in the end, there may be one only.
        let mut values: BTreeMap<Vec<(&str, &str)>, f64> = BTreeMap::new();
        for (value, tags) in figures.probes.iter().zip(&tags_of) {
            let own = [("run", self.run.as_str()), ("probe", value.probe), ("metric", value.metric.as_str())];
            values.insert(own.into_iter().chain(names.labels(tags)).collect(), value.value);
        }
        let each = values.into_iter().map(|(labels, value)| gauge(pairs(labels), value));
        let help = "What probes have seen of the system under test when they looked last, in their own units";
        family("probe_value", MetricType::GAUGE, help, each.collect())
    }

    fn left_out(&self, figures: &Figures) -> [MetricFamily; 2] {
        let (pairs, values) = (self.layout.put_together() as f64, figures.probe_values_left_out as f64);
        [
            self.level("put_together", "Requests of scenarios that are too many to be told apart", pairs),
            self.level("probe_values_left_out", "Values of probes that are too many to be told", values),
        ]
    }

    fn level(&self, name: &str, help: &str, value: f64) -> MetricFamily {
        family(name, MetricType::GAUGE, help, vec![gauge(self.of_run.clone(), value)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use runlog::change::Change;
    use runlog::course::Course;
    use runlog::row::{FailedChecks, RequestId, Row, ScenarioId};

    use crate::plan::{self, Captured, Options, Target};
    use crate::publish::figures::ProbeValue;
    use crate::publish::series::text;
    use crate::scenario::{self, Variables};
    use crate::worker::breakdown::Breakdown;

    /// A scenario with what has to be escaped in its names and tags.
    const SHOP: &str = r#"
name = "shop"
tags = { "my team" = "a\"b\\c", status = "draft" }
[target]
base_url = "http://127.0.0.1:8080"
[requests.list]
path = "/"
checks = { "says \"ok\"" = "status == 200" }
tags = { tier = "free" }
[requests.order]
method = "POST"
path = "/orders"
[flows]
buy = [{ request = "list" }, { request = "order" }]
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
rate = "20/s"
duration = "1h"
flow = "list"
[[scenarios]]
name = "visitors"
executor = "constant-vus"
vus = 3
duration = "1h"
flow = "buy"
tags = { tier = "paid" }
"#;

    fn plan(text: &str) -> &'static Plan {
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        let scenario = scenario::check("shop.toml", "shop", text.to_owned(), &variables, &BTreeMap::new());
        let scenario = scenario.expect("a right scenario");
        let address = ([127, 0, 0, 1], 8080).into();
        let target = Target::new(&scenario.target, |_, _| Ok(vec![address])).expect("a target");
        let plan = plan::compile(&scenario, &Options::with_seed(7), &Captured::new(), target);
        Box::leak(Box::new(plan.expect("a plan")))
    }

    fn families(plan: &'static Plan) -> (Families, Figures) {
        let setup = crate::run::Setup {
            out: "shop".into(),
            cores: vec![0],
            command: Vec::new(),
            pacing: crate::worker::Pacing::default(),
            quiet: true,
        };
        let manifest = crate::run::manifest(plan, &setup, crate::wire::Driver::Epoll, &[0]);
        let drumfire_version = "1.2.3".to_owned();
        let manifest = Box::leak(Box::new(Manifest { drumfire_version, started_unix_ns: 5_000_000_000, ..manifest }));
        let layout = Box::leak(Box::new(Layout::of(plan)));
        let families = Families::new("shop-1", plan, manifest, layout, Clock::starting_in(Nanos::ZERO));
        (families, Figures::new(Breakdown::new(layout)))
    }

    /// The text without the buckets and what depends on the time.
    fn shown(text: &str) -> String {
        let is_meant = |line: &&str| !line.contains("_bucket{") && !line.contains("run_elapsed");
        text.split_inclusive('\n').filter(is_meant).collect()
    }

    #[test]
    fn figures_have_names_and_labels() {
        let (families, mut figures) = families(plan(SHOP));
        let row = |scenario, request, status| Row {
            scenario: ScenarioId(scenario),
            request: RequestId(request),
            status,
            lag_ns: Some(1_000),
            duration_ns: Some(2_000_000),
            bytes_sent: 100,
            bytes_received: 1_000,
            ..Row::default()
        };
        figures.breakdown.add(&row(0, 0, 200), false);
        figures.breakdown.add(&Row { failed_checks: FailedChecks(1), ..row(0, 0, 503) }, true);
        figures.breakdown.add(&row(1, 1, 200), false);
        let dropped = Row { error: Some(Failure::Dropped), lag_ns: None, duration_ns: None, ..row(0, 0, 0) };
        figures.breakdown.add(&dropped, true);
        figures.breakdown.iterated(ScenarioId(1));
        figures.scheduled = 4;
        figures.cores.insert(
            0,
            Core {
                cpu: 3,
                vus: 2,
                busy: 0.5,
                pacer_lag: Some([Nanos(1_000), Nanos(20_000), Nanos(300_000)]),
                ..Core::default()
            },
        );
        figures.stand([("response_time{tier:free} p(95) < 1ms".to_owned(), false)].into_iter());
        let tags = |value: &str| Tags::from([("query id".to_owned(), value.to_owned())]);
        figures.see(["1", "2\n"].into_iter().map(|id| ProbeValue {
            probe: "db",
            metric: "mean_ms".to_owned(),
            tags: tags(id),
            value: 1.5,
        }));
        insta::assert_snapshot!(shown(&text(&families.of(&figures))));
    }

    #[test]
    fn the_reference_lists_what_there_is() {
        let (families, mut figures) = families(plan(SHOP));
        figures.breakdown.add(&Row { error: Some(Failure::Dropped), ..Row::default() }, true);
        figures.cores.insert(0, Core { pacer_lag: Some([Nanos(1); 3]), ..Core::default() });
        figures.stand([("checks rate > 99%".to_owned(), true)].into_iter());
        figures.see(std::iter::once(ProbeValue {
            probe: "db",
            metric: "mean_ms".to_owned(),
            tags: Tags::new(),
            value: 1.5,
        }));
        let families = families.of(&figures);
        let kind = |family: &MetricFamily| format!("{:?}", family.get_field_type()).to_lowercase();
        let there_is: BTreeMap<&str, String> = families.iter().map(|family| (family.name(), kind(family))).collect();
        let reference = include_str!("../../../docs/metrics.md");
        let rows = reference.lines().filter_map(|line| line.strip_prefix("| `drumfire_")?.split_once("` | "));
        let word = |rest: &str| rest.split([',', ' ']).next().unwrap_or_default().to_owned();
        let listed: BTreeMap<String, String> =
            rows.map(|(name, rest)| (format!("drumfire_{name}"), word(rest))).collect();
        let there_is: BTreeMap<String, String> =
            there_is.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
        assert_eq!(listed, there_is);
    }

    #[test]
    fn the_target_is_that_of_the_course_which_the_load_takes() {
        let (families, mut figures) = families(plan(SHOP));
        let target = |figures: &Figures| {
            let text = text(&families.of(figures));
            let line = text.lines().find(|line| line.starts_with("drumfire_target_rate{")).expect("a target");
            line.rsplit(' ').next().map(str::to_owned)
        };
        figures.course = Course::of([(Nanos::ZERO, Change::Rate(2.0))]);
        assert_eq!(target(&figures).as_deref(), Some("40"));
        figures.course = Course::of([(Nanos::ZERO, Change::Pause)]);
        assert_eq!(target(&figures).as_deref(), Some("0"));
    }

    #[test]
    fn buckets_are_cumulative_up_to_all() {
        let (families, mut figures) = families(plan(SHOP));
        for (lag, service) in [(0, 10_000), (5_000, 10_001), (0, 60_000_000_000)] {
            let row = Row { status: 200, lag_ns: Some(lag), duration_ns: Some(service), ..Row::default() };
            figures.breakdown.add(&row, false);
        }
        let text = text(&families.of(&figures));
        let bucket = |bound: &str| {
            let of = format!("le=\"{bound}\"}} ");
            let mut lines = text.lines().filter(|line| {
                line.starts_with("drumfire_http_req_duration_seconds_bucket{") && line.contains("scenario=\"steady\"")
            });
            lines.find_map(|line| Some(line.split_once(&of)?.1.to_owned())).expect("a bucket")
        };
        assert_eq!(["0.00001", "0.000015", "0.5", "50", "+Inf"].map(bucket), ["1", "2", "2", "2", "3"]);
    }

    #[test]
    fn scenarios_tell_their_requests_apart_up_to_a_bound() {
        let (of_shop, _) = families(plan(SHOP));
        assert_eq!(of_shop.pairs.len(), 4, "list; list and order; others");
        let requests: Vec<String> = (0..150).map(|n| format!("[requests.r{n:03}]\npath = \"/{n}\"\n")).collect();
        let requests = requests.concat();
        let steps: Vec<String> = (0..150).map(|n| format!("{{ request = \"r{n:03}\" }}")).collect();
        let load = "executor = \"constant-vus\"\nvus = 1\nduration = \"1s\"\nflow = \"all\"";
        let many = format!(
            "[target]\nbase_url = \"http://127.0.0.1:8080\"\n{requests}[flows]\nall = [{}]\n[[scenarios]]\nname = \"s\"\n{load}\n",
            steps.join(", ")
        );
        let (families, mut figures) = families(plan(&many));
        for request in 0..150 {
            figures.breakdown.add(&Row { request: RequestId(request), status: 200, ..Row::default() }, false);
        }
        let text = text(&families.of(&figures));
        assert!(text.contains("drumfire_put_together{run=\"shop-1\"} 50\n"), "{}", shown(&text));
        let others =
            "drumfire_http_reqs_total{run=\"shop-1\",scenario=\"(others)\",request=\"(others)\",status=\"2xx\"} 50\n";
        assert!(text.contains(others), "{}", shown(&text));
        assert_eq!(text.matches("\ndrumfire_http_reqs_total{").count(), 101);
    }
}
