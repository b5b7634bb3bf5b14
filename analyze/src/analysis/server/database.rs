//! Is the database the limit: is its pool of connections used up, are queries slow, and which of them became so under load?

use runlog::units::{Nanos, Percentile};

use super::names::{has_word, is_time};
use super::series::{Series, mean, nearest_rank};
use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The pool of connections, and the times of queries.
pub(super) struct Database;

/// The requirement's bound: no query above it at p95.
const SLOWEST: Nanos = Nanos::from_millis(100);
/// A pool is used up where all of it is in use in so many of the samples.
const USED_UP: f64 = 0.05;
/// What is compared for growth: the first and the last of so many parts of the time.
const PARTS: u64 = 4;
/// So many statements that grew most are shown.
const MOST: usize = 10;

impl Analysis for Database {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let all = Series::all(&run.log.probes);
        let (mut findings, mut parts) = (Vec::new(), Vec::new());
        for pool in pools(&all) {
            findings.push(pool.finding());
        }
        let ends = Ends::of(&all);
        let queries: Vec<Query> =
            all.iter().filter(|series| is_query(series)).filter_map(|series| Query::of(series, ends)).collect();
        findings.extend(slow(&queries));
        if !queries.is_empty() {
            parts.push(Part::Table(table(queries)));
        }
        if findings.is_empty() {
            return Ok(Vec::new());
        }
        parts.insert(0, Part::Findings(findings));
        Ok(vec![Section::new("Database", parts)])
    }
}

/// What is known of a pool of connections.
struct Pool<'a> {
    probe: &'a str,
    /// How many of its connections were in use, on average.
    active: f64,
    /// How many it has.
    size: f64,
    /// The share of samples in which all were.
    used_up: f64,
    /// The most that waited for one.
    waiting: Option<f64>,
}

/// The pools that probes tell of: `pool_active` with `pool_size`, and `pool_waiting` where it is there.
fn pools<'a>(all: &[Series<'a>]) -> Vec<Pool<'a>> {
    let is = |series: &Series<'_>, words: &[&str]| {
        has_word(series.metric, &["pool"]) && has_word(series.metric, words) && !is_time(series.metric)
    };
    let beside = |one: &Series<'_>, words: &[&str]| {
        all.iter().find(|other| (other.probe, other.tags) == (one.probe, one.tags) && is(other, words))
    };
    let active = all.iter().filter(|series| is(series, &["active", "busy", "used"]));
    let pool = |active: &Series<'a>| {
        let size = beside(active, &["size", "max"])?.sorted().last().copied()?;
        let values = active.sorted();
        let full = values.iter().filter(|value| **value >= size).count();
        Some(Pool {
            probe: active.probe,
            active: mean(&values)?,
            size,
            used_up: full as f64 / values.len() as f64,
            waiting: beside(active, &["waiting"]).and_then(|waiting| waiting.sorted().last().copied()),
        })
    };
    active.filter_map(pool).collect()
}

impl Pool<'_> {
    fn finding(&self) -> Finding {
        let is_used_up = self.used_up >= USED_UP;
        let level = if is_used_up { Level::Bad } else { Level::Good };
        let finding = Finding::new(level, self.probe.to_owned());
        let finding = if is_used_up {
            let finding = finding.and(": the pool of connections is used up: in ").and(Value::Share(self.used_up));
            finding.and(" of samples all ").and(Value::Number(self.size)).and(" are in use")
        } else {
            finding.and(": of ").and(Value::Number(self.size)).and(" connections of the pool are in use")
        };
        let finding = finding.and(", ").and(Value::Number(self.active)).and(" on average");
        match self.waiting {
            Some(waiting) if waiting > 0.0 => {
                finding.and("; at most ").and(Value::Number(waiting)).and(" waited for one")
            }
            _ => finding,
        }
    }
}

/// Whether samples are times of a query, a statement, or the wait for a connection.
fn is_query(series: &Series<'_>) -> bool {
    const WORDS: [&str; 8] = ["query", "select", "join", "aggregation", "statement", "mean", "wait", "write"];
    let is_of_database = has_word(series.probe, &["database", "db", "postgres", "statements", "sql"])
        || has_word(series.metric, &["database", "db", "query", "pool"]);
    is_time(series.metric) && is_of_database && has_word(series.metric, &WORDS)
}

/// What was sampled at first, and at last.
#[derive(Debug, Clone, Copy)]
struct Ends {
    first_until: Nanos,
    last_from: Nanos,
}

impl Ends {
    /// Of all that was sampled: what is not there at first has come with the load.
    fn of(all: &[Series<'_>]) -> Self {
        let times = || all.iter().flat_map(|series| &series.samples).map(|(at, _)| at.0);
        let (from, to) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        let part = (to - from) / PARTS;
        Self { first_until: Nanos(from + part), last_from: Nanos(to - part) }
    }
}

/// The times of a query.
struct Query {
    name: String,
    /// Nothing where it was not sampled at first: the slowest statements were others then.
    first_ns: Option<f64>,
    last_ns: Option<f64>,
    p95_ns: f64,
    max_ns: f64,
    is_wait: bool,
}

impl Query {
    fn of(series: &Series<'_>, ends: Ends) -> Option<Self> {
        let factor = Measure::of_name(series.metric).factor();
        let mean_ns = |of: Series<'_>| mean(&of.sorted()).map(|mean| mean * factor);
        let sorted = series.sorted();
        Some(Self {
            name: series.name(),
            first_ns: mean_ns(series.at(|at| at <= ends.first_until)),
            last_ns: mean_ns(series.at(|at| at >= ends.last_from)),
            p95_ns: nearest_rank(&sorted, Percentile::P95)? * factor,
            max_ns: sorted.last()? * factor,
            is_wait: has_word(series.metric, &["wait"]),
        })
    }

    /// By which share of what it was.
    fn growth(&self) -> Option<f64> {
        let first_ns = self.first_ns.filter(|first_ns| *first_ns > 0.0)?;
        Some(self.last_ns? / first_ns - 1.0)
    }

    /// By how much: a statement of a microsecond that takes three now has not grown by what anybody feels.
    fn increase_ns(&self) -> f64 {
        self.last_ns.map_or(f64::MIN, |last_ns| last_ns - self.first_ns.unwrap_or(0.0))
    }
}

fn slow(queries: &[Query]) -> Vec<Finding> {
    let is_slow = |query: &&Query| !query.is_wait && query.p95_ns > SLOWEST.0 as f64;
    let slow: Vec<&Query> = queries.iter().filter(is_slow).collect();
    if slow.is_empty() {
        let any = queries.iter().any(|query| !query.is_wait);
        let fine = Finding::new(Level::Good, "no query is above ").and(SLOWEST).and(" at p95");
        return if any { vec![fine] } else { Vec::new() };
    }
    let said = |query: &&Query| {
        let finding = Finding::new(Level::Bad, query.name.clone()).and(" is at ").and(time(query.p95_ns));
        finding.and(" at p95, above ").and(SLOWEST)
    };
    slow.iter().take(MOST).map(said).collect()
}

/// Those that grew most come first.
fn table(mut queries: Vec<Query>) -> Table {
    queries.sort_by(|one, other| other.increase_ns().total_cmp(&one.increase_ns()));
    let mut table = Table::new(&["what"], &["at the beginning", "at the end", "growth", "p95", "max"]);
    for query in queries.iter().take(MOST) {
        table.push(vec![
            query.name.clone().into(),
            Value::from(query.first_ns.map(time)),
            Value::from(query.last_ns.map(time)),
            Value::from(query.growth().map(Value::Change)),
            time(query.p95_ns),
            time(query.max_ns),
        ]);
    }
    table
}

fn time(ns: f64) -> Value {
    Value::Time(Nanos(ns.max(0.0).round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, findings, sample};

    fn sections(of_second: impl Fn(u64) -> Vec<(&'static str, f64)>) -> Vec<Section> {
        let probes = (0..20).flat_map(|second| {
            let at = Nanos::from_secs(second);
            of_second(second).into_iter().map(move |(name, value)| sample(at, name, value))
        });
        MadeUp { probes: probes.collect(), ..MadeUp::default() }.sections(&Database)
    }

    #[test]
    fn a_pool_that_is_used_up_is_seen() {
        let pool = |active| move |_| vec![("db.pool_active", active), ("db.pool_size", 10.0), ("db.pool_waiting", 3.0)];
        let used_up = findings(&sections(pool(10.0)));
        assert_eq!(used_up[0].0, Level::Bad);
        let expected = "db: the pool of connections is used up: in 100.00 % of samples all 10 are in use, 10 on average; at most 3 \
                        waited for one";
        assert_eq!(used_up[0].1, expected);
        assert_eq!(findings(&sections(pool(4.0)))[0].0, Level::Good);
    }

    #[test]
    fn statements_that_grew_most_come_first_and_slow_ones_are_named() {
        let sections = sections(|second| {
            vec![
                ("statements.mean_ms|query=SELECT 1", 1.0),
                ("statements.mean_ms|query=SELECT join", 20.0 * (1 + second) as f64),
            ]
        });
        let said = findings(&sections);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].1.starts_with("statements.mean_ms (query=SELECT join) is at 380 ms at p95"), "{said:?}");
        let Part::Table(table) = &sections[0].parts[1] else { panic!("a table") };
        assert_eq!(table.rows[0].cells[0], "statements.mean_ms (query=SELECT join)".to_owned().into());
        // Of five seconds each: 20, 40, … 100 at first, 320, … 400 at last.
        assert_eq!(table.rows[0].cells[3], Value::Change(5.0));
    }

    #[test]
    fn what_grew_by_nothing_worth_speaking_of_comes_last_and_what_came_with_the_load_first() {
        let sections = sections(|second| {
            let mut samples = vec![
                ("statements.mean_ms|query=COMMIT", if second < 5 { 0.001 } else { 0.004 }),
                ("statements.mean_ms|query=SELECT join", if second < 5 { 10.0 } else { 15.0 }),
                ("statements.mean_ms|query=SELECT once", if second < 5 { 9.0 } else { 9.5 }),
            ];
            samples.truncate(if second < 10 { 3 } else { 2 });
            samples.extend((second >= 10).then_some(("statements.mean_ms|query=SELECT new", 30.0)));
            samples
        });
        let Part::Table(table) = &sections[0].parts[1] else { panic!("a table") };
        let rows = table.rows.iter().map(|row| (row.cells[0].clone(), row.cells[1].clone(), row.cells[2].clone()));
        let name = |query: &str| Value::from(format!("statements.mean_ms (query={query})"));
        let ms = |ms: u64| Value::Time(Nanos::from_millis(ms));
        let expected = [
            (name("SELECT new"), Value::Absent, ms(30)),
            (name("SELECT join"), ms(10), ms(15)),
            (name("COMMIT"), Value::Time(Nanos(1_000)), Value::Time(Nanos(4_000))),
            (name("SELECT once"), ms(9), Value::Absent),
        ];
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn without_probes_of_a_database_there_is_no_section() {
        assert_eq!(sections(|_| vec![("app.cpu_percent", 4.0)]), []);
    }
}
