//! What PostgreSQL answers to a statement: columns of numbers are metrics, those of text are tags.

mod figure;
mod preset;

use std::error::Error;

use futures_util::TryStreamExt;
use runlog::tags::Tags;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, SimpleQueryRow};

use self::figure::{Change, Figure, Kept, Table};
pub use self::preset::Preset;
use super::{MOST_VALUES, Probe, Sample, bounded};
use crate::clock::Clock;
use crate::scenario::probe::{Database, Question};

/// A statement that runs longer than its look is ended by the server; what it writes is refused.
const MANNERS: &str = "SET default_transaction_read_only = on; SET application_name = 'drumfire probe'";

/// Asks a database.
pub struct Postgres {
    database: &'static Database,
    question: &'static Question,
    timeout_ms: u64,
    /// The connection, while nothing is under way on it.
    idle: Option<Connection>,
    /// The last answer, and when it came.
    before: Option<(i64, Table)>,
}

/// A connection, and what it answers with.
struct Connection {
    client: Client,
    /// The names of the columns, and whether they are numbers.
    columns: Vec<(String, bool)>,
}

impl Postgres {
    /// Of this database; an answer may take so long.
    pub fn new(database: &'static Database, question: &'static Question, timeout_ms: u64) -> Self {
        Self { database, question, timeout_ms, idle: None, before: None }
    }

    fn sql(&self) -> &'static str {
        match self.question {
            Question::Sql { text, .. } => text,
            Question::Preset(preset) => preset.sql(),
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let (client, connection) = self.database.config.connect(NoTls).await.map_err(|error| reason(&error))?;
        // It ends with the client; what went wrong is told there.
        tokio::task::spawn_local(async { drop(connection.await) });
        let manners = format!("{MANNERS}; SET statement_timeout = {}", self.timeout_ms);
        client.batch_execute(&manners).await.map_err(|error| reason(&error))?;
        let statement = client.prepare(self.sql()).await.map_err(|error| reason(&error))?;
        let column = |column: &tokio_postgres::Column| (column.name().to_owned(), is_number(column.type_()));
        let columns: Vec<(String, bool)> = statement.columns().iter().map(column).collect();
        if !columns.iter().any(|(_, is_number)| *is_number) {
            return Err("the statement has no column of numbers".to_owned());
        }
        Ok(Connection { client, columns })
    }

    fn samples(&self, table: &Table, at_ns: i64) -> Vec<Sample> {
        let before = self.before.as_ref().map(|(then, table)| (table, (at_ns - then) as f64 / 1e9));
        let change = Change::new(table, before);
        match self.question {
            Question::Preset(preset) => change.samples(preset.figures(), preset.kept()),
            Question::Sql { counters, .. } => {
                let figures: Vec<_> =
                    table.columns.iter().map(|column| (column.as_str(), own(column, counters))).collect();
                change.samples(&figures, Kept::All)
            }
        }
    }
}

impl Probe for Postgres {
    async fn look(&mut self, clock: &Clock) -> Result<Vec<Sample>, String> {
        // Whoever gives up in the middle leaves no connection on which an answer is still to come.
        let connection = match self.idle.take().filter(|connection| !connection.client.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let table = connection.ask(self.sql()).await?;
        self.idle = Some(connection);
        let at_ns = clock.signed_ns();
        let samples = self.samples(&table, at_ns);
        self.before = Some((at_ns, table));
        Ok(samples)
    }
}

impl Connection {
    /// As text, which every type can be had as.
    async fn ask(&self, sql: &str) -> Result<Table, String> {
        let answer = self.client.simple_query_raw(sql).await.map_err(|error| reason(&error))?;
        let mut answer = std::pin::pin!(answer);
        let numbers = self.columns.iter().filter(|(_, is_number)| *is_number);
        let mut table = Table { columns: numbers.map(|(name, _)| name.clone()).collect(), rows: Vec::new() };
        while let Some(message) = answer.try_next().await.map_err(|error| reason(&error))? {
            let SimpleQueryMessage::Row(row) = message else { continue };
            table.rows.push(self.row(&row));
            if table.rows.len() > MOST_VALUES {
                return Err(format!("it answers with more than {MOST_VALUES} rows: end it with a LIMIT"));
            }
        }
        Ok(table)
    }

    fn row(&self, row: &SimpleQueryRow) -> (Tags, Vec<Option<f64>>) {
        let (mut tags, mut numbers) = (Tags::new(), Vec::new());
        for (place, (name, is_number)) in self.columns.iter().enumerate() {
            let text = row.try_get(place).unwrap_or_default();
            if *is_number {
                numbers.push(text.and_then(number));
            } else if let Some(text) = text {
                tags.insert(bounded(name), bounded(text));
            }
        }
        (tags, numbers)
    }
}

/// What is made of a column of a person's own statement.
fn own<'a>(column: &'a String, counters: &[String]) -> Figure<'a> {
    if counters.contains(column) { Figure::PerSecond(column) } else { Figure::Level(column) }
}

/// Whether values of a type are numbers, or stand for some.
fn is_number(type_: &Type) -> bool {
    [Type::INT2, Type::INT4, Type::INT8, Type::FLOAT4, Type::FLOAT8, Type::NUMERIC, Type::OID, Type::BOOL]
        .contains(type_)
}

/// A number as PostgreSQL writes it.
fn number(text: &str) -> Option<f64> {
    match text {
        "t" => Some(1.0),
        "f" => Some(0.0),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// What went wrong: what the server says, or the causes one after another.
fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return bounded(&format!("{}: {}", said.severity(), said.message()));
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    bounded(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_server_writes_them() {
        assert_eq!(["12", "-1.5e3", "t", "f"].map(number), [12.0, -1500.0, 1.0, 0.0].map(Some));
        assert_eq!(["NaN", "Infinity", "", "1,5"].map(number), [None; 4]);
        assert!(is_number(&Type::NUMERIC) && is_number(&Type::BOOL) && !is_number(&Type::TEXT));
    }

    #[test]
    fn counters_of_a_statement_become_rates() {
        let database = Database { config: tokio_postgres::Config::new(), shown: String::new() };
        let question = Question::Sql { text: String::new(), counters: vec!["commits".to_owned()] };
        let mut postgres = Postgres::new(Box::leak(Box::new(database)), Box::leak(Box::new(question)), 1);
        let columns = vec!["commits".to_owned(), "active".to_owned()];
        let table = |commits, active| Table {
            columns: columns.clone(),
            rows: vec![(Tags::new(), vec![Some(commits), Some(active)])],
        };
        assert_eq!(postgres.samples(&table(10.0, 3.0), 0), [Sample::plain("active", 3.0)]);
        postgres.before = Some((0, table(10.0, 3.0)));
        let expected = [Sample::plain("commits", 5.0), Sample::plain("active", 2.0)];
        assert_eq!(postgres.samples(&table(20.0, 2.0), 2_000_000_000), expected);
    }
}
