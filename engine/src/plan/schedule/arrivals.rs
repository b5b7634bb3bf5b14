//! The arrivals of one core, one after another, on the course that the schedule takes.

use runlog::course::Course;
use runlog::units::Nanos;

use super::ramp::nanos;
use super::{Arrival, ArrivalSchedule, Ramp, Source, Spacing};
use crate::plan::choice::Choices;

/// The arrivals of one core. As an iterator, on the course that was planned.
#[derive(Debug, Clone)]
pub struct Arrivals<'a> {
    schedule: &'a ArrivalSchedule,
    gaps: Choices,
    /// The sum of the gaps so far; stays 0 with even spacing, where the number is the area.
    area: f64,
    /// The number of the arrival behind the one that is due, of all cores.
    next: u64,
    core: u64,
    cores: u64,
    /// The number of the arrival that is due next, and the area at which it comes; nothing when there is none.
    due: Option<(u64, f64)>,
    /// How the rate is scaled where that area lies.
    scale: Scale,
    /// The piece of the ramp that the arrival before fell into.
    piece: usize,
    /// How often the rate had been scaled when that was looked for.
    scaled: usize,
    /// When the rate is zero for good.
    fades_at: Nanos,
}

/// From an instant of the schedule on, the rate is a multiple of what was planned.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// How often it had been scaled by then.
    number: usize,
    from: Nanos,
    factor: f64,
    /// The area under the planned rate up to then.
    planned: f64,
    /// The area under the scaled rate up to then.
    followed: f64,
}

impl Scale {
    const PLANNED: Self = Self { number: 0, from: Nanos::ZERO, factor: 1.0, planned: 0.0, followed: 0.0 };

    /// Where the rate is scaled next on this course, if it is.
    fn next(&self, rate: &Ramp, course: &Course) -> Option<Self> {
        let &(from, factor) = course.rates().get(self.number)?;
        let planned = rate.area_until(from);
        let followed = self.followed + self.factor * (planned - self.planned);
        Some(Self { number: self.number + 1, from, factor, planned, followed })
    }
}

impl<'a> Arrivals<'a> {
    /// The arrivals of a schedule that fall to this of so many cores. `gaps` are those between all of them.
    pub(super) fn new(schedule: &'a ArrivalSchedule, gaps: Choices, core: u64, cores: u64) -> Self {
        let fades_at = schedule.rate.fades_at();
        let mut arrivals = Self {
            schedule,
            gaps,
            area: 0.0,
            next: 0,
            core,
            cores,
            due: None,
            scale: Scale::PLANNED,
            scaled: 0,
            piece: 0,
            fades_at,
        };
        arrivals.advance();
        arrivals
    }

    /// The arrival that is due next on a course, until it is passed; `None` where none is, as far as the course is known.
    /// Courses go on from one another: what they have in common with the last one is all that was known of that.
    pub fn due(&mut self, course: &Course) -> Option<Arrival> {
        let (number, area) = self.due?;
        let scheduled = match &self.schedule.source {
            Source::Rate(_) => self.reaches(area, course)?,
            Source::Trace { trace, start, pace } => start.after(Nanos((trace.at(number).0 as f64 * pace) as u64)),
        };
        Some(Arrival { number, at: course.run_time(scheduled)? })
    }

    /// Passes the arrival that was due.
    pub fn advance(&mut self) {
        let (number, area) = match self.schedule.source {
            Source::Rate(Spacing::Poisson) => self.next_gap(),
            Source::Rate(Spacing::Even) | Source::Trace { .. } => self.next_number(),
        };
        let most = match &self.schedule.source {
            Source::Rate(_) => self.schedule.most,
            Source::Trace { trace, .. } => Some(trace.len()),
        };
        self.due = most.is_none_or(|most| number < most).then_some((number, area));
    }

    /// Whether nothing arrives any more when the schedule has come so far, whatever becomes of its rate.
    pub fn is_over(&self, scheduled: Nanos) -> bool {
        self.due.is_none() || self.schedule.can_be_scaled() && scheduled >= self.fades_at
    }

    /// The number of the next arrival of this core, where numbers alone say when.
    const fn next_number(&mut self) -> (u64, f64) {
        let number = self.next + (self.core + self.cores - self.next % self.cores) % self.cores;
        self.next = number + 1;
        (number, number as f64)
    }

    /// The number of the next arrival of this core, and the sum of the gaps up to it.
    fn next_gap(&mut self) -> (u64, f64) {
        loop {
            self.area += self.gaps.exponential();
            let number = self.next;
            self.next += 1;
            if number % self.cores == self.core {
                return (number, self.area);
            }
        }
    }

    /// When, in the time of the schedule, the area under the rate as it is followed reaches this.
    fn reaches(&mut self, area: f64, course: &Course) -> Option<Nanos> {
        let rate = &self.schedule.rate;
        if self.scaled != course.rates().len() {
            // What comes at a higher rate comes sooner than was thought.
            (self.scaled, self.piece) = (course.rates().len(), 0);
        }
        let mut next = self.scale.next(rate, course);
        while let Some(scale) = next.filter(|scale| scale.followed <= area) {
            self.scale = scale;
            next = self.scale.next(rate, course);
        }
        let area = self.scale.planned + (area - self.scale.followed) / self.scale.factor;
        loop {
            let piece = rate.pieces.get(self.piece)?;
            let within = area - piece.area_before;
            if within < piece.area() {
                let at = piece.start.after(nanos(piece.seconds_until_area(within.max(0.0)))).min(piece.end);
                // On whichever side of a change it is rounded to, it stays on its own.
                return Some(next.map_or(at, |next| at.min(next.from)).max(self.scale.from));
            }
            self.piece += 1;
        }
    }
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let arrival = self.due(&Course::planned())?;
        self.advance();
        Some(arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use runlog::change::Change;
    use runlog::row::ScenarioId;

    use super::super::Stage;

    const fn ms(millis: u64) -> Nanos {
        Nanos::from_millis(millis)
    }

    fn even(rate: f64, seconds: u64) -> ArrivalSchedule {
        ArrivalSchedule::new(Ramp::constant(rate, Nanos::from_secs(seconds)), Spacing::Even, None)
    }

    /// All arrivals of a core where each change becomes known a while before it takes effect.
    fn followed(
        schedule: &ArrivalSchedule,
        seed: u64,
        (core, cores): (usize, usize),
        changes: &[(Nanos, Change)],
        lead: Nanos,
    ) -> Vec<Arrival> {
        let mut arrivals = schedule.arrivals(seed, ScenarioId(0), core, cores);
        let mut known = Course::planned();
        let mut to_come = changes.iter().peekable();
        let mut all = Vec::new();
        loop {
            let due = arrivals.due(&known);
            match (due, to_come.next_if(|(at, _)| due.is_none_or(|due| at.since(lead) <= due.at))) {
                (_, Some(&(at, change))) => known.turn(at, change),
                (Some(due), None) => {
                    all.push(due);
                    arrivals.advance();
                }
                (None, None) => return all,
            }
        }
    }

    fn whole(schedule: &ArrivalSchedule, changes: &[(Nanos, Change)]) -> Vec<Arrival> {
        followed(schedule, 0, (0, 1), changes, Nanos(u64::MAX))
    }

    #[test]
    fn arrivals_behind_a_pause_are_later_by_its_length_and_none_is_lost() {
        let changes = [(ms(300), Change::Pause), (ms(1_000), Change::Resume)];
        let arrivals = whole(&even(100.0, 1), &changes);
        let wanted = (0..100).map(|number| ms(number * 10 + if number >= 30 { 700 } else { 0 }));
        assert!(arrivals.iter().map(|arrival| arrival.at).eq(wanted), "{arrivals:?}");
    }

    #[test]
    fn from_a_change_of_the_rate_on_arrivals_are_as_far_apart_as_it_says() {
        let arrivals = whole(&even(100.0, 1), &[(ms(500), Change::Rate(2.0)), (ms(750), Change::Rate(0.5))]);
        // 50 in the first half, 50 in the next quarter, and 12.5 in the last.
        let wanted = (0..50).map(|n| n * 10).chain((0..50).map(|n| 500 + n * 5)).chain((0..13).map(|n| 750 + n * 20));
        assert!(arrivals.iter().map(|arrival| arrival.at).eq(wanted.map(ms)), "{arrivals:?}");
    }

    #[test]
    fn a_rate_that_is_scaled_in_a_pause_holds_when_it_is_over() {
        let changes = [
            (ms(500), Change::Pause),
            (ms(600), Change::Rate(7.0)),
            (ms(700), Change::Rate(2.0)),
            (ms(800), Change::Resume),
        ];
        let arrivals = whole(&even(100.0, 1), &changes);
        assert_eq!((arrivals.len(), arrivals[50].at, arrivals[51].at), (150, ms(800), ms(805)));
    }

    #[test]
    fn without_a_resume_nothing_comes_and_nothing_is_over() {
        let course = Course::of([(ms(300), Change::Pause)]);
        let schedule = even(100.0, 1);
        let mut arrivals = schedule.arrivals(0, ScenarioId(0), 0, 1);
        while arrivals.due(&course).is_some() {
            arrivals.advance();
        }
        assert_eq!(arrivals.due, Some((30, 30.0)));
        assert!(!arrivals.is_over(course.schedule_time(Nanos::from_secs(9))) && arrivals.is_over(Nanos::from_secs(1)));
    }

    #[test]
    fn a_rate_that_fades_is_over_before_its_schedule() {
        let stages = [(1, 10.0), (0, 0.0), (9, 0.0)];
        let stages = stages.map(|(seconds, target)| Stage { duration: Nanos::from_secs(seconds), target });
        let schedule = ArrivalSchedule::new(Ramp::new(10.0, &stages), Spacing::Even, None);
        let arrivals = schedule.arrivals(0, ScenarioId(0), 0, 1);
        assert!(!arrivals.is_over(ms(999)) && arrivals.is_over(ms(1_000)));
    }

    fn any_schedule() -> impl Strategy<Value = ArrivalSchedule> {
        let stage = (0_u64..2_000, 0.0..300.0_f64).prop_map(|(millis, target)| Stage { duration: ms(millis), target });
        let spacing = prop_oneof![Just(Spacing::Even), Just(Spacing::Poisson)];
        (0.0..300.0_f64, proptest::collection::vec(stage, 1..5), spacing)
            .prop_map(|(start, stages, spacing)| ArrivalSchedule::new(Ramp::new(start, &stages), spacing, None))
    }

    /// Changes in the first seconds, the last of which resumes the load.
    fn any_changes() -> impl Strategy<Value = Vec<(Nanos, Change)>> {
        let change = prop_oneof![Just(Change::Pause), Just(Change::Resume), (0.1..8.0_f64).prop_map(Change::Rate)];
        proptest::collection::vec((0_u64..6_000_000_000, change), 0..8).prop_map(|changes| {
            let mut changes: Vec<_> = changes.into_iter().map(|(at, change)| (Nanos(at), change)).collect();
            changes.sort_by_key(|(at, _)| *at);
            changes.push((Nanos::from_secs(7), Change::Resume));
            changes
        })
    }

    /// The area under the rate as it is followed, summed up in a thousand strips.
    fn summed(schedule: &ArrivalSchedule, course: &Course, until: Nanos) -> f64 {
        let width = until.as_secs_f64() / 1_000.0;
        let middle = |strip: u32| Nanos(((f64::from(strip) + 0.5) * width * 1e9) as u64);
        (0..1_000).map(middle).map(|at| schedule.rate.at(at) * course.factor_at(at) * width).sum()
    }

    proptest! {
        #[test]
        fn the_same_changes_make_the_same_arrivals_whatever_the_cores_and_whenever_they_are_known(
            schedule in any_schedule(), seed: u64, changes in any_changes(), cores in 1_usize..5, lead in 0_u64..2_000_000_000,
        ) {
            let known_before = followed(&schedule, seed, (0, 1), &changes, Nanos(u64::MAX));
            let mut shared: Vec<Arrival> = (0..cores)
                .flat_map(|core| followed(&schedule, seed, (core, cores), &changes, Nanos(lead * core as u64)))
                .collect();
            shared.sort_by_key(|arrival| arrival.number);
            prop_assert_eq!(shared, known_before);
        }

        #[test]
        fn arrivals_come_in_order_outside_of_pauses_and_where_the_followed_area_says(
            schedule in any_schedule(), seed: u64, changes in any_changes(),
        ) {
            let course = Course::of(changes.iter().copied());
            let arrivals = followed(&schedule, seed, (0, 1), &changes, Nanos::ZERO);
            prop_assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
            prop_assert!(arrivals.iter().all(|arrival| course.pause_at(arrival.at).is_none()));
            if let (Some(last), Some(Spacing::Even)) = (arrivals.last(), schedule.spacing()) {
                let area = summed(&schedule, &course, course.schedule_time(last.at));
                let strip = schedule.rate.peak() * 8.0 * schedule.duration().as_secs_f64() / 1_000.0;
                // A strip in which the rate jumps is off by as much as it holds.
                let error = strip * (changes.len() + schedule.rate.pieces.len()) as f64;
                prop_assert!((area - last.number as f64).abs() <= error + 1.0, "{area} of {}", last.number);
            }
        }

        #[test]
        fn a_course_that_only_pauses_brings_every_arrival_that_was_planned(schedule in any_schedule(), seed: u64, changes in any_changes()) {
            let pauses: Vec<_> = changes.into_iter().filter(|(_, change)| !matches!(change, Change::Rate(_))).collect();
            let course = Course::of(pauses.iter().copied());
            let planned: Vec<Arrival> = schedule.arrivals(seed, ScenarioId(0), 0, 1).collect();
            let arrivals = followed(&schedule, seed, (0, 1), &pauses, Nanos::ZERO);
            let back: Vec<Arrival> = arrivals
                .iter()
                .map(|arrival| Arrival { at: course.schedule_time(arrival.at), ..*arrival })
                .collect();
            prop_assert_eq!(back, planned);
        }
    }
}
