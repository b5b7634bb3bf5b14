//! Judges thresholds while the run lasts: those that end it, those that have to hold in every stretch of time, and those on
//! levels. Once a second, as soon as every core has told how that second was.

use std::collections::VecDeque;

use runlog::course::Course;
use runlog::manifest::Manifest;
use runlog::metric::{Metric, MetricKind};
use runlog::threshold::ThresholdResult;
use runlog::units::Nanos;

use super::finding::Finding;
use super::standing::ThresholdNow;
use super::trial::{Kept, Trial};
use crate::worker::ledger::{Gathered, watched};
use crate::worker::report::Second;

/// How many seconds wait at the most for a core that has not told of them. What it tells later counts for the next one.
const MOST_OPEN: usize = 10;

/// Judges the thresholds of a run.
pub struct Judge {
    trials: Vec<Trial>,
    /// When the schedules end, as planned.
    planned: Nanos,
    /// How they are followed.
    course: Course,
    /// How many thresholds the run has.
    thresholds: usize,
    /// The seconds that are not judged yet, the first of them is `next`.
    open: VecDeque<Slot>,
    next: u64,
    /// For each worker: up to which second it has told everything.
    told: Vec<u64>,
    /// For each worker: how many virtual users were at work when it last told.
    vus: Vec<u64>,
    vus_max: u64,
}

/// A second of the run.
#[derive(Default)]
struct Slot {
    /// For each threshold that the workers watch: what each of them has gathered for it.
    gathered: Vec<Vec<Kept>>,
    /// Virtual users at work at its end, with the worker's place.
    vus: Vec<(usize, u64)>,
    /// Until when it is told of.
    until: Nanos,
}

impl Judge {
    /// A judge of a run by so many workers.
    pub fn new(manifest: &'static Manifest, workers: usize) -> Self {
        let planned = manifest.planned_ns;
        let gathered = watched(manifest).enumerate();
        let gathered = gathered.map(|(among, (place, threshold))| Trial::new(place, threshold, Some(among), planned));
        let levels = manifest.thresholds.iter().enumerate();
        let levels = levels.filter(|(_, threshold)| threshold.metric.kind() == MetricKind::Gauge);
        let levels = levels.map(|(place, threshold)| Trial::new(place, threshold, None, planned));
        Self {
            trials: gathered.chain(levels).collect(),
            planned,
            course: Course::planned(),
            thresholds: manifest.thresholds.len(),
            open: VecDeque::new(),
            next: 0,
            told: vec![0; workers],
            vus: vec![0; workers],
            vus_max: 0,
        }
    }

    /// The schedules take another course than was planned.
    pub fn follow(&mut self, course: &Course) {
        self.course = course.clone();
        let planned = course.run_time(self.planned).unwrap_or(Nanos(u64::MAX));
        for trial in &mut self.trials {
            trial.replan(planned);
        }
    }

    /// Takes a core's last second. Returns what came to light by it.
    pub fn hear(&mut self, second: &Second) -> Vec<Finding> {
        if self.trials.is_empty() {
            return Vec::new();
        }
        let place = second.seat.place;
        let number = number_of(second).max(self.next);
        let ahead = (number - self.next) as usize;
        if self.open.len() <= ahead {
            self.open.resize_with(ahead + 1, Slot::default);
        }
        let slot = &mut self.open[ahead];
        slot.add(&second.gauge.watched);
        slot.vus.push((place, second.vus));
        slot.until = slot.until.max(second.until);
        // What ends before its second does is followed by the rest, or is the worker's last word.
        self.told[place] = if second.until >= Nanos::from_secs(number + 1) { number + 1 } else { number };
        self.judge()
    }

    /// This worker will tell nothing more.
    pub fn finished(&mut self, place: usize) -> Vec<Finding> {
        self.told[place] = u64::MAX;
        self.judge()
    }

    /// How the thresholds stand that are judged while the run lasts.
    pub fn standings(&self) -> impl Iterator<Item = ThresholdNow> {
        self.trials.iter().map(Trial::standing)
    }

    /// How many thresholds wait for the end of the run.
    pub const fn judged_later(&self) -> usize {
        self.thresholds - self.trials.len()
    }

    /// What came of the thresholds that are not told by what rows add up to, in the places of all. The run is over.
    pub fn results(&mut self) -> Vec<Option<ThresholdResult>> {
        self.told.fill(u64::MAX);
        self.judge();
        let mut results = vec![None; self.thresholds];
        for trial in &mut self.trials {
            results[trial.place] = trial.result();
        }
        results
    }

    /// Judges the seconds that every worker has told of, and those that have waited long enough.
    fn judge(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let told = self.told.iter().copied().min().unwrap_or(u64::MAX);
        while (self.next < told || self.open.len() > MOST_OPEN)
            && let Some(slot) = self.open.pop_front()
        {
            self.next += 1;
            let end = Nanos::from_secs(self.next);
            let is_whole = slot.until >= end || !self.open.is_empty() || told < u64::MAX;
            let at = if is_whole { end } else { slot.until };
            let begins = Nanos::from_secs(self.next - 1);
            let stood_still = self.course.schedule_time(at).since(self.course.schedule_time(begins)) < at.since(begins);
            for (place, vus) in slot.vus {
                self.vus[place] = vus;
            }
            let vus = self.vus.iter().sum();
            self.vus_max = self.vus_max.max(vus);
            for trial in &mut self.trials {
                if stood_still && trial.stands_still() {
                    continue;
                }
                match (trial.watched, trial.threshold.metric) {
                    (Some(among), _) => trial.hear(at, is_whole, slot.gathered.get(among).map_or(&[], Vec::as_slice)),
                    (None, Metric::VusMax) => trial.hear(at, is_whole, &[Kept::level(self.vus_max)]),
                    (None, _) => trial.hear(at, is_whole, &[Kept::level(vus)]),
                }
                findings.extend(trial.findings(at));
            }
        }
        findings
    }
}

impl Slot {
    fn add(&mut self, watched: &[Gathered]) {
        self.gathered.resize_with(watched.len(), Vec::new);
        for (kept, gathered) in self.gathered.iter_mut().zip(watched) {
            kept.push(Kept::of(gathered));
        }
    }
}

/// Which second of the run it was, from 0: the one that its middle lies in, for a report may come a little late.
const fn number_of(second: &Second) -> u64 {
    u64::midpoint(second.gauge.since.0, second.until.0) / Nanos::from_secs(1).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::mpsc::sync_channel;

    use proptest::prelude::*;
    use runlog::change::Change;
    use runlog::directory::Run;
    use runlog::statistics::Samples;
    use runlog::threshold::{Aggregation, Threshold};
    use runlog::units::Percentile;

    use crate::worker::Seat;
    use crate::worker::report::Gauge;

    const TENTH: Nanos = Nanos::from_millis(100);

    fn threshold(metric: Metric, condition: &str) -> Threshold {
        Threshold::new(metric, [].into(), condition.parse().expect("a condition"))
    }

    fn over(seconds: u64, threshold: Threshold) -> Threshold {
        Threshold { window_ns: Some(Nanos::from_secs(seconds)), ..threshold }
    }

    fn aborting(after_s: u64, threshold: Threshold) -> Threshold {
        Threshold { abort_on_fail: true, delay_abort_eval_ns: Nanos::from_secs(after_s), ..threshold }
    }

    /// A judge of two workers that have so many seconds to do.
    fn judge(planned_s: u64, threshold: Threshold) -> Judge {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let manifest = Run::open(path).expect("our own run").manifest;
        let planned_ns = Nanos::from_secs(planned_s);
        Judge::new(Box::leak(Box::new(Manifest { thresholds: vec![threshold], planned_ns, ..manifest })), 2)
    }

    /// What a worker tells of a part of its time: a count of each time, and its virtual users.
    fn part(place: usize, since: Nanos, until: Nanos, times: &[u64], vus: u64) -> Second {
        let mut gathered = Gathered::new(Metric::HttpReqDuration);
        for &time in times {
            gathered.times.get_or_insert_default().record(time);
            gathered.arrivals += 1;
            gathered.whole += 1;
        }
        Second {
            seat: Seat { place, of: 2, cpu: place },
            until,
            gauge: Gauge { watched: vec![gathered], ..Gauge::new(since) },
            in_flight: 0,
            connections: 0,
            backlog: 0,
            vus,
            busy: Nanos::ZERO,
            record_stall: Nanos::ZERO,
            home: sync_channel(1).0,
        }
    }

    /// The whole second of a worker with this number, told a little late.
    fn second(place: usize, number: u64, times: &[u64]) -> Second {
        let late = Nanos::from_millis(3);
        part(place, Nanos::from_secs(number).after(late), Nanos::from_secs(number + 1).after(late), times, 0)
    }

    fn both(judge: &mut Judge, number: u64, times: &[u64]) -> Vec<Finding> {
        assert_eq!(judge.hear(&second(0, number, times)), [], "one of two has told");
        judge.hear(&second(1, number, &[]))
    }

    fn result(judge: &mut Judge) -> ThresholdResult {
        judge.results().remove(0).expect("a result")
    }

    #[test]
    fn that_nothing_comes_in_a_pause_is_not_held_against_a_rate() {
        let mut judge = judge(4, aborting(0, over(1, threshold(Metric::HttpReqs, "rate > 1"))));
        let second = Nanos::from_secs;
        let tell = |judge: &mut Judge, number, arrivals: &[u64]| both(judge, number, arrivals);
        assert_eq!(tell(&mut judge, 0, &[1, 1]), []);
        judge.follow(&Course::of([(second(1), Change::Pause), (second(4), Change::Resume)]));
        for number in 1..4 {
            assert_eq!(tell(&mut judge, number, &[1]), [], "in the pause, but for what was on its way");
        }
        assert_eq!(tell(&mut judge, 4, &[1, 1]), []);
        assert_eq!(tell(&mut judge, 5, &[1]).len(), 2, "it is over, and the schedule lasts until 7 s");
    }

    #[test]
    fn a_run_is_aborted_when_what_it_has_seen_so_far_does_not_hold() {
        let mut judge = judge(10, aborting(0, threshold(Metric::HttpReqDuration, "avg < 100ns")));
        assert_eq!(both(&mut judge, 0, &[]), [], "without a sample there is nothing to judge");
        assert_eq!(both(&mut judge, 1, &[50, 60]), []);
        let findings = both(&mut judge, 2, &[500]);
        let what = "http_req_duration avg < 100ns does not hold: it was 203 ns".to_owned();
        let at = Nanos::from_secs(3);
        assert_eq!(findings, [Finding { at, what: what.clone(), aborts: false }, Finding { at, what, aborts: true }]);
        assert_eq!(both(&mut judge, 3, &[500]), [], "once is enough");
        assert_eq!(judge.results(), [None], "what rows add up to tells it exactly");
    }

    #[test]
    fn nothing_is_aborted_before_the_delay_is_over() {
        let mut judge = judge(10, aborting(2, threshold(Metric::HttpReqDuration, "max < 100ns")));
        assert_eq!(both(&mut judge, 0, &[500]), []);
        assert_eq!(both(&mut judge, 1, &[]).len(), 2);
    }

    #[test]
    fn a_percentile_aborts_only_where_it_cannot_hold() {
        let time = 400_000_200;
        let mut open = judge(10, aborting(0, threshold(Metric::HttpReqDuration, "med < 400000150ns")));
        assert_eq!(both(&mut open, 0, &[time - 100, time, time + 100]), [], "known to a thousandth only");
        let mut clear = judge(10, aborting(0, threshold(Metric::HttpReqDuration, "med < 300ms")));
        assert_eq!(both(&mut clear, 0, &[time - 100, time, time + 100]).len(), 2);
    }

    #[test]
    fn one_bad_stretch_fails_a_window_for_good() {
        let mut judge = judge(10, over(2, threshold(Metric::HttpReqDuration, "avg < 100ns")));
        assert_eq!(both(&mut judge, 0, &[500]), [], "no full window yet");
        let findings = both(&mut judge, 1, &[100]);
        assert_eq!(findings.len(), 1);
        assert!(!findings[0].aborts);
        for number in 2..10 {
            assert_eq!(both(&mut judge, number, &[10]), []);
        }
        let result = result(&mut judge);
        assert!(!result.passed);
        assert_eq!((result.value, result.shown.as_str()), (Some(300.0), "300 ns in the stretch up to 2.00 s"));
    }

    #[test]
    fn a_window_that_held_throughout_shows_its_worst_stretch() {
        let mut judge = judge(4, over(2, threshold(Metric::HttpReqDuration, "avg < 100ns")));
        for (number, times) in [[10], [90], [80], [20]].iter().enumerate() {
            assert_eq!(both(&mut judge, number as u64, times), []);
        }
        let result = result(&mut judge);
        assert_eq!((result.passed, result.value), (true, Some(85.0)));
    }

    #[test]
    fn a_window_aborts_from_the_delay_on() {
        let mut judge = judge(10, aborting(3, over(1, threshold(Metric::HttpReqDuration, "max < 100ns"))));
        let announced = both(&mut judge, 0, &[500]);
        assert_eq!(announced.iter().map(|finding| finding.aborts).collect::<Vec<_>>(), [false]);
        assert_eq!(both(&mut judge, 1, &[1]), []);
        let findings = both(&mut judge, 2, &[1]);
        assert_eq!(
            findings.iter().map(|finding| (finding.at.0, finding.aborts)).collect::<Vec<_>>(),
            [(3_000_000_000, true)]
        );
    }

    #[test]
    fn a_run_shorter_than_the_window_is_judged_as_a_whole() {
        for (bound, passed) in [("300ns", true), ("200ns", false)] {
            let mut judge = judge(2, over(30, threshold(Metric::HttpReqDuration, &format!("avg < {bound}"))));
            both(&mut judge, 0, &[100]);
            both(&mut judge, 1, &[]);
            judge.hear(&part(0, Nanos::from_secs(2), Nanos::from_secs(2).after(TENTH), &[400], 0));
            let result = result(&mut judge);
            assert_eq!((result.passed, result.value), (passed, Some(250.0)));
        }
    }

    #[test]
    fn what_is_left_of_the_last_second_belongs_to_the_last_stretch() {
        let mut judge = judge(2, over(1, threshold(Metric::HttpReqDuration, "avg < 200ns")));
        both(&mut judge, 0, &[100]);
        both(&mut judge, 1, &[100]);
        judge.hear(&part(0, Nanos::from_secs(2), Nanos::from_secs(2).after(TENTH), &[400], 0));
        assert_eq!(result(&mut judge).value, Some(250.0));
    }

    #[test]
    fn that_there_is_less_when_the_schedule_is_over_is_not_held_against_a_rate() {
        let mut judge = judge(2, over(1, threshold(Metric::HttpReqs, "rate >= 2/s")));
        both(&mut judge, 0, &[1, 1]);
        both(&mut judge, 1, &[1, 1]);
        both(&mut judge, 2, &[1]);
        let result = result(&mut judge);
        assert_eq!((result.passed, result.value), (true, Some(2.0)));
    }

    #[test]
    fn a_window_without_a_sample_is_not_judged_and_none_at_all_fails() {
        let mut gap = judge(3, over(1, threshold(Metric::HttpReqDuration, "avg < 200ns")));
        for (number, times) in [&[100][..], &[], &[100]].into_iter().enumerate() {
            both(&mut gap, number as u64, times);
        }
        assert!(result(&mut gap).passed);
        let mut silent = judge(3, over(1, threshold(Metric::HttpReqDuration, "avg < 200ns")));
        both(&mut silent, 0, &[]);
        let result = result(&mut silent);
        assert_eq!((result.passed, result.shown.as_str()), (false, "no sample"));
    }

    #[test]
    fn a_worker_that_has_finished_is_not_waited_for() {
        let mut judge = judge(10, over(1, threshold(Metric::HttpReqDuration, "max < 100ns")));
        judge.hear(&second(0, 0, &[50]));
        assert_eq!(judge.finished(1), []);
        assert_eq!(judge.hear(&second(0, 1, &[500])).len(), 1);
    }

    /// What a worker tells of one of its seconds, or of a part of it, in which so many arrivals were dropped.
    fn dropping(second: Second, dropped: u64) -> Second {
        let gathered = Gathered { arrivals: dropped, whole: dropped, ..Gathered::new(Metric::DroppedIterations) };
        Second { gauge: Gauge { watched: vec![gathered], ..second.gauge }, ..second }
    }

    #[test]
    fn what_is_dropped_when_the_schedule_is_over_is_too_much_all_the_same() {
        let end = Nanos::from_secs(4);
        let last_words = [second(0, 3, &[]), part(0, end, end.after(TENTH), &[], 0)];
        for (condition, value) in [("count < 5", 50.0), ("count <= 4", 50.0), ("rate < 5/s", 25.0)] {
            for last in &last_words {
                let mut judge = judge(2, over(2, threshold(Metric::DroppedIterations, condition)));
                (0..4).for_each(|number| drop(judge.hear(&dropping(second(1, number, &[]), 0))));
                (0..3).for_each(|number| drop(judge.hear(&dropping(second(0, number, &[]), u64::from(number == 0)))));
                judge.hear(&dropping(last.clone(), 50));
                let result = result(&mut judge);
                assert_eq!((result.passed, result.value), (false, Some(value)), "{condition}");
            }
        }
    }

    #[test]
    fn of_amounts_no_stretch_is_judged_that_is_longer_than_the_window() {
        let mut judge = judge(2, over(2, threshold(Metric::HttpReqs, "count <= 4")));
        both(&mut judge, 0, &[1, 1]);
        both(&mut judge, 1, &[1, 1]);
        judge.hear(&part(0, Nanos::from_secs(2), Nanos::from_secs(2).after(TENTH), &[1, 1], 0));
        let result = result(&mut judge);
        assert_eq!((result.passed, result.value), (true, Some(4.0)));
    }

    #[test]
    fn a_worker_that_falls_silent_is_not_waited_for_for_ever() {
        let mut judge = judge(100, aborting(0, threshold(Metric::HttpReqDuration, "max < 100ns")));
        let mut findings = Vec::new();
        for number in 0..60 {
            findings.extend(judge.hear(&second(0, number, &[50])));
            assert!(judge.open.len() <= MOST_OPEN, "{} seconds wait", judge.open.len());
        }
        assert_eq!(findings, []);
        // What it tells at last is not lost.
        judge.hear(&part(1, Nanos::ZERO, Nanos::from_secs(30), &[500], 0));
        findings.extend((60..75).flat_map(|number| judge.hear(&second(0, number, &[50]))));
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn virtual_users_are_those_of_all_cores() {
        for (metric, condition, value) in [
            (Metric::Vus, "value == 4", 4.0),
            (Metric::Vus, "max < 10", 7.0),
            (Metric::Vus, "min > 1", 4.0),
            (Metric::Vus, "avg < 6", 5.5),
            (Metric::VusMax, "value == 7", 7.0),
            (Metric::VusMax, "min == 7", 7.0),
        ] {
            let mut judge = judge(2, threshold(metric, condition));
            for (number, vus) in [(0, [3, 4]), (1, [3, 1])] {
                for (place, vus) in vus.into_iter().enumerate() {
                    judge.hear(&part(place, Nanos::from_secs(number), Nanos::from_secs(number + 1), &[], vus));
                }
            }
            // Everybody leaves at the end.
            for place in [0, 1] {
                judge.hear(&part(place, Nanos::from_secs(2), Nanos::from_secs(2).after(TENTH), &[], 0));
            }
            let result = result(&mut judge);
            assert_eq!((result.passed, result.value), (true, Some(value)), "{metric} {condition}");
        }
    }

    #[test]
    fn a_threshold_says_how_it_stands() {
        let mut judge = judge(100, over(2, threshold(Metric::HttpReqDuration, "max < 100ns")));
        let standing = |judge: &Judge| judge.standings().next().and_then(|standing| standing.seen);
        both(&mut judge, 0, &[50]);
        assert_eq!(standing(&judge), None, "no window is full");
        both(&mut judge, 1, &[70]);
        assert_eq!(standing(&judge), Some(("70 ns".to_owned(), true)));
        both(&mut judge, 2, &[500]);
        both(&mut judge, 3, &[50]);
        assert_eq!(standing(&judge), Some(("500 ns".to_owned(), false)), "it has failed for good");
    }

    #[test]
    fn where_nothing_is_watched_nothing_is_kept() {
        let mut judge = judge(10, threshold(Metric::HttpReqDuration, "max < 100ns"));
        judge.hear(&second(0, 0, &[500]));
        assert!(judge.open.is_empty());
        assert_eq!(judge.results(), [None]);
        assert_eq!((judge.standings().count(), judge.judged_later()), (0, 1));
    }

    /// The value of an aggregation over times, worked out from all of them.
    fn exact(times: &[u64], aggregation: Aggregation) -> Option<f64> {
        let mut samples: Samples = times.iter().copied().collect();
        match aggregation {
            Aggregation::Avg => samples.mean(),
            Aggregation::Max => samples.max().map(|value| value as f64),
            Aggregation::Count => (!times.is_empty()).then_some(times.len() as f64),
            _ => samples.percentiles([Percentile::P90]).map(|[value]| value as f64),
        }
    }

    proptest! {
        #[test]
        fn every_full_window_is_judged_as_its_times_say(
            // Up to 2047 ns a percentile is exact.
            run in proptest::collection::vec(proptest::array::uniform2(proptest::collection::vec(0_u64..2_000, 0..5)), 1..12),
            length in 1_usize..6,
            lag in 0_usize..4,
            (condition, unit) in prop_oneof![Just(("avg <", "ns")), Just(("max <=", "ns")), Just(("p(90) <", "ns")), Just(("count <", ""))],
            bound in 1_u64..2_000,
        ) {
            let bound = if unit.is_empty() { bound % 10 } else { bound };
            let watched = over(length as u64, threshold(Metric::HttpReqDuration, &format!("{condition} {bound}{unit}")));
            let condition = watched.condition.clone();
            let mut judge = judge(run.len() as u64, watched);
            let mut findings = Vec::new();
            // The second worker tells later than the first.
            for number in 0..run.len() + lag {
                if let Some([first, _]) = run.get(number) {
                    findings.extend(judge.hear(&second(0, number as u64, first)));
                }
                if let Some([_, later]) = number.checked_sub(lag).and_then(|number| run.get(number)) {
                    findings.extend(judge.hear(&second(1, (number - lag) as u64, later)));
                }
            }
            let windows = if run.len() < length { vec![&run[..]] } else { run.windows(length).collect() };
            let values: Vec<Option<f64>> =
                windows.iter().map(|window| exact(&window.concat().concat(), condition.aggregation)).collect();
            let fallen = values.iter().position(|value| value.is_some_and(|value| !condition.holds(value)));

            let result = result(&mut judge);
            prop_assert_eq!(result.passed, fallen.is_none() && values.iter().any(Option::is_some));
            let worst = values.iter().copied().flatten().reduce(f64::max);
            prop_assert_eq!(result.value, fallen.map_or(worst, |place| values[place]));
            let at = fallen.filter(|_| run.len() >= length).map(|place| Nanos::from_secs((place + length) as u64));
            prop_assert_eq!(findings.iter().map(|finding| finding.at).collect::<Vec<_>>(), Vec::from_iter(at));
        }
    }
}
