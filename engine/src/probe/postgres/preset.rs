//! Ready-made questions to PostgreSQL (14 or later) about itself, of the database that is connected to.

use std::str::FromStr;

use super::figure::{Figure, Kept};

/// A ready-made question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Who is connected, and does what.
    Activity,
    /// Transactions, rows and blocks.
    Database,
    /// The statements that took the most time since the last look.
    Statements,
    /// Who holds locks, and who waits for them.
    Locks,
    /// The connections of each application, which is what a pool is to the server.
    Pool,
}

impl Preset {
    /// The names of all.
    pub const NAMES: &'static [&'static str] = &["activity", "database", "statements", "locks", "pool"];

    /// The names of its metrics.
    pub fn metrics(self) -> impl Iterator<Item = &'static str> {
        self.figures().iter().map(|&(name, _)| name)
    }

    /// The statement.
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Activity => ACTIVITY,
            Self::Database => DATABASE,
            Self::Statements => STATEMENTS,
            Self::Locks => LOCKS,
            Self::Pool => POOL,
        }
    }

    /// What is made of its columns.
    pub(super) const fn figures(self) -> &'static [(&'static str, Figure<'static>)] {
        use Figure::{Level, PerSecond, Ratio};
        match self {
            Self::Activity => &[
                ("connections", Level("connections")),
                ("active", Level("active")),
                ("idle", Level("idle")),
                ("idle_in_transaction", Level("idle_in_transaction")),
                ("waiting", Level("waiting")),
                ("waiting_for_lock", Level("waiting_for_lock")),
                ("longest_transaction_seconds", Level("longest_transaction")),
                ("connections_used_percent", Level("used_percent")),
            ],
            Self::Database => &[
                ("connections", Level("numbackends")),
                ("commits_per_s", PerSecond("xact_commit")),
                ("rollbacks_per_s", PerSecond("xact_rollback")),
                ("cache_hit_rate", Ratio { part: "blks_hit", whole: "blks" }),
                ("blocks_read_per_s", PerSecond("blks_read")),
                ("rows_returned_per_s", PerSecond("tup_returned")),
                ("rows_fetched_per_s", PerSecond("tup_fetched")),
                ("rows_inserted_per_s", PerSecond("tup_inserted")),
                ("rows_updated_per_s", PerSecond("tup_updated")),
                ("rows_deleted_per_s", PerSecond("tup_deleted")),
                ("temp_bytes_per_s", PerSecond("temp_bytes")),
                ("deadlocks_per_s", PerSecond("deadlocks")),
            ],
            Self::Statements => &[
                ("mean_ms", Ratio { part: "total_ms", whole: "calls" }),
                ("max_ms", Level("max_ms")),
                ("calls_per_s", PerSecond("calls")),
                ("rows_per_s", PerSecond("rows")),
                ("busy_ms_per_s", PerSecond("total_ms")),
            ],
            Self::Locks => &[
                ("held", Level("held")),
                ("waiting", Level("waiting")),
                ("longest_wait_seconds", Level("longest_wait")),
            ],
            Self::Pool => &[
                ("connections", Level("connections")),
                ("active", Level("active")),
                ("idle", Level("idle")),
                ("idle_in_transaction", Level("idle_in_transaction")),
            ],
        }
    }

    /// Which rows are told of.
    pub(super) const fn kept(self) -> Kept<'static> {
        match self {
            Self::Statements => Kept::MostGrown { column: "total_ms", rows: 10 },
            _ => Kept::All,
        }
    }
}

impl FromStr for Preset {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "activity" => Self::Activity,
            "database" => Self::Database,
            "statements" => Self::Statements,
            "locks" => Self::Locks,
            "pool" => Self::Pool,
            _ => return Err(()),
        })
    }
}

const ACTIVITY: &str = "\
SELECT count(*) AS connections,
       count(*) FILTER (WHERE state = 'active') AS active,
       count(*) FILTER (WHERE state = 'idle') AS idle,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,
       count(*) FILTER (WHERE state = 'active' AND wait_event_type IS NOT NULL) AS waiting,
       count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_lock,
       coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) AS longest_transaction,
       100.0 * count(*) / current_setting('max_connections')::int AS used_percent
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()";

const DATABASE: &str = "\
SELECT numbackends, xact_commit, xact_rollback, blks_hit, blks_hit + blks_read AS blks, blks_read, tup_returned,
       tup_fetched, tup_inserted, tup_updated, tup_deleted, temp_bytes, deadlocks
FROM pg_stat_database
WHERE datname = current_database()";

/// The same statement of several users is one. Those about the statistics are left out: they are the probe's own.
const STATEMENTS: &str = "\
SELECT queryid::text AS query_id, left(regexp_replace(min(query), '\\s+', ' ', 'g'), 100) AS query,
       sum(calls) AS calls, sum(total_exec_time) AS total_ms, max(max_exec_time) AS max_ms, sum(rows) AS rows
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND query NOT LIKE '%pg_stat_%' AND queryid IS NOT NULL
GROUP BY queryid
ORDER BY sum(total_exec_time) DESC
LIMIT 1000";

const LOCKS: &str = "\
SELECT count(*) FILTER (WHERE granted) AS held,
       count(*) FILTER (WHERE NOT granted) AS waiting,
       coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0) AS longest_wait
FROM pg_locks
WHERE pid <> pg_backend_pid() AND (database IS NULL OR database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

const POOL: &str = "\
SELECT application_name AS application,
       count(*) AS connections,
       count(*) FILTER (WHERE state = 'active') AS active,
       count(*) FILTER (WHERE state = 'idle') AS idle,
       count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
GROUP BY application_name
ORDER BY connections DESC
LIMIT 100";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_preset_whose_figures_are_of_its_columns() {
        for name in Preset::NAMES {
            let preset: Preset = name.parse().expect(name);
            for (metric, figure) in preset.figures() {
                let columns = match *figure {
                    Figure::Level(column) | Figure::PerSecond(column) => vec![column],
                    Figure::Ratio { part, whole } => vec![part, whole],
                };
                assert!(columns.iter().all(|column| preset.sql().contains(column)), "{name}.{metric}");
            }
        }
        assert!("none".parse::<Preset>().is_err());
    }
}
