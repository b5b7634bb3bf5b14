//! Schedules as pure functions: when arrivals come and virtual users are at work, worked out without a clock.

mod arrivals;
mod ramp;

use std::sync::Arc;

use runlog::course::Course;
use runlog::row::ScenarioId;
use runlog::units::{Nanos, Rate};

pub use self::arrivals::Arrivals;
pub use self::ramp::{Ramp, Stage};
use super::choice::{Choices, Purpose};
use crate::data::Trace;

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// As evenly as the rate allows.
    Even,
    /// As if each knew nothing of the others: a Poisson process, as requests of many people are.
    Poisson,
}

/// When the arrivals of an open model come.
#[derive(Debug, Clone)]
pub struct ArrivalSchedule {
    rate: Ramp,
    source: Source,
    most: Option<u64>,
}

/// Where the instants come from.
#[derive(Debug, Clone)]
enum Source {
    /// From the rate.
    Rate(Spacing),
    /// From what was recorded: begun then, at so many times its own pace.
    Trace { trace: Arc<Trace>, start: Nanos, pace: f64 },
}

/// An arrival of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the scenario, from 0, whatever core it falls to.
    pub number: u64,
    /// When, since t=0.
    pub at: Nanos,
}

impl ArrivalSchedule {
    /// Arrivals at a rate (per second) that may change, at the most so many.
    pub const fn new(rate: Ramp, spacing: Spacing, most: Option<u64>) -> Self {
        Self { rate, source: Source::Rate(spacing), most }
    }

    /// Arrivals as they were recorded, from `start` on; the gaps between them are `pace` times what they were. The rate is
    /// what they come to in pieces of a sixtieth of the whole.
    pub fn traced(trace: Arc<Trace>, start: Nanos, pace: f64) -> Self {
        const PIECES: u64 = 60;
        let at = |entry: u64| start.after(Nanos((trace.at(entry).0 as f64 * pace) as u64));
        let entries = trace.len();
        let span = at(entries.saturating_sub(1)).since(start).after(Nanos(1));
        let piece = Nanos(span.0.div_ceil(PIECES));
        let mut counts = vec![0_u64; PIECES as usize];
        for entry in 0..entries {
            counts[((at(entry).since(start).0 / piece.0) as usize).min(PIECES as usize - 1)] += 1;
        }
        let mut stages = vec![Stage { duration: start, target: 0.0 }];
        for count in counts {
            let target = count as f64 / piece.as_secs_f64();
            stages.extend([Stage { duration: Nanos::ZERO, target }, Stage { duration: piece, target }]);
        }
        Self { rate: Ramp::new(0.0, &stages), source: Source::Trace { trace, start, pace }, most: None }
    }

    /// When the schedule ends: with its last stage.
    pub fn duration(&self) -> Nanos {
        self.rate.duration()
    }

    /// The highest rate.
    pub fn peak(&self) -> Rate {
        Rate::per_second(self.rate.peak()).unwrap_or_default()
    }

    /// The rate as a function of time.
    pub const fn rate(&self) -> &Ramp {
        &self.rate
    }

    /// How the arrivals are spaced; `None` as they were recorded.
    pub const fn spacing(&self) -> Option<Spacing> {
        match self.source {
            Source::Rate(spacing) => Some(spacing),
            Source::Trace { .. } => None,
        }
    }

    /// How many arrivals are to be expected: exact for even spacing and for a trace, the mean for Poisson.
    pub fn expected_arrivals(&self) -> u64 {
        let arrivals = match &self.source {
            Source::Rate(_) => self.rate.area().ceil() as u64,
            Source::Trace { trace, .. } => trace.len(),
        };
        self.most.map_or(arrivals, |most| arrivals.min(most))
    }

    /// Whether somebody who watches the load may scale its rate: what was recorded has a pace of its own.
    pub const fn can_be_scaled(&self) -> bool {
        matches!(self.source, Source::Rate(_))
    }

    /// The rate at an instant of a run that takes this course; zero in a pause.
    pub fn rate_at(&self, course: &Course, at: Nanos) -> f64 {
        if course.pause_at(at).is_some() {
            return 0.0;
        }
        let scheduled = course.schedule_time(at);
        self.rate.at(scheduled) * self.factor_at(course, scheduled)
    }

    /// How many times the rate is followed at an instant of the schedule.
    pub fn factor_at(&self, course: &Course, scheduled: Nanos) -> f64 {
        if self.can_be_scaled() { course.factor_at(scheduled) } else { 1.0 }
    }

    /// The arrivals that fall to one of `cores` cores, in order: every `cores`-th, so that any number of cores makes
    /// the same arrivals at the same instants.
    ///
    /// The k-th arrival comes when the area under the rate reaches k (even) or the sum of k+1 exponential gaps
    /// (Poisson): the time change by which a process of rate one becomes one of any rate (Çinlar 1975). Where the rate was
    /// scaled by hand, it is the area under the scaled rate.
    pub fn arrivals(&self, seed: u64, scenario: ScenarioId, core: usize, cores: usize) -> Arrivals<'_> {
        Arrivals::new(self, Choices::new(seed, scenario, Purpose::Gaps), core as u64, cores as u64)
    }
}

/// When the virtual users of a closed model are at work.
#[derive(Debug, Clone, PartialEq)]
pub struct VuSchedule {
    users: Ramp,
}

impl VuSchedule {
    /// As many virtual users as the ramp says, rounded down.
    pub const fn new(users: Ramp) -> Self {
        Self { users }
    }

    /// When the schedule ends.
    pub fn duration(&self) -> Nanos {
        self.users.duration()
    }

    /// The most at once.
    pub fn peak(&self) -> u32 {
        self.users.peak() as u32
    }

    /// The number of virtual users as a function of time.
    pub const fn users(&self) -> &Ramp {
        &self.users
    }

    /// When the virtual user of this number (from 0) is at work: from the instant at which there are more than `vu` of
    /// them to that at which there are no longer, as often as that comes about.
    pub fn shifts(&self, vu: u32) -> Vec<(Nanos, Nanos)> {
        let enough = f64::from(vu) + 1.0;
        let mut shifts: Vec<(Nanos, Nanos)> = Vec::new();
        for piece in &self.users.pieces {
            let shift = match (piece.from >= enough, piece.to >= enough) {
                (true, true) => (piece.start, piece.end),
                (true, false) => (piece.start, piece.time_of(enough)),
                (false, true) => (piece.time_of(enough), piece.end),
                (false, false) => continue,
            };
            match shifts.last_mut() {
                Some((_, end)) if *end == shift.0 => *end = shift.1,
                _ => shifts.push(shift),
            }
        }
        shifts.retain(|(from, to)| from < to);
        shifts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCENARIO: ScenarioId = ScenarioId(0);

    fn all(schedule: &ArrivalSchedule, seed: u64) -> Vec<Arrival> {
        schedule.arrivals(seed, SCENARIO, 0, 1).collect()
    }

    fn constant(rate: f64, seconds: u64, spacing: Spacing) -> ArrivalSchedule {
        ArrivalSchedule::new(Ramp::constant(rate, Nanos::from_secs(seconds)), spacing, None)
    }

    #[test]
    fn even_arrivals_are_as_far_apart_as_the_rate_says() {
        let arrivals = all(&constant(1000.0, 10, Spacing::Even), 0);
        assert_eq!(arrivals.len(), 10_000);
        for arrival in arrivals {
            assert_eq!(arrival.at, Nanos::from_millis(arrival.number));
        }
    }

    #[test]
    fn a_ramp_brings_the_area_under_it() {
        let ramp = Ramp::new(0.0, &[Stage { duration: Nanos::from_secs(10), target: 100.0 }]);
        let arrivals = all(&ArrivalSchedule::new(ramp, Spacing::Even, None), 0);
        assert_eq!(arrivals.len(), 500);
        // 5·t² = 125 after five seconds: a quarter of the area at half of the time.
        assert_eq!(arrivals[125].at, Nanos::from_secs(5));
    }

    #[test]
    fn a_jump_takes_no_time() {
        let stages = [
            Stage { duration: Nanos::from_secs(1), target: 10.0 },
            Stage { duration: Nanos::ZERO, target: 100.0 },
            Stage { duration: Nanos::from_secs(1), target: 100.0 },
        ];
        let ramp = Ramp::new(10.0, &stages);
        assert_eq!(ramp.duration(), Nanos::from_secs(2));
        assert_eq!(all(&ArrivalSchedule::new(ramp, Spacing::Even, None), 0).len(), 110);
    }

    #[test]
    fn a_pause_brings_nothing() {
        let stages = [
            Stage { duration: Nanos::from_secs(1), target: 10.0 },
            Stage { duration: Nanos::ZERO, target: 0.0 },
            Stage { duration: Nanos::from_secs(5), target: 0.0 },
            Stage { duration: Nanos::ZERO, target: 10.0 },
            Stage { duration: Nanos::from_secs(1), target: 10.0 },
        ];
        let arrivals = all(&ArrivalSchedule::new(Ramp::new(10.0, &stages), Spacing::Even, None), 0);
        assert_eq!(arrivals.len(), 20);
        assert_eq!(arrivals[10].at, Nanos::from_secs(6));
    }

    #[test]
    fn poisson_counts_are_as_dispersed_as_their_mean() {
        let mut windows = vec![0_f64; 1000];
        for arrival in all(&constant(100.0, 1000, Spacing::Poisson), 7) {
            windows[(arrival.at.0 / 1_000_000_000) as usize] += 1.0;
        }
        let mean = windows.iter().sum::<f64>() / 1000.0;
        let variance = windows.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 999.0;
        assert!((mean - 100.0).abs() < 2.0, "{mean}");
        assert!((variance / mean - 1.0).abs() < 0.15, "{}", variance / mean);
    }

    #[test]
    fn no_more_arrive_than_asked_for() {
        let schedule = ArrivalSchedule::new(Ramp::constant(100.0, Nanos::from_secs(10)), Spacing::Even, Some(7));
        assert_eq!((all(&schedule, 0).len(), schedule.expected_arrivals()), (7, 7));
    }

    #[test]
    fn virtual_users_come_and_go_with_the_ramp() {
        let second = Nanos::from_secs(1);
        let stages = [
            Stage { duration: Nanos::from_secs(10), target: 10.0 },
            Stage { duration: Nanos::from_secs(5), target: 10.0 },
            Stage { duration: Nanos::from_secs(10), target: 0.0 },
        ];
        let schedule = VuSchedule::new(Ramp::new(0.0, &stages));
        assert_eq!(schedule.peak(), 10);
        assert_eq!(schedule.shifts(0), [(second, Nanos::from_secs(24))]);
        assert_eq!(schedule.shifts(9), [(Nanos::from_secs(10), Nanos::from_secs(15))]);
        assert_eq!(schedule.shifts(10), []);
    }

    #[test]
    fn constant_virtual_users_are_there_all_the_time() {
        let schedule = VuSchedule::new(Ramp::constant(3.0, Nanos::from_secs(10)));
        for vu in 0..3 {
            assert_eq!(schedule.shifts(vu), [(Nanos::ZERO, Nanos::from_secs(10))]);
        }
        assert_eq!(schedule.shifts(3), []);
    }

    fn any_ramp() -> impl Strategy<Value = Ramp> {
        let stage =
            (0_u64..5_000, 0.0..500.0_f64).prop_map(|(ms, target)| Stage { duration: Nanos::from_millis(ms), target });
        (0.0..500.0_f64, proptest::collection::vec(stage, 1..6)).prop_map(|(start, stages)| Ramp::new(start, &stages))
    }

    fn any_spacing() -> impl Strategy<Value = Spacing> {
        prop_oneof![Just(Spacing::Even), Just(Spacing::Poisson)]
    }

    proptest! {
        #[test]
        fn any_number_of_cores_makes_the_same_arrivals(ramp in any_ramp(), spacing in any_spacing(), seed: u64, cores in 1_usize..7) {
            let schedule = ArrivalSchedule::new(ramp, spacing, None);
            let mut shared: Vec<Arrival> =
                (0..cores).flat_map(|core| schedule.arrivals(seed, SCENARIO, core, cores)).collect();
            shared.sort_by_key(|arrival| arrival.number);
            prop_assert_eq!(shared, all(&schedule, seed));
        }

        #[test]
        fn arrivals_come_in_order_and_within_the_schedule(ramp in any_ramp(), spacing in any_spacing(), seed: u64) {
            let schedule = ArrivalSchedule::new(ramp, spacing, None);
            let arrivals = all(&schedule, seed);
            prop_assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
            prop_assert!(arrivals.iter().all(|arrival| arrival.at <= schedule.duration()));
            if spacing == Spacing::Even {
                let count = arrivals.len() as u64;
                // Where the area is a whole number, the last digit of a float decides about the last arrival.
                prop_assert!(count.abs_diff(schedule.expected_arrivals()) <= 1, "{count}");
            }
        }

        #[test]
        fn as_many_virtual_users_are_at_work_as_the_ramp_says(ramp in any_ramp(), part in 0.0..1.0_f64) {
            let schedule = VuSchedule::new(ramp.clone());
            let t = Nanos((ramp.duration().0 as f64 * part) as u64);
            let at_work = (0..600).filter(|&vu| schedule.shifts(vu).iter().any(|&(from, to)| from <= t && t < to)).count();
            let wanted = ramp.at(t);
            // An instant of coming or going is rounded to a nanosecond.
            prop_assert!((at_work as f64 - wanted.floor()).abs() <= 1.0, "{at_work} of {wanted}");
        }
    }
}
