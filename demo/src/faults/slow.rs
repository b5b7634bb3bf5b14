//! Slow queries: one takes longer than it would have to.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::store::Query;

/// The longest that a query can be held up.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// How much longer a query is to take: `QUERY=DURATION`, such as `search=200ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    pub(crate) query: Query,
    pub(crate) delay: Duration,
}

impl Slow {
    /// # Errors
    /// Where the delay is no duration, or too long.
    pub(crate) fn by(query: Query, delay: &str) -> Result<Self, String> {
        let delay = humantime::parse_duration(delay)
            .map_err(|error| format!("{delay:?} is no duration such as \"200ms\": {error}"))?;
        if delay > MAX_DELAY {
            return Err(format!("a query is held up by {MAX_DELAY:?} at most, not {delay:?}"));
        }
        Ok(Self { query, delay })
    }
}

impl FromStr for Slow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (query, delay) = text.split_once('=').ok_or("expected QUERY=DURATION, such as search=200ms")?;
        Self::by(query.parse()?, delay)
    }
}

/// How long each query is held up.
#[derive(Debug, Default)]
pub(crate) struct SlowQueries {
    delays_us: [AtomicU64; Query::ALL.len()],
}

impl SlowQueries {
    pub(crate) fn new(slow: &[Slow]) -> Self {
        let queries = Self::default();
        for &slow in slow {
            queries.set(slow);
        }
        queries
    }

    /// From now on by this much; 0 lets it go on as it can.
    pub(crate) fn set(&self, Slow { query, delay }: Slow) {
        self.delays_us[query as usize].store(delay.as_micros() as u64, Ordering::Relaxed);
    }

    /// By how much this one is held up, if it is.
    pub(crate) fn delay(&self, query: Query) -> Option<Duration> {
        let delay = self.delays_us[query as usize].load(Ordering::Relaxed);
        (delay > 0).then(|| Duration::from_micros(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_slow_until_it_is_let_go() {
        let slow: Slow = "search=200ms".parse().unwrap();
        let queries = SlowQueries::new(&[slow]);
        assert_eq!(queries.delay(Query::Search), Some(Duration::from_millis(200)));
        assert_eq!(queries.delay(Query::Products), None);
        queries.set(Slow { delay: Duration::ZERO, ..slow });
        assert_eq!(queries.delay(Query::Search), None);
    }

    #[test]
    fn what_is_no_slow_query_is_refused_with_what_would_be_one() {
        for (text, part) in
            [("search", "search=200ms"), ("serach=1s", "no query"), ("search=1", "duration"), ("search=2m", "60s")]
        {
            let refused = text.parse::<Slow>().unwrap_err();
            assert!(refused.contains(part), "{text}: {refused}");
        }
    }
}
