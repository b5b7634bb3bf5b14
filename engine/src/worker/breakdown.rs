//! Arrivals counted by scenario, request and status class, with their times in buckets: for whoever publishes figures while the
//! load runs. Where nobody does, there is no table and nothing is counted.
//!
//! A table is taken once and goes round with the gauge that it is part of: to count a row is a look at where it belongs, and
//! additions.

use runlog::outcome::Failure;
use runlog::row::{RequestId, Row, ScenarioId};

use super::buckets::Buckets;
use crate::plan::{Plan, Step};

/// The most pairs of a scenario and a request that are told apart; what is left is counted together.
pub const MOST_PAIRS: usize = 100;

/// Status classes are the first digits of statuses, from 1 to 5.
const CLASSES: usize = 7;

/// What an arrival came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusClass(usize);

/// What arrivals are told apart by.
#[derive(Debug)]
pub struct Layout {
    /// The place of each scenario's requests among the pairs.
    places: Vec<u16>,
    requests: usize,
    /// How many checks each request has.
    checks_of: Vec<u64>,
    /// The pairs that are told apart, and the checks of each. Behind them there is one more, of all that are left.
    pairs: Vec<Pair>,
    /// How many pairs are counted together in the last place.
    put_together: usize,
}

#[derive(Debug)]
struct Pair {
    ids: Option<(ScenarioId, RequestId)>,
    /// The place of its first check among those of all pairs, and how many it has.
    first_check: usize,
    checks: usize,
}

/// What rows add up to, by pair and status class.
#[derive(Debug, Clone, Default)]
pub struct Breakdown {
    layout: Option<&'static Layout>,
    /// A cell for each status class of each pair.
    cells: Box<[Cell]>,
    /// A count for each failure of each pair.
    failures: Box<[u64]>,
    /// For each pair: checks that were made.
    checks_made: Box<[u64]>,
    /// For each check of each pair: how often it failed.
    checks_failed: Box<[u64]>,
    /// For each scenario: iterations that came to their end.
    iterations: Box<[u64]>,
}

/// Arrivals of a pair that came to the same.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// How many.
    pub rows: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Service times of those answered.
    pub service: Buckets,
    /// Lag + service time of those answered.
    pub response: Buckets,
    /// Lag of those sent.
    pub lag: Buckets,
}

impl StatusClass {
    /// Every class there is.
    pub const ALL: [Self; CLASSES] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];
    /// Answers that mostly are what was wanted.
    pub const SUCCESS: Self = Self(2);

    #[inline]
    fn of(row: &Row) -> Self {
        match row.error {
            None => Self(usize::from(row.status / 100).min(CLASSES - 1)),
            Some(_) => Self(0),
        }
    }

    /// Its name: `2xx`, or `none` where there was no answer.
    pub const fn name(self) -> &'static str {
        ["none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"][self.0]
    }
}

impl Layout {
    /// What the arrivals of a plan are told apart by: the requests that each scenario can send.
    pub fn of(plan: &Plan) -> Self {
        let requests = plan.requests.len();
        let mut places = vec![u16::MAX; plan.scenarios.len() * requests];
        let mut pairs: Vec<Pair> = Vec::new();
        let (mut first_check, mut put_together) = (0, 0);
        for (scenario, request) in sent(plan) {
            let place = &mut places[usize::from(scenario.0) * requests + usize::from(request.0)];
            if *place != u16::MAX {
                continue;
            }
            if pairs.len() == MOST_PAIRS {
                put_together += 1;
                *place = MOST_PAIRS as u16;
                continue;
            }
            *place = pairs.len() as u16;
            let checks = plan.requests[usize::from(request.0)].checks.len();
            pairs.push(Pair { ids: Some((scenario, request)), first_check, checks });
            first_check += checks;
        }
        let rest = pairs.len() as u16;
        places.iter_mut().filter(|place| **place == u16::MAX).for_each(|place| *place = rest);
        pairs.push(Pair { ids: None, first_check, checks: 1 });
        let checks_of = plan.requests.iter().map(|request| request.checks.len() as u64).collect();
        Self { places, requests, checks_of, pairs, put_together }
    }

    /// The pairs, in the order of their places; `None` for what is counted together.
    pub fn pairs(&self) -> impl Iterator<Item = Option<(ScenarioId, RequestId)>> {
        self.pairs.iter().map(|pair| pair.ids)
    }

    /// How many pairs are not told apart.
    pub const fn put_together(&self) -> usize {
        self.put_together
    }

    fn scenarios(&self) -> usize {
        self.places.len().checked_div(self.requests).unwrap_or(0)
    }
}

/// Every request that a scenario of a plan can send, some of them more than once.
fn sent(plan: &Plan) -> impl Iterator<Item = (ScenarioId, RequestId)> {
    plan.scenarios.iter().enumerate().flat_map(|(id, scenario)| {
        let steps = scenario.mix.flows().flat_map(|(flow, _)| &plan.flows[usize::from(flow.0)].steps);
        let wanted = steps.filter_map(|step| if let Step::Request(id) = step { Some(*id) } else { None });
        let replayed = scenario.replay.into_iter().flat_map(|place| plan.replays[place].messages.iter().copied());
        let messages = wanted.chain(replayed).map(|id| &plan.messages[id.0 as usize]);
        let requests = messages.flat_map(|message| {
            [Some(message.request), message.redirects.map(|(_, on_the_way)| on_the_way)].into_iter().flatten()
        });
        requests.map(move |request| (ScenarioId(id as u16), request))
    })
}

impl Breakdown {
    /// A table with nothing in it.
    pub fn new(layout: &'static Layout) -> Self {
        let checks = layout.pairs.last().map_or(0, |last| last.first_check + last.checks);
        Self {
            layout: Some(layout),
            cells: vec![Cell::default(); layout.pairs.len() * CLASSES].into(),
            failures: vec![0; layout.pairs.len() * Failure::ALL.len()].into(),
            checks_made: vec![0; layout.pairs.len()].into(),
            checks_failed: vec![0; checks].into(),
            iterations: vec![0; layout.scenarios()].into(),
        }
    }

    /// A table of the same kind with nothing in it.
    #[must_use]
    pub fn like(&self) -> Self {
        self.layout.map(Self::new).unwrap_or_default()
    }

    /// Whether there is no table.
    pub const fn is_absent(&self) -> bool {
        self.layout.is_none()
    }

    /// Counts an arrival that is done.
    #[inline]
    pub fn add(&mut self, row: &Row, has_failed: bool) {
        if let Some(layout) = self.layout {
            self.count(layout, row, has_failed);
        }
    }

    fn count(&mut self, layout: &Layout, row: &Row, has_failed: bool) {
        let request = usize::from(row.request.0);
        let place = usize::from(layout.places[usize::from(row.scenario.0) * layout.requests + request]);
        let cell = &mut self.cells[place * CLASSES + StatusClass::of(row).0];
        cell.rows += 1;
        cell.failed += u64::from(has_failed);
        cell.bytes_sent += row.bytes_sent;
        cell.bytes_received += row.bytes_received;
        if let Some(lag) = row.lag_ns {
            cell.lag.record(lag);
        }
        if let (Some(service), Some(response)) = (row.service_ns(), row.response_ns()) {
            cell.service.record(service);
            cell.response.record(response);
        }
        if let Some(failure) = row.error {
            self.failures[place * Failure::ALL.len() + failure as usize] += 1;
        }
        let checks = layout.checks_of[request];
        if checks > 0 && row.is_checked() {
            self.checks_made[place] += checks;
            let Pair { first_check, checks, .. } = layout.pairs[place];
            let mut failed = row.failed_checks.0;
            while failed != 0 {
                let check = (failed.trailing_zeros() as usize).min(checks - 1);
                self.checks_failed[first_check + check] += 1;
                failed &= failed - 1;
            }
        }
    }

    /// Counts an iteration that has come to its end.
    #[inline]
    pub fn iterated(&mut self, scenario: ScenarioId) {
        if let Some(count) = self.iterations.get_mut(usize::from(scenario.0)) {
            *count += 1;
        }
    }

    /// Adds what another table of the same layout has counted.
    pub fn merge(&mut self, other: &Self) {
        self.cells.iter_mut().zip(&other.cells).filter(|(_, theirs)| theirs.rows > 0).for_each(|(mine, theirs)| {
            mine.merge(theirs);
        });
        for (mine, theirs) in [
            (&mut self.failures, &other.failures),
            (&mut self.checks_made, &other.checks_made),
            (&mut self.checks_failed, &other.checks_failed),
            (&mut self.iterations, &other.iterations),
        ] {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.iter_mut().filter(|cell| cell.rows > 0).for_each(|cell| *cell = Cell::default());
        for counts in [&mut self.failures, &mut self.checks_made, &mut self.checks_failed, &mut self.iterations] {
            counts.fill(0);
        }
    }

    /// The cells of the pair at a place, by status class.
    pub fn cells(&self, place: usize) -> impl Iterator<Item = (StatusClass, &Cell)> {
        StatusClass::ALL.into_iter().zip(&self.cells[place * CLASSES..])
    }

    /// The failures of the pair at a place that occurred, with their counts.
    pub fn failures(&self, place: usize) -> impl Iterator<Item = (Failure, u64)> {
        let counts = &self.failures[place * Failure::ALL.len()..];
        Failure::ALL.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0)
    }

    /// For each check of the pair at a place, how often it passed and failed. Those of pairs that are counted together are one.
    pub fn checks(&self, place: usize) -> impl Iterator<Item = (u64, u64)> {
        let none = Pair { ids: None, first_check: 0, checks: 0 };
        let Pair { first_check, checks, .. } = *self.layout.map_or(&none, |layout| &layout.pairs[place]);
        // Of a pair each check is made as often as any other.
        let made = self.checks_made.get(place).map_or(0, |made| made / (checks.max(1) as u64));
        let failed = self.checks_failed.get(first_check..first_check + checks).unwrap_or_default();
        failed.iter().map(move |&failed| (made.saturating_sub(failed), failed))
    }

    /// For each scenario, how many iterations came to their end.
    pub fn iterations(&self) -> &[u64] {
        &self.iterations
    }
}

impl Cell {
    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.failed += other.failed;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.service.merge(&other.service);
        self.response.merge(&other.response);
        self.lag.merge(&other.lag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::row::FailedChecks;

    /// Two pairs of which the first has two checks, and the rest.
    fn layout() -> &'static Layout {
        let pair =
            |request, first_check, checks| Pair { ids: Some((ScenarioId(0), RequestId(request))), first_check, checks };
        let rest = Pair { ids: None, first_check: 2, checks: 1 };
        Box::leak(Box::new(Layout {
            places: vec![0, 1, 2],
            requests: 3,
            checks_of: vec![2, 0, 3],
            pairs: vec![pair(0, 0, 2), pair(1, 2, 0), rest],
            put_together: 1,
        }))
    }

    fn row(request: u16, status: u16) -> Row {
        Row {
            request: RequestId(request),
            status,
            lag_ns: Some(2_000),
            duration_ns: Some(9_000_000),
            bytes_sent: 10,
            bytes_received: 20,
            ..Row::default()
        }
    }

    #[test]
    fn rows_are_told_apart_by_request_and_status_class() {
        let mut breakdown = Breakdown::new(layout());
        breakdown.add(&row(0, 200), false);
        breakdown.add(&row(0, 204), false);
        breakdown.add(&row(1, 503), true);
        let reset = Row { error: Some(Failure::Reset), status: 0, ..row(1, 0) };
        breakdown.add(&reset, true);
        let counted = |place| -> Vec<(&str, u64, u64)> {
            let cells = breakdown.cells(place).filter(|(_, cell)| cell.rows > 0);
            cells.map(|(class, cell)| (class.name(), cell.rows, cell.failed)).collect()
        };
        assert_eq!(counted(0), [("2xx", 2, 0)]);
        assert_eq!(counted(1), [("none", 1, 1), ("5xx", 1, 1)]);
        assert_eq!(breakdown.failures(1).collect::<Vec<_>>(), [(Failure::Reset, 1)]);
        let (_, answered) = breakdown.cells(0).nth(2).expect("a cell");
        assert_eq!((answered.bytes_sent, answered.bytes_received), (20, 40));
        assert_eq!(
            (answered.service.count(), answered.response.sum_ns(), answered.lag.sum_ns()),
            (2, 18_004_000, 4_000)
        );
        let (_, unanswered) = breakdown.cells(1).next().expect("a cell");
        assert_eq!((unanswered.service.count(), unanswered.lag.count()), (0, 1), "it was sent, and had no answer");
    }

    #[test]
    fn checks_are_counted_for_each_and_those_of_the_rest_together() {
        let mut breakdown = Breakdown::new(layout());
        breakdown.add(&row(0, 200), false);
        breakdown.add(&Row { failed_checks: FailedChecks(0b10), ..row(0, 200) }, false);
        breakdown.add(&Row { failed_checks: FailedChecks(0b101), ..row(2, 200) }, false);
        breakdown.add(&Row { error: Some(Failure::Dropped), ..row(0, 0) }, true);
        assert_eq!(breakdown.checks(0).collect::<Vec<_>>(), [(2, 0), (1, 1)]);
        assert_eq!(breakdown.checks(1).collect::<Vec<_>>(), []);
        assert_eq!(breakdown.checks(2).collect::<Vec<_>>(), [(1, 2)]);
    }

    #[test]
    fn tables_add_up_and_are_empty_when_cleared() {
        let (mut total, mut second) = (Breakdown::new(layout()), Breakdown::new(layout()));
        for _ in 0..2 {
            second.clear();
            second.add(&Row { failed_checks: FailedChecks(1), ..row(0, 200) }, false);
            second.add(&Row { error: Some(Failure::Timeout), ..row(0, 0) }, true);
            second.iterated(ScenarioId(0));
            total.merge(&second);
        }
        let rows: u64 = total.cells(0).map(|(_, cell)| cell.rows).sum();
        assert_eq!((rows, total.iterations()), (4, &[2][..]));
        assert_eq!(total.failures(0).collect::<Vec<_>>(), [(Failure::Timeout, 2)]);
        assert_eq!(total.checks(0).collect::<Vec<_>>(), [(2, 2), (4, 0)]);
        total.clear();
        assert!(total.cells(0).all(|(_, cell)| cell.rows == 0 && cell.lag.count() == 0));
        assert_eq!(total.checks(0).collect::<Vec<_>>(), [(0, 0), (0, 0)]);
    }

    #[test]
    fn where_there_is_no_table_nothing_is_counted() {
        let mut breakdown = Breakdown::default();
        breakdown.add(&row(0, 200), false);
        breakdown.iterated(ScenarioId(0));
        assert!(breakdown.is_absent() && breakdown.like().is_absent());
    }
}
