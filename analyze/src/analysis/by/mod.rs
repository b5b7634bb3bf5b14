//! Figures of rows in whatever groups somebody asks for: `--by tag:tier,status`.

mod stages;
mod told;

use runlog::metric::Metric;
use runlog::statistics::Figures;
use runlog::summary::{self, Group, Times};
use runlog::tally::{Groups, Questions, Stretch, gather};
use runlog::units::Nanos;

use self::told::Told;
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
        let told = Told::of(&self.keys, run, self.within);
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
                let length = told.length(number, groups.elapsed);
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
