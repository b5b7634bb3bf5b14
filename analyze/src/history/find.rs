//! Histories → changes that are believed.
//!
//! Every figure of every request is a test of its own, and a nightly job looks again each night: at a significance of 0.01 for
//! each, fifty series without any change would show one in two histories of five. So what is controlled is the share of false
//! ones among all that is found (Benjamini, Hochberg), which in a history without a change is the chance of finding anything.

use super::{ChangeOfSeries, Direction, History, Looked, Series, Trend, Verdict};
use crate::baseline::Measure;
use crate::statistics::change::{Change, Detection, changes, p_value};
use crate::statistics::distribution::quantile;
use crate::statistics::multiplicity::believed;

/// The share of false ones that is accepted among the series in which changes are found.
pub const FALSE_DISCOVERIES: f64 = 0.01;
/// More permutations than these take too long; with fewer than this, p-values are coarse.
const PERMUTATIONS: (usize, usize) = (999, 19_999);

/// What is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// In which figures.
    pub figures: Vec<Measure>,
    /// How many runs there must be on either side of a change, at least 2.
    pub shortest: usize,
    /// How large a change has to be, as a share of the figure before. What was 0 may change by anything.
    pub min_change: f64,
}

impl Sought {
    /// How many of the last runs are news. A change can be seen from `shortest` runs on, one that shows in few figures some
    /// runs later: this leaves as many again, and one.
    pub const fn news(&self) -> usize {
        2 * self.shortest + 1
    }

    /// Whether values are far enough apart for a change that counts. It is asked before anything is tested, and whatever the
    /// order of the values: so it takes nothing from the tests that are left.
    fn is_possible_in(&self, values: &[f64]) -> bool {
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest > smallest && largest - smallest >= self.min_change * smallest
    }

    /// Whether the latest runs have what a change brought. What came and went within a few runs is one change at first: where
    /// it went takes some more runs to be seen.
    fn is_still_so(&self, change: &Change, values: &[f64]) -> bool {
        let mut latest = values[values.len().saturating_sub(self.shortest)..].to_vec();
        latest.sort_unstable_by(f64::total_cmp);
        let middle = quantile(&latest, 0.5).unwrap_or(change.after);
        (middle - change.after).abs() < (middle - change.before).abs()
    }

    fn is_large_enough(&self, change: &Change) -> bool {
        let has_moved = (change.after - change.before).abs() > 0.0;
        has_moved && change.relative.is_none_or(|relative| relative.abs() >= self.min_change)
    }
}

impl Trend {
    /// Looks for changes in a history.
    pub fn of(history: History, sought: &Sought) -> Self {
        let series = Series::of_all(&history.runs, &sought.figures);
        let known: Vec<(&Series, Vec<usize>, Vec<f64>)> = series
            .iter()
            .map(|series| (series, series.known()))
            .filter(|(_, (_, values))| values.len() >= 2 * sought.shortest)
            .map(|(series, (runs, values))| (series, runs, values))
            .collect();
        let tests: Vec<_> = known.iter().filter(|(_, _, values)| sought.is_possible_in(values)).collect();
        let values: Vec<&[f64]> = tests.iter().map(|(_, _, values)| values.as_slice()).collect();
        let (p_values, detection) = tested(&values, sought.shortest);
        let believed_p_value = believed(&p_values, FALSE_DISCOVERIES);
        let detection = Detection { significance: believed_p_value, ..detection };

        let mut found = Vec::new();
        let mut small_changes = 0;
        for ((series, runs, values), _) in tests.iter().zip(&p_values).filter(|&(_, &p)| p <= believed_p_value) {
            let (large, small): (Vec<Change>, Vec<Change>) =
                changes(values, detection).into_iter().partition(|change| sought.is_large_enough(change));
            small_changes += small.len();
            let last = large.last().map(|change| change.first);
            found.extend(large.into_iter().map(|change| {
                let first_run = runs[change.first];
                let is_late = last == Some(change.first) && first_run + sought.news() >= history.runs.len();
                let is_news = is_late && sought.is_still_so(&change, values);
                of_series(series, &history, first_run, is_news, change)
            }));
        }
        // Stable: those of one run stay in the order of their series.
        found.sort_by_key(|change: &ChangeOfSeries| change.first_run);
        let looked = Looked {
            shortest: sought.shortest,
            min_change: sought.min_change,
            series: known.len(),
            tests: tests.len(),
            false_discoveries: FALSE_DISCOVERIES,
            believed_p_value,
            permutations: detection.permutations,
            small_changes,
        };
        let verdict = match (known.is_empty(), found.is_empty()) {
            (true, _) => Verdict::NotEnoughData,
            (false, true) => Verdict::Unchanged,
            (false, false) => Verdict::Changed,
        };
        Self {
            verdict,
            scenario: history.scenario,
            looked,
            changes: found,
            exact: history.runs.iter().all(|(_, measured)| measured.exact),
            runs: history.runs.into_iter().map(|(run, _)| run).collect(),
            left_out: history.left_out,
            series,
        }
    }
}

/// A p-value for each series, and how they were tested: few permutations tell what may have changed, and of that more tell the
/// p-value. 1/(permutations + 1) is the smallest that can be told, and what is believed of k candidates may be as small as k
/// times the share over all tests: it takes some times as many.
fn tested(series: &[&[f64]], shortest: usize) -> (Vec<f64>, Detection) {
    let (fewest, most) = PERMUTATIONS;
    let quick = Detection { shortest, significance: FALSE_DISCOVERIES, permutations: fewest, ..Detection::default() };
    let mut p_values: Vec<f64> = series.iter().map(|values| p_value(values, quick)).collect();
    let is_candidate = |p: f64| p <= FALSE_DISCOVERIES;
    let candidates = p_values.iter().filter(|&&p| is_candidate(p)).count().max(1);
    let needed = (5.0 * series.len() as f64 / (FALSE_DISCOVERIES * candidates as f64)).ceil() as usize;
    let thorough = Detection { permutations: needed.clamp(fewest, most), ..quick };
    for (p, values) in p_values.iter_mut().zip(series).filter(|(p, _)| is_candidate(**p)) {
        *p = p_value(values, thorough);
    }
    (p_values, thorough)
}

fn of_series(series: &Series, history: &History, first_run: usize, is_news: bool, change: Change) -> ChangeOfSeries {
    let is_better = (change.after > change.before) == series.figure.is_better_when_higher();
    ChangeOfSeries {
        subject: series.subject.clone(),
        figure: series.figure,
        unit: series.unit,
        first_run,
        run: history.runs[first_run].0.clone(),
        before: change.before,
        after: change.after,
        change: change.relative,
        p_value: change.p_value,
        direction: if is_better { Direction::Better } else { Direction::Worse },
        is_news,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::baseline::measured::{Measured, MeasuredGroup, MeasuredRun};
    use crate::history::{RunOfHistory, ScenarioOfHistory};
    use crate::statistics::chance::Chance;

    /// A history whose requests have these medians in each run; all together have none.
    fn history(requests: &[Vec<f64>]) -> History {
        let group = |request: &str, values: &[f64]| {
            let figure = |&value: &f64| Measured { measure: Measure::P50, value, interval: None, samples: 100 };
            let figures = values.iter().filter(|value| value.is_finite()).map(figure).collect();
            MeasuredGroup { request: request.to_owned(), arrivals: 100, answered: 100, figures }
        };
        let run = |place: usize| {
            let requests = requests.iter().enumerate();
            let groups = requests.map(|(name, values)| group(&name.to_string(), &values[place..=place]));
            let measured = MeasuredRun {
                name: place.to_string(),
                scenario: "load".to_owned(),
                started_unix_ns: place as u64,
                exact: true,
                requests: groups.collect(),
                total: group("total", &[]),
                probes: Vec::new(),
            };
            let (directory, tags) = (place.to_string(), BTreeMap::new());
            (RunOfHistory { directory, started_unix_ns: place as u64, host: String::new(), tags }, measured)
        };
        let scenario = ScenarioOfHistory { name: "load".to_owned(), sha256: String::new() };
        let runs = (0..requests.first().map_or(0, Vec::len)).map(run).collect();
        History { scenario, runs, left_out: Vec::new() }
    }

    fn trend(requests: &[Vec<f64>]) -> Trend {
        let sought = Sought { figures: vec![Measure::P50], shortest: 3, min_change: 0.01 };
        Trend::of(history(requests), &sought)
    }

    /// So many runs around each level, with the noise of a few percent that runs have.
    fn runs(levels: &[(usize, f64)], chance: &mut Chance) -> Vec<f64> {
        let levels = levels.iter().flat_map(|&(count, level)| std::iter::repeat_n(level, count));
        levels.map(|level| level * (1.0 + 0.06 * (chance.fraction() - 0.5))).collect()
    }

    fn quiet(requests: usize, count: usize, chance: &mut Chance) -> Vec<Vec<f64>> {
        (0..requests).map(|_| runs(&[(count, 1e6)], chance)).collect()
    }

    fn beginnings(trend: &Trend) -> Vec<(String, usize)> {
        trend.changes.iter().map(|change| (change.subject.name(), change.first_run)).collect()
    }

    #[test]
    fn a_step_in_one_of_many_is_found_where_it_is() {
        let mut chance = Chance::new(1);
        let mut requests = quiet(20, 24, &mut chance);
        requests[7] = runs(&[(14, 1e6), (10, 1.2e6)], &mut chance);
        let trend = trend(&requests);
        assert_eq!(beginnings(&trend), [("7".to_owned(), 14)]);
        let change = &trend.changes[0];
        assert!((change.change.expect("a base") - 0.2).abs() < 0.03, "{change:?}");
        assert_eq!((change.direction, change.is_news), (Direction::Worse, false), "it is ten runs old");
        assert_eq!((trend.looked.series, trend.looked.permutations), (20, 10_000));
    }

    /// What a nightly job lives by: it cries wolf in no more than one of a hundred histories, however many figures there are.
    #[test]
    fn histories_of_noise_raise_no_more_alarms_than_said() {
        let mut chance = Chance::new(2);
        let histories = 100;
        let alarms = (0..histories).filter(|_| !trend(&quiet(12, 12, &mut chance)).changes.is_empty()).count();
        assert!(alarms <= 4, "{alarms} of {histories}: more than four would be chance once in three hundred times");
    }

    #[test]
    fn what_got_worse_is_news_for_a_week_and_not_where_it_got_better_again() {
        let mut chance = Chance::new(3);
        for (levels, is_bad_news) in [
            (&[(23, 1e6), (7, 1.5e6)][..], true),
            (&[(22, 1e6), (8, 1.5e6)], false),
            (&[(23, 1e6), (4, 1.5e6), (3, 1e6)], false),
            (&[(20, 1e6), (6, 1.5e6), (6, 1e6)], false),
            (&[(23, 1.5e6), (7, 1e6)], false),
        ] {
            let trend = trend(&[runs(levels, &mut chance)]);
            assert!(!trend.changes.is_empty(), "{levels:?}");
            assert_eq!(trend.has_bad_news(), is_bad_news, "{levels:?}");
        }
    }

    #[test]
    fn runs_without_the_figure_are_passed_over_and_the_right_run_is_named() {
        let mut values = runs(&[(15, 1e6), (15, 1.5e6)], &mut Chance::new(4));
        for gap in [2, 3, 11, 20] {
            values[gap] = f64::NAN;
        }
        let trend = trend(&[values]);
        assert_eq!(beginnings(&trend), [("0".to_owned(), 15)]);
        assert_eq!(trend.series[0].values.iter().filter(|value| value.is_none()).count(), 4);
    }

    #[test]
    fn what_is_too_small_to_matter_is_neither_tested_nor_shown() {
        let step = |by: f64| (0..24).map(|run| if run < 12 { 1e6 } else { 1e6 * by } + f64::from(run % 3)).collect();
        let small = trend(&[step(1.005)]);
        assert_eq!((small.looked.tests, small.verdict), (0, Verdict::Unchanged));
        let mut with_an_outlier: Vec<f64> = step(1.005);
        with_an_outlier[5] = 1.1e6;
        let small = trend(&[with_an_outlier]);
        assert_eq!((small.looked.tests, small.looked.small_changes, small.verdict), (1, 1, Verdict::Unchanged));
    }

    #[test]
    fn fewer_runs_than_twice_the_shortest_are_too_few() {
        let mut chance = Chance::new(5);
        let trend = trend(&quiet(2, 5, &mut chance));
        assert_eq!((trend.verdict, trend.looked.series), (Verdict::NotEnoughData, 0));
        assert!(trend.changes.is_empty());
    }
}
