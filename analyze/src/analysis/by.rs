//! Figures of rows in whatever groups somebody asks for: `--by tag:tier,status`.

use runlog::control::Control;
use runlog::course::Course;
use runlog::manifest::{Manifest, Request, Scenario, StageEnd};
use runlog::metric::Metric;
use runlog::row::{Batch, Columns};
use runlog::statistics::Figures;
use runlog::summary::{self, Group, Times};
use runlog::tally::{Grouping, Groups, Questions, Stretch, gather};
use runlog::units::Nanos;

use super::Analysis;
use super::percentiles::{TIMES, times, too_few};
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Column, Kind, Part, Section, Table, Value};

/// What rows are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The request.
    Request,
    /// The scenario.
    Scenario,
    /// The flows that the request belongs to.
    Flow,
    /// The value of a tag: the request's, or else the scenario's, or else the run's.
    Tag(String),
    /// The class of the status, or that there was no answer.
    Status,
    /// The stage of the scenario in which it was scheduled.
    Stage,
    /// The window of this length in which it was scheduled.
    Window(Nanos),
}

impl Key {
    fn title(&self) -> String {
        match self {
            Self::Request => "request".to_owned(),
            Self::Scenario => "scenario".to_owned(),
            Self::Flow => "flow".to_owned(),
            Self::Tag(tag) => tag.clone(),
            Self::Status => "status".to_owned(),
            Self::Stage => "stage".to_owned(),
            Self::Window(_) => "from".to_owned(),
        }
    }
}

impl std::str::FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once([':', '=']).unwrap_or((text, ""));
        match (name, value) {
            ("request", "") => Ok(Self::Request),
            ("scenario", "") => Ok(Self::Scenario),
            ("flow", "") => Ok(Self::Flow),
            ("status", "") => Ok(Self::Status),
            ("stage", "") => Ok(Self::Stage),
            ("tag", tag) if !tag.is_empty() => Ok(Self::Tag(tag.to_owned())),
            ("window", length) => match length.parse() {
                Ok(Nanos(0)) => Err("a window has to have a length".to_owned()),
                Ok(length) => Ok(Self::Window(length)),
                Err(error) => Err(format!("{error}")),
            },
            _ => {
                Err("expected `request`, `scenario`, `flow`, `tag:NAME`, `status`, `stage` or `window:10s`".to_owned())
            }
        }
    }
}

/// Tables of groups.
#[derive(Debug)]
pub struct By {
    /// What rows are told apart by.
    pub keys: Vec<Key>,
    /// The metrics that are shown.
    pub metrics: Vec<Metric>,
    /// Which rows.
    pub within: Stretch,
}

/// The most groups: a table that somebody reads.
const MOST_GROUPS: usize = 2_000;

impl Analysis for By {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if self.keys.is_empty() {
            return Ok(Vec::new());
        }
        if !run.has_rows() {
            return Err(Failure::NoRows { path: run.log.path.clone(), needs: "--by" });
        }
        let told = Told::of(self, run);
        if told.most() > MOST_GROUPS {
            return Err(Failure::TooManyGroups { groups: told.most(), most: MOST_GROUPS });
        }
        let manifest = &run.log.manifest;
        let recall = summary::recall(run.log.rows_expected(), summary::SHOWN.len() as u64);
        let nothing = || Groups::new(&told, &manifest.requests, &summary::SHOWN, recall);
        let groups = gather(&run.log.rows, None, nothing)?.tally;
        let numbers: Vec<usize> =
            (0..groups.groups().len()).filter(|&group| groups.groups()[group].counts.arrivals > 0).collect();
        let mut questions = Questions::of(&groups);
        let asked: Vec<Times> = numbers.iter().map(|&group| Times::ask(&mut questions, &[group])).collect();
        let answers = questions.answer(&run.log.rows, None)?;
        let figures: Vec<(Vec<String>, Group)> = (numbers.iter().zip(asked))
            .map(|(&number, times)| {
                let counts = &groups.groups()[number].counts;
                let length = told.length(groups.elapsed);
                (told.labels(number), Group::new(String::new(), counts, &times.figures(&answers), length))
            })
            .collect();
        Ok(self.tables(&figures))
    }
}

impl By {
    fn titled(&self, numbers: &[&'static str]) -> Table {
        let names = self.keys.iter().map(|key| Column::new(key.title(), Kind::Name));
        let numbers = numbers.iter().map(|&title| Column::new(title, Kind::Number));
        Table { columns: names.chain(numbers).collect(), rows: Vec::new() }
    }

    fn tables(&self, groups: &[(Vec<String>, Group)]) -> Vec<Section> {
        let by: Vec<String> = self.keys.iter().map(Key::title).collect();
        let mut counts = self.titled(&["count", "rate", "errors", "error rate"]);
        let names = |labels: &[String]| labels.iter().cloned().map(Value::from).collect::<Vec<_>>();
        for (labels, group) in groups {
            let mut cells = names(labels);
            cells.extend([
                Value::Count(group.count),
                Value::per_second(group.rate_per_s),
                Value::Count(group.errors),
                Value::share(group.errors, group.count),
            ]);
            counts.push(cells);
        }
        let mut sections = vec![Section::new(format!("Requests by {}", by.join(" and ")), vec![Part::Table(counts)])];
        for &metric in &self.metrics {
            let mut table = self.titled(&TIMES);
            for (labels, group) in groups {
                table.push(names(labels).into_iter().chain(times(of(group, metric))).collect());
            }
            let shown: Vec<_> = groups.iter().map(|(_, group)| of(group, metric)).collect();
            let findings = too_few(&shown).into_iter().collect();
            let title = format!("{} by {}", title_of(metric), by.join(" and "));
            sections.push(Section::new(title, vec![Part::Table(table), Part::Findings(findings)]));
        }
        sections
    }
}

/// A metric of times by the words of its table; the order is that of [`summary::SHOWN`].
pub const METRICS: [(&str, &str); 6] = [
    ("response_time", "Response time"),
    ("service_time", "Service time"),
    ("ttfb", "Time to the first byte"),
    ("lag", "Lag"),
    ("connect", "Opening a connection"),
    ("tls", "The TLS handshake"),
];

/// The metric of a word on the command line.
///
/// # Errors
/// Where there is none: which there are.
pub fn metric(word: &str) -> Result<Metric, String> {
    let place = METRICS.iter().position(|(name, _)| *name == word);
    place.map(|place| summary::SHOWN[place]).ok_or_else(|| {
        let names: Vec<&str> = METRICS.iter().map(|(name, _)| *name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn title_of(metric: Metric) -> &'static str {
    let place = summary::SHOWN.iter().position(|&shown| shown == metric);
    place.map_or(metric.name(), |place| METRICS[place].1)
}

fn of(group: &Group, metric: Metric) -> Option<Figures> {
    match metric {
        Metric::HttpReqDuration => group.service_time_ns,
        Metric::HttpReqWaiting => group.ttfb_ns,
        Metric::ScheduleLag => group.lag_ns,
        Metric::HttpReqConnecting => group.connect_ns,
        Metric::HttpReqTlsHandshaking => group.tls_ns,
        _ => group.response_time_ns,
    }
}

/// How rows of one run are told apart: each key has a list of labels, and a group is a place in each.
struct Told {
    keys: Vec<Labels>,
    within: Stretch,
}

/// The labels of a key, and which of them a row has.
struct Labels {
    labels: Vec<String>,
    of: Source,
}

/// Where the label of a row comes from.
enum Source {
    /// Its request in its scenario: the place of a label for each request of each scenario.
    Cell {
        /// How many requests there are.
        requests: usize,
        /// The places.
        places: Vec<usize>,
    },
    /// The class of its status; the first where there was no answer.
    Status,
    /// When it was scheduled: where the stages of each scenario end.
    Stage(Vec<Vec<Nanos>>),
    /// The same: the first window, and their length.
    Window(u64, Nanos),
}

impl Labels {
    fn of(key: &Key, run: &Run, within: Stretch) -> Self {
        let manifest = &run.log.manifest;
        match key {
            Key::Request => Self::of_cells(manifest, |_, request| request.name.clone()),
            Key::Scenario => Self::of_cells(manifest, |scenario, _| scenario.name.clone()),
            Key::Flow => Self::of_cells(manifest, |_, request| match request.flows.as_slice() {
                [] => "–".to_owned(),
                flows => flows.join(", "),
            }),
            Key::Tag(tag) => Self::of_cells(manifest, |scenario, request| {
                manifest.tag(scenario, request, tag).unwrap_or("–").to_owned()
            }),
            Key::Status => {
                let classes = (1..10).map(|class| format!("{class}xx"));
                Self { labels: std::iter::once("no answer".to_owned()).chain(classes).collect(), of: Source::Status }
            }
            Key::Stage => Self::of_stages(manifest, &Control::course(&run.log.events)),
            &Key::Window(length) => {
                let to = run.summary.run.elapsed_ns.min(within.to);
                let (first, last) = (within.from.0 / length.0, to.0 / length.0);
                let labels = (first..=last.max(first)).map(|number| Nanos(number.saturating_mul(length.0)).to_string());
                Self { labels: labels.take(MOST_GROUPS + 1).collect(), of: Source::Window(first, length) }
            }
        }
    }

    fn of_cells(manifest: &Manifest, label: impl Fn(&Scenario, &Request) -> String) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut places = Vec::new();
        for scenario in &manifest.scenarios {
            for request in &manifest.requests {
                let label = label(scenario, request);
                let place = labels.iter().position(|known| *known == label);
                places.push(place.unwrap_or(labels.len()));
                if place.is_none() {
                    labels.push(label);
                }
            }
        }
        Self { labels, of: Source::Cell { requests: manifest.requests.len(), places } }
    }

    fn of_stages(manifest: &Manifest, course: &Course) -> Self {
        let end = |stage: &StageEnd| course.run_time(stage.at_ns).unwrap_or(Nanos(u64::MAX));
        let ends: Vec<Vec<Nanos>> =
            manifest.scenarios.iter().map(|scenario| scenario.stages.iter().map(end).collect()).collect();
        let most = ends.iter().map(Vec::len).max().unwrap_or(0);
        let labels = (1..=most).map(|number| format!("stage {number}"));
        // What is scheduled when all stages are over: the last users of a ramp that finish.
        Self { labels: labels.chain(["afterwards".to_owned()]).collect(), of: Source::Stage(ends) }
    }

    /// The place of a row's label. Rows beyond the last window are in it.
    #[inline]
    fn place(&self, batch: &Batch, place: usize) -> usize {
        let scheduled = Nanos(batch.scheduled_ns[place]);
        match &self.of {
            Source::Cell { requests, places } => {
                places[usize::from(batch.scenario[place].0) * requests + usize::from(batch.request[place].0)]
            }
            Source::Status if batch.error[place].is_some() => 0,
            Source::Status => usize::from(batch.status[place] / 100).min(9),
            Source::Stage(ends) => {
                let ends = &ends[usize::from(batch.scenario[place].0)];
                match ends.partition_point(|&end| end <= scheduled) {
                    over if over == ends.len() => self.labels.len() - 1,
                    stage => stage,
                }
            }
            Source::Window(first, length) => ((scheduled.0 / length.0 - first) as usize).min(self.labels.len() - 1),
        }
    }
}

impl Told {
    fn of(by: &By, run: &Run) -> Self {
        Self { keys: by.keys.iter().map(|key| Labels::of(key, run, by.within)).collect(), within: by.within }
    }

    /// How many groups there may be.
    fn most(&self) -> usize {
        self.keys.iter().fold(1, |most, key| most.saturating_mul(key.labels.len()))
    }

    /// The labels of a group.
    fn labels(&self, mut group: usize) -> Vec<String> {
        let mut labels = Vec::with_capacity(self.keys.len());
        for key in self.keys.iter().rev() {
            labels.push(key.labels[group % key.labels.len()].clone());
            group /= key.labels.len();
        }
        labels.reverse();
        labels
    }

    /// How long the time is that a rate is over: a window's, or all that is looked at.
    fn length(&self, elapsed: Nanos) -> Nanos {
        let window = self.keys.iter().find_map(|key| match key.of {
            Source::Window(_, length) => Some(length),
            _ => None,
        });
        let all = self.within.length(elapsed);
        window.map_or(all, |length| length.min(all))
    }
}

impl Grouping for Told {
    fn columns(&self) -> Columns {
        Columns::SCHEDULED_NS.and(Columns::SCENARIO).and(Columns::REQUEST).and(Columns::STATUS).and(Columns::ERROR)
    }

    #[inline]
    fn group(&self, batch: &Batch, place: usize) -> Option<usize> {
        if !self.within.has(batch.scheduled_ns[place]) {
            return None;
        }
        Some(self.keys.iter().fold(0, |group, key| group * key.labels.len() + key.place(batch, place)))
    }
}
