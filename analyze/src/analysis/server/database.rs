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
/// What is compared for growth: the first and the last of so many parts of the samples.
const PARTS: usize = 4;
/// So many statements that grew most are shown.
const MOST: usize = 10;

impl Analysis for Database {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let all = Series::all(&run.log.probes);
        let (mut findings, mut parts) = (Vec::new(), Vec::new());
        for pool in pools(&all) {
            findings.push(pool.finding());
        }
        let queries: Vec<Query> = all.iter().filter(|series| is_query(series)).filter_map(Query::of).collect();
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

/// The times of a query.
struct Query {
    name: String,
    first_ns: f64,
    last_ns: f64,
    p95_ns: f64,
    max_ns: f64,
    is_wait: bool,
}

impl Query {
    fn of(series: &Series<'_>) -> Option<Self> {
        let measure = Measure::of_name(series.metric);
        let of_each = series.samples.len().div_ceil(PARTS).max(1);
        let values =
            |part: &[(Nanos, f64)]| part.iter().map(|(_, value)| *value * measure.factor()).collect::<Vec<_>>();
        let sorted = series.sorted();
        Some(Self {
            name: series.name(),
            first_ns: mean(&values(series.samples.chunks(of_each).next()?))?,
            last_ns: mean(&values(series.samples.rchunks(of_each).next()?))?,
            p95_ns: nearest_rank(&sorted, Percentile::P95)? * measure.factor(),
            max_ns: sorted.last()? * measure.factor(),
            is_wait: has_word(series.metric, &["wait"]),
        })
    }

    fn growth(&self) -> Option<f64> {
        (self.first_ns > 0.0).then(|| self.last_ns / self.first_ns - 1.0)
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
    queries.sort_by(|one, other| other.growth().unwrap_or(0.0).total_cmp(&one.growth().unwrap_or(0.0)));
    let mut table = Table::new(&["what"], &["at the beginning", "at the end", "growth", "p95", "max"]);
    for query in queries.iter().take(MOST) {
        table.push(vec![
            query.name.clone().into(),
            time(query.first_ns),
            time(query.last_ns),
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
    fn without_probes_of_a_database_there_is_no_section() {
        assert_eq!(sections(|_| vec![("app.cpu_percent", 4.0)]), []);
    }
}
