//! Analyses that people add: a `.sql` file with a title and a chart hint in its leading comment.
//!
//! ```text
//! -- title: Response time by second
//! -- note: of answered arrivals, by when they were scheduled
//! -- chart: line x=time_s y=p50_ms,p95_ms unit=ms
//! SELECT …
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runlog::units::{Nanos, Thousands};

use super::{Answer, Database, SqlError};
use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Axis, Chart, Finding, Level, Line, Part, Section, Table};

/// The folder within a run directory whose analyses are taken as well.
const FOLDER: &str = "analyses";
/// The most rows of a table; the whole answer is what `query` is for.
const MOST_ROWS: usize = 100;
/// The most rows of a table beside a chart, which shows all of them.
const MOST_ROWS_BESIDE_CHART: usize = 10;

/// Why a file is no analysis.
#[derive(Debug, thiserror::Error)]
enum HeaderError {
    #[error("`{0}` is no key of an analysis: `title`, `note` and `chart` are; did you mean `{1}`?")]
    Key(String, &'static str),
    #[error("`-- chart: {0}` is not a chart such as `line x=time_s y=p50_ms,p95_ms unit=ms`: {1}")]
    Chart(String, String),
    #[error("there is no query in it")]
    Empty,
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("the answer has no column of numbers `{0}`, which the chart is to show; it has {1}")]
    Column(String, String),
    #[error("a summary file has no rows to ask, and only a run directory has")]
    NoRows,
    #[error(transparent)]
    Sql(#[from] SqlError),
}

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq)]
struct Hint {
    stacked: bool,
    x: String,
    y: Vec<String>,
    /// Without it, the first line's name tells.
    unit: Option<Measure>,
}

/// A file's title, how to read it, and what is to be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
struct Header {
    title: Option<String>,
    note: String,
    chart: Option<Hint>,
}

/// An analysis in a `.sql` file.
#[derive(Debug)]
pub struct SqlAnalysis {
    path: PathBuf,
}

/// All analyses that people added: those of a folder that was named, then those within the run directory.
#[derive(Debug, Default)]
pub struct Plugins {
    named: Vec<SqlAnalysis>,
}

impl Plugins {
    /// The analyses of a folder, if one is named, besides those of the run.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn of(folder: Option<&Path>) -> Result<Self, Failure> {
        let failed = |source, path: &Path| Failure::Analyses { path: path.to_owned(), source };
        let found = |path| found_in(path).map_err(|source| failed(source, path));
        Ok(Self { named: folder.map(found).transpose()?.unwrap_or_default() })
    }

    /// These before the last of the built-in analyses, which closes what is read: the verdict, or how the generator did.
    pub fn before_last_of<'a>(&'a self, built_in: &[&'a dyn Analysis]) -> Vec<&'a dyn Analysis> {
        let mut all = built_in.to_vec();
        all.insert(all.len().saturating_sub(1), self);
        all
    }
}

impl Analysis for Plugins {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        // Most runs have none of their own.
        let of_run = found_in(&run.log.path.join(FOLDER)).unwrap_or_default();
        let mut sections = Vec::new();
        for analysis in self.named.iter().chain(&of_run) {
            sections.extend(analysis.sections(run)?);
        }
        Ok(sections)
    }
}

/// The `.sql` files of a folder, by their names.
fn found_in(folder: &Path) -> io::Result<Vec<SqlAnalysis>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "sql") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths.into_iter().map(|path| SqlAnalysis { path }).collect())
}

impl Analysis for SqlAnalysis {
    /// Its table, and its chart if it asks for one. Where it is wrong, a warning is in their place: what the rest of a
    /// report says does not depend on it.
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let parsed = fs::read_to_string(&self.path).map_err(HeaderError::Io).and_then(|text| {
            let header = Header::parse(&text)?;
            Ok((header, text))
        });
        let stem = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let title = parsed.as_ref().ok().and_then(|(header, _)| header.title.clone()).unwrap_or(stem);
        let parts = parsed.and_then(|(header, text)| header.parts(&title, &text, run));
        Ok(vec![Section::new(title, parts.unwrap_or_else(|error| vec![self.warning(&error)]))])
    }
}

impl SqlAnalysis {
    fn warning(&self, error: &HeaderError) -> Part {
        let name = self.path.display().to_string();
        let said = error.to_string();
        let finding = Finding::new(Level::Warning, "the analysis `").and(name).and("` has no result: ");
        Part::Findings(vec![finding.and(said.lines().next().unwrap_or_default().to_owned())])
    }
}

impl Header {
    /// What the comment lines before the query say.
    fn parse(text: &str) -> Result<Self, HeaderError> {
        let mut header = Self::default();
        let comments = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--"));
        for (key, value) in comments.filter_map(|line| line.trim_start_matches('-').split_once(':')) {
            let value = value.trim().to_owned();
            match key.trim() {
                "title" => header.title = Some(value),
                "note" if header.note.is_empty() => header.note = value,
                "note" => header.note = format!("{} {value}", header.note),
                "chart" => header.chart = Some(Hint::parse(&value)?),
                other => refuse_misspelt(other)?,
            }
        }
        let is_query = |line: &str| !line.trim().is_empty() && !line.trim().starts_with("--");
        if text.lines().any(is_query) { Ok(header) } else { Err(HeaderError::Empty) }
    }

    fn parts(&self, title: &str, query: &str, run: &Run) -> Result<Vec<Part>, HeaderError> {
        if !run.has_rows() {
            return Err(HeaderError::NoRows);
        }
        let answer = Database::open(vec![run.log.clone()], 0..u64::MAX)?.ask(query)?;
        let mut parts = Vec::new();
        let most = match &self.chart {
            Some(hint) => {
                parts.push(Part::Chart(hint.chart(title, &self.note, &answer)?));
                MOST_ROWS_BESIDE_CHART
            }
            None => MOST_ROWS,
        };
        parts.push(Part::Table(headed(answer.table(most))));
        let mut findings = Vec::new();
        if !self.note.is_empty() && self.chart.is_none() {
            findings.push(Finding::new(Level::Note, self.note.clone()));
        }
        if answer.rows() > most {
            let more = Thousands((answer.rows() - most) as u64).to_string();
            findings.push(Finding::new(Level::Note, more).and(" more rows are left out: `query` shows all"));
        }
        if !findings.is_empty() {
            parts.push(Part::Findings(findings));
        }
        Ok(parts)
    }
}

/// With headings as other tables have them: the unit stands at each figure.
fn headed(mut table: Table) -> Table {
    for column in table.columns.iter_mut().filter(|column| column.is_number()) {
        column.title = Measure::without_unit(&column.title).replace('_', " ").into();
    }
    table
}

/// Other comments are free, but one that is nearly a key is meant to be one.
fn refuse_misspelt(key: &str) -> Result<(), HeaderError> {
    let keys = ["title", "note", "chart"];
    match keys.into_iter().find(|known| strsim::damerau_levenshtein(known, &key.to_lowercase()) <= 1) {
        Some(known) => Err(HeaderError::Key(key.to_owned(), known)),
        None => Ok(()),
    }
}

impl Hint {
    fn parse(text: &str) -> Result<Self, HeaderError> {
        let wrong = |what: String| HeaderError::Chart(text.to_owned(), what);
        let mut words = text.split_whitespace();
        let stacked = match words.next() {
            Some("line") => false,
            Some("stacked") => true,
            other => {
                return Err(wrong(format!("it begins with `{}`, not with `line` or `stacked`", other.unwrap_or(""))));
            }
        };
        let mut hint = Self { stacked, x: String::new(), y: Vec::new(), unit: None };
        for word in words {
            match word.split_once('=') {
                Some(("x", name)) => name.clone_into(&mut hint.x),
                Some(("y", names)) => hint.y = names.split(',').map(str::to_owned).collect(),
                Some(("unit", unit)) => {
                    let units: Vec<&str> = Measure::units().collect();
                    let no_unit = || wrong(format!("`{unit}` is not one of {}", units.join(", ")));
                    hint.unit = Some(Measure::of_unit(unit).ok_or_else(no_unit)?);
                }
                _ => return Err(wrong(format!("`{word}` is not `x=`, `y=` or `unit=`"))),
            }
        }
        if hint.x.is_empty() || hint.y.iter().all(String::is_empty) {
            return Err(wrong("it needs `x=` and `y=`".to_owned()));
        }
        Ok(hint)
    }

    /// The lines of an answer, in the order of time.
    fn chart(&self, title: &str, note: &str, answer: &Answer) -> Result<Chart, HeaderError> {
        let figures = |name: &str| {
            let missing = || HeaderError::Column(name.to_owned(), answer.columns().join(", "));
            answer.figures(name).ok_or_else(missing)
        };
        // Instants without a unit in their name are seconds.
        let to_ns = match Measure::of_name(&self.x) {
            Measure::Time(ns) => ns,
            _ => 1e9,
        };
        let at = figures(&self.x)?;
        let mut order: Vec<usize> = (0..at.len()).filter(|&place| at[place].is_some_and(|at| at >= 0.0)).collect();
        order.sort_by(|a, b| at[*a].partial_cmp(&at[*b]).unwrap_or(std::cmp::Ordering::Equal));
        let measure = self.unit.unwrap_or_else(|| Measure::of_name(self.y.first().map_or("", String::as_str)));
        let line = |name: &String| {
            let values = figures(name)?;
            let values = order.iter().map(|&place| values[place].map(|value| value * measure.factor()));
            Ok(Line::new(name.clone(), values.collect()))
        };
        let instants = order.iter().filter_map(|&place| at[place]);
        let instants = instants.map(|at| Nanos((at * to_ns).round() as u64)).collect();
        Ok(Chart {
            title: title.to_owned().into(),
            note: note.to_owned().into(),
            axis: Axis::Time(instants),
            unit: measure.axis(),
            stacked: self.stacked,
            lines: self.y.iter().map(line).collect::<Result<_, HeaderError>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Header, String> {
        Header::parse(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_says_what_is_shown() {
        let text = "-- title: Slow\n-- (c) somebody: all of it\n--note: one\n-- note: two\n\
                    -- chart: stacked x=time_s y=a_ms,b_ms unit=ms\nSELECT 1 -- title: no";
        let chart = Hint {
            stacked: true,
            x: "time_s".to_owned(),
            y: vec!["a_ms".to_owned(), "b_ms".to_owned()],
            unit: Some(Measure::Time(1e6)),
        };
        let expected = Header { title: Some("Slow".to_owned()), note: "one two".to_owned(), chart: Some(chart) };
        assert_eq!(header(text), Ok(expected));
        assert_eq!(header("SELECT 1"), Ok(Header::default()));
    }

    #[test]
    fn a_header_that_is_wrong_says_what_would_be_right() {
        for (text, said) in [
            (
                "-- titel: x\nSELECT 1",
                "`titel` is no key of an analysis: `title`, `note` and `chart` are; did you mean `title`?",
            ),
            ("-- chart: bar x=a y=b\nSELECT 1", "it begins with `bar`, not with `line` or `stacked`"),
            ("-- chart: line x=a\nSELECT 1", "it needs `x=` and `y=`"),
            (
                "-- chart: line x=a y=b unit=furlong\nSELECT 1",
                "`furlong` is not one of per_s, ns, us, ms, s, share, bytes, count",
            ),
            ("-- chart: line x=a y=b z=c\nSELECT 1", "`z=c` is not `x=`, `y=` or `unit=`"),
            ("-- title: nothing more\n\n", "there is no query in it"),
        ] {
            let error = header(text).expect_err(text);
            assert!(error.ends_with(said), "{error}");
        }
    }
}
