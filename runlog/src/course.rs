//! The course of a schedule: how it was followed where somebody changed the load by hand while it ran. A pure function of
//! the changes, the same for every core and for whoever looks at the run afterwards.
//!
//! Two times run side by side. *Run time* is what stands in the rows: since t=0, whatever happens. *Schedule time* is how far
//! the schedule has come: it stands still in a pause. A change takes effect at an instant of run time; what is scheduled for
//! that very instant comes after it.

use crate::change::Change;
use crate::manifest::StageEnd;
use crate::units::Nanos;

/// How a schedule is followed. Without a change, as it was planned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    pauses: Vec<Pause>,
    rates: Vec<(Nanos, f64)>,
}

/// A time in which the schedule stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When it begins, in run time.
    pub from: Nanos,
    /// When it ends; absent as long as nobody has said so.
    pub until: Option<Nanos>,
    /// How long the pauses before it were, all of them together.
    before: Nanos,
}

impl Pause {
    /// At which instant of the schedule it is.
    pub const fn scheduled(&self) -> Nanos {
        self.from.since(self.before)
    }
}

impl Course {
    /// The course as it was planned.
    pub const fn planned() -> Self {
        Self { pauses: Vec::new(), rates: Vec::new() }
    }

    /// The course with these changes, in their order.
    pub fn of(changes: impl IntoIterator<Item = (Nanos, Change)>) -> Self {
        let mut course = Self::planned();
        for (at, change) in changes {
            course.turn(at, change);
        }
        course
    }

    /// Takes in a change that takes effect at an instant of run time: not before the one taken in last.
    pub fn turn(&mut self, at: Nanos, change: Change) {
        match (change, self.pauses.last_mut()) {
            (Change::Pause, Some(Pause { until: None, .. })) | (Change::Resume, None) | (Change::Stop, _) => {}
            (Change::Pause, _) => {
                let before = at.since(self.schedule_time(at));
                self.pauses.push(Pause { from: at, until: None, before });
            }
            (Change::Resume, Some(pause)) => {
                pause.until.get_or_insert(at);
            }
            (Change::Rate(factor), _) => self.rates.push((self.schedule_time(at), factor)),
        }
    }

    /// How far the schedule has come at an instant of run time.
    pub fn schedule_time(&self, at: Nanos) -> Nanos {
        let begun = self.pauses.partition_point(|pause| pause.from <= at);
        match self.pauses[..begun].last() {
            None => at,
            Some(pause) => {
                let paused = pause.until.map_or(at, |until| until.min(at)).since(pause.from);
                at.since(pause.before).since(paused)
            }
        }
    }

    /// When the schedule comes to an instant of its own; `None` where a pause is before it whose end is not known.
    pub fn run_time(&self, scheduled: Nanos) -> Option<Nanos> {
        let passed = self.pauses.partition_point(|pause| pause.scheduled() <= scheduled);
        match self.pauses[..passed].last() {
            None => Some(scheduled),
            Some(pause) => Some(scheduled.after(pause.before).after(pause.until?.since(pause.from))),
        }
    }

    /// The pause that an instant of run time lies in.
    pub fn pause_at(&self, at: Nanos) -> Option<&Pause> {
        let begun = self.pauses.partition_point(|pause| pause.from <= at);
        self.pauses[..begun].last().filter(|pause| pause.until.is_none_or(|until| at < until))
    }

    /// The pauses, in their order.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// Where the rate of the open model was scaled: from which instant of the schedule on, to how many times what was planned.
    pub fn rates(&self) -> &[(Nanos, f64)] {
        &self.rates
    }

    /// How many times the planned rate is followed at an instant of the schedule.
    pub fn factor_at(&self, scheduled: Nanos) -> f64 {
        let passed = self.rates.partition_point(|(from, _)| *from <= scheduled);
        self.rates[..passed].last().map_or(1.0, |&(_, factor)| factor)
    }

    /// Stages as they were followed: later for every pause before them, at nothing in it, and, where the rate is one that is
    /// scaled, at so many times their target. What the first one leads up from is not known: of it there is
    /// the end only.
    pub fn followed(&self, stages: &[StageEnd], is_scaled: bool) -> Vec<StageEnd> {
        let factor = |scheduled| if is_scaled { self.factor_at(scheduled) } else { 1.0 };
        let mut followed: Vec<StageEnd> = Vec::new();
        let mut push = |at: Option<Nanos>, target: f64| {
            followed.extend(at.map(|at_ns| StageEnd { at_ns, target }).filter(|end| followed.last() != Some(end)));
        };
        let before = std::iter::once(None).chain(stages.iter().map(Some));
        for (before, stage) in before.zip(stages) {
            let from = before.map_or(Nanos::ZERO, |before| before.at_ns);
            let length = stage.at_ns.since(from).as_secs_f64();
            for cut in self.cuts().filter(|cut| before.is_some() && (from..stage.at_ns).contains(cut)) {
                let start = before.map_or(stage.target, |before| before.target);
                let target = start + (stage.target - start) * cut.since(from).as_secs_f64() / length;
                let just_before = Nanos(cut.0.saturating_sub(1));
                push(self.reached(cut), target * factor(just_before));
                for pause in self.pauses.iter().filter(|pause| pause.scheduled() == cut) {
                    push(Some(pause.from), 0.0);
                    push(pause.until, 0.0);
                }
                push(self.run_time(cut), target * factor(cut));
            }
            push(self.reached(stage.at_ns), stage.target * factor(Nanos(stage.at_ns.0.saturating_sub(1))));
        }
        followed
    }

    /// When the schedule first comes to an instant of its own, before a pause at it.
    fn reached(&self, scheduled: Nanos) -> Option<Nanos> {
        let pause = self.pauses.iter().find(|pause| pause.scheduled() == scheduled);
        pause.map_or_else(|| self.run_time(scheduled), |pause| Some(pause.from))
    }

    /// The instants of the schedule at which something was changed.
    fn cuts(&self) -> impl Iterator<Item = Nanos> {
        let all = self.pauses.iter().map(Pause::scheduled).chain(self.rates.iter().map(|(from, _)| *from));
        let mut cuts: Vec<Nanos> = all.collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.into_iter()
    }

    /// Whether it is as planned.
    pub const fn is_planned(&self) -> bool {
        self.pauses.is_empty() && self.rates.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn s(seconds: u64) -> Nanos {
        Nanos::from_secs(seconds)
    }

    /// Paused from 10 s to 15 s, at double the rate from 20 s on, and paused again at 30 s.
    fn changed() -> Course {
        let changes = [
            (s(10), Change::Pause),
            (s(15), Change::Resume),
            (s(20), Change::Rate(2.0)),
            (s(30), Change::Pause),
            (s(31), Change::Rate(3.0)),
        ];
        Course::of(changes)
    }

    #[test]
    fn the_schedule_stands_still_in_a_pause_and_everything_behind_it_is_later() {
        let course = changed();
        let scheduled = [(9, 9), (10, 10), (12, 10), (15, 10), (16, 11), (30, 25), (99, 25)];
        for (run, schedule) in scheduled {
            assert_eq!(course.schedule_time(s(run)), s(schedule), "{run}");
        }
        let when = [(9, Some(9)), (10, Some(15)), (11, Some(16)), (24, Some(29)), (25, None), (26, None)];
        for (schedule, run) in when {
            assert_eq!(course.run_time(s(schedule)), run.map(s), "{schedule}");
        }
    }

    #[test]
    fn a_pause_ends_where_the_load_is_resumed() {
        let course = changed();
        for (run, begun) in
            [(9, None), (10, Some(10)), (14, Some(10)), (15, None), (29, None), (30, Some(30)), (99, Some(30))]
        {
            assert_eq!(course.pause_at(s(run)).map(|pause| pause.from), begun.map(s), "{run}");
        }
    }

    #[test]
    fn a_rate_holds_from_an_instant_of_the_schedule_on() {
        let course = changed();
        assert_eq!(course.rates(), [(s(15), 2.0), (s(25), 3.0)]);
        let factors = [0, 14, 15, 24, 25].map(|schedule| course.factor_at(s(schedule)).to_string());
        assert_eq!(factors, ["1", "1", "2", "2", "3"]);
    }

    #[test]
    fn what_changes_nothing_is_no_change() {
        let twice = [
            (s(1), Change::Resume),
            (s(2), Change::Pause),
            (s(3), Change::Pause),
            (s(4), Change::Resume),
            (s(5), Change::Resume),
            (s(6), Change::Stop),
        ];
        assert_eq!(Course::of(twice), Course::of([(s(2), Change::Pause), (s(4), Change::Resume)]));
        assert!(Course::of([(s(1), Change::Stop)]).is_planned());
    }

    #[test]
    fn stages_are_followed_with_their_pauses_and_at_the_rate_they_were_scaled_to() {
        let stages = [(10, 100.0), (20, 100.0), (30, 200.0)];
        let stages = stages.map(|(at, target)| StageEnd { at_ns: s(at), target });
        let course = Course::of([(s(12), Change::Pause), (s(15), Change::Resume), (s(28), Change::Rate(2.0))]);
        let followed = |is_scaled| -> Vec<(u64, f64)> {
            let ends = course.followed(&stages, is_scaled);
            ends.iter().map(|end| (end.at_ns.0 / 1_000_000_000, end.target)).collect()
        };
        let paused = [(10, 100.0), (12, 100.0), (12, 0.0), (15, 0.0), (15, 100.0), (23, 100.0)];
        // At 25 s of the schedule the ramp is half way up.
        assert_eq!(followed(true), [&paused[..], &[(28, 150.0), (28, 300.0), (33, 400.0)]].concat());
        assert_eq!(followed(false), [&paused[..], &[(28, 150.0), (33, 200.0)]].concat());
        assert_eq!(Course::planned().followed(&stages, true), stages);
    }

    fn any_change() -> impl Strategy<Value = Change> {
        prop_oneof![Just(Change::Pause), Just(Change::Resume), (0.1..10.0_f64).prop_map(Change::Rate)]
    }

    proptest! {
        #[test]
        fn run_time_and_schedule_time_are_each_others_inverse(
            mut changes in proptest::collection::vec((0_u64..1_000, any_change()), 0..20),
            at in 0_u64..1_200,
        ) {
            changes.sort_by_key(|(at, _)| *at);
            let course = Course::of(changes.into_iter().map(|(at, change)| (Nanos(at), change)));
            let at = Nanos(at);
            let scheduled = course.schedule_time(at);
            prop_assert!(scheduled <= at && course.schedule_time(at.after(Nanos(1))) >= scheduled);
            if let Some(pause) = course.pause_at(at) {
                // What is scheduled where the schedule stands still comes when it goes on.
                prop_assert!(course.run_time(scheduled).is_none_or(|run| run >= at && pause.until.is_some()));
            } else {
                prop_assert_eq!(course.run_time(scheduled), Some(at));
            }
            if let Some(run) = course.run_time(scheduled) {
                prop_assert_eq!(course.schedule_time(run), scheduled);
                prop_assert!(course.pause_at(run).is_none(), "nothing is scheduled in a pause");
            }
        }
    }
}
