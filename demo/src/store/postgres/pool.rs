//! Connections to the database: so many and no more, lent for one query at a time, with who had to wait for one and for how
//! long.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime, TimeoutType};
use prometheus::{GaugeVec, IntCounter, Opts, Registry};
use serde::Serialize;
use tokio_postgres::{Config, NoTls};

use super::DatabaseFailure;
use crate::clock::Clock;
use crate::faults::SlowQueries;
use crate::metrics::{self, Latencies, Latency, LatencyFigures, enrol};
use crate::store::{Query, Refusal};

/// How large a pool is, and how long to wait for one of its connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolSettings {
    pub(crate) size: u16,
    pub(crate) timeout: Duration,
}

/// How long it may take to open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a pool is doing.
#[derive(Debug, Serialize)]
pub(crate) struct PoolFigures {
    /// Connections that are open.
    size: usize,
    /// The most that may be.
    max_size: usize,
    /// Those that are lent.
    active: usize,
    idle: usize,
    /// Requests that wait for one.
    waiting: usize,
    wait: LatencyFigures,
    /// Requests that waited in vain.
    timeouts: u64,
}

/// The connections of this process.
pub(super) struct Pool {
    connections: deadpool_postgres::Pool,
    settings: PoolSettings,
    measured: Measured,
    slow: Arc<SlowQueries>,
    clock: Clock,
}

#[derive(Debug)]
struct Measured {
    connections: GaugeVec,
    wait: Latency,
    timeouts: IntCounter,
    queries: Latencies,
}

impl Measured {
    fn enrolled(registry: &Registry) -> metrics::Result<Self> {
        let connections =
            Opts::new("shop_pool_connections", "Connections to the database, and requests waiting for one");
        let timeouts = IntCounter::new("shop_pool_timeouts_total", "Requests that waited for a connection in vain");
        Ok(Self {
            connections: enrol(registry, GaugeVec::new(connections, &["state"]))?,
            wait: Latency::enrolled(
                registry,
                "shop_pool_wait_seconds",
                "From the wish for a connection to having one",
            )?,
            timeouts: enrol(registry, timeouts)?,
            queries: Latencies::enrolled(
                registry,
                "shop_query_duration_seconds",
                "How long a connection was lent, by what for",
                &["query"],
            )?,
        })
    }
}

impl Pool {
    /// Opens no connection yet.
    pub(super) fn to(
        config: Config,
        settings: PoolSettings,
        slow: Arc<SlowQueries>,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Self, DatabaseFailure> {
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(settings.size.into())
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.timeout))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .build()
            .map_err(|error| DatabaseFailure::Pool(error.to_string()))?;
        Ok(Self { connections, settings, measured: Measured::enrolled(registry)?, slow, clock })
    }

    /// A connection for a query, as soon as one is free; held up there where the query is to be slow.
    pub(super) async fn lend(&self, query: Query) -> Result<Loan<'_>, Refusal> {
        let asked = self.clock.now();
        let connection = self.connections.get().await;
        let lent = self.clock.now();
        self.measured.wait.observe(lent.saturating_sub(asked));
        let loan = Loan { connection: connection.map_err(|error| self.refusal(error))?, pool: self, query, lent };
        if let Some(delay) = self.slow.delay(query) {
            loan.query("SELECT pg_sleep($1)", &[&delay.as_secs_f64()]).await?;
        }
        Ok(loan)
    }

    fn refusal(&self, error: PoolError) -> Refusal {
        match error {
            PoolError::Timeout(TimeoutType::Create) => {
                Refusal::Unreachable(format!("it let nobody in within {CONNECT_TIMEOUT:?}"))
            }
            PoolError::Timeout(_) => {
                self.measured.timeouts.inc();
                Refusal::Busy { size: self.settings.size.into(), waited: self.settings.timeout }
            }
            PoolError::Backend(error) => error.into(),
            other => Refusal::Unreachable(other.to_string()),
        }
    }

    /// How it is doing now.
    pub(super) fn figures(&self) -> PoolFigures {
        let status = self.connections.status();
        let (size, idle) = (status.size, status.available.min(status.size));
        let states = [("active", size - idle), ("idle", idle), ("waiting", status.waiting), ("max", status.max_size)];
        for (state, count) in states {
            self.measured.connections.with_label_values(&[state]).set(count as f64);
        }
        PoolFigures {
            size,
            max_size: status.max_size,
            active: size - idle,
            idle,
            waiting: status.waiting,
            wait: self.measured.wait.figures(),
            timeouts: self.measured.timeouts.get(),
        }
    }

    /// How long connections were lent, by query.
    pub(super) fn queries<C: FromIterator<(String, LatencyFigures)>>(&self) -> C {
        self.measured.queries.figures()
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pool").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A connection that goes back when it is dropped.
pub(super) struct Loan<'a> {
    connection: Object,
    pool: &'a Pool,
    query: Query,
    lent: Duration,
}

impl Deref for Loan<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.connection
    }
}

impl DerefMut for Loan<'_> {
    fn deref_mut(&mut self) -> &mut Object {
        &mut self.connection
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let took = self.pool.clock.now().saturating_sub(self.lent);
        self.pool.measured.queries.observe(&[self.query.name()], took);
    }
}
