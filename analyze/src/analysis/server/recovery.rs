//! How long until the system under test copes again, after the load has changed.
//!
//! Within bounds is what is not much worse than before the change: see [`Bounds`]. The time counts from when the new load is
//! there in full; recovered it has when it is within bounds for a while, and not for one lucky moment.

use runlog::control::Control;
use runlog::units::Nanos;

use super::load::{Bin, Course};
use crate::analysis::{Analysis, Plateau, plateaus};
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The time after each change of load until response times and errors are back within bounds.
pub(super) struct Recovery;

/// A load is another one from that factor on.
const ANOTHER_LOAD: f64 = 1.5;
/// Response times may be so many times as long as before.
const SLOWER: f64 = 1.5;
/// So many more of all arrivals may fail.
const MORE_FAILED: f64 = 0.01;
/// Bins in a row that are within bounds.
const LASTING: usize = 5;
/// What the requirement gives auto-scaling.
const IN_TIME: Nanos = Nanos::from_secs(60);

impl Analysis for Recovery {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let changes = changes(run);
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut table =
            Table::new(&["", "load"], &["since", "p95 before", "p95 at most", "failed at most", "recovered after"]);
        for change in &changes {
            table.push(change.row());
        }
        let findings = changes.iter().map(Change::finding).collect();
        Ok(vec![Section::new("Recovery", vec![Part::Findings(findings), Part::Table(table)])])
    }
}

/// What counts as well again.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    p95_ns: f64,
    failed: f64,
}

impl Bounds {
    fn than(before: Bin) -> Option<Self> {
        Some(Self { p95_ns: before.p95_ns? as f64 * SLOWER, failed: before.failed + MORE_FAILED })
    }

    /// A bin in which nothing was answered is within them where nothing was asked.
    fn has(self, bin: &Bin) -> bool {
        bin.failed <= self.failed && bin.p95_ns.map_or(bin.rate == 0.0, |p95_ns| p95_ns as f64 <= self.p95_ns)
    }
}

/// A change of load, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    /// What it is held against: the last plateau of no more load than that after the change, or the one before it.
    before: Bin,
    from: f64,
    after: Plateau,
    slowest_ns: Option<u64>,
    most_failed: f64,
    /// How long after the load was there in full; nothing where it never was within bounds for long enough.
    recovered: Option<Nanos>,
}

fn changes(run: &Run) -> Vec<Change> {
    let plateaus = plateaus(&run.log.manifest, &Control::course(&run.log.events));
    let pairs = plateaus.windows(2).enumerate();
    let is_another = |pair: &[Plateau]| {
        let ratio = pair[1].target / pair[0].target;
        ratio >= ANOTHER_LOAD || ratio <= ANOTHER_LOAD.recip()
    };
    let changed: Vec<_> = pairs.filter(|(_, pair)| is_another(pair)).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let course = Course::of(run);
    let bins = course.bins();
    changed.into_iter().filter_map(|(place, pair)| change(&course, &bins, &plateaus[..=place], pair[1])).collect()
}

fn change(course: &Course, bins: &[Bin], earlier: &[Plateau], after: Plateau) -> Option<Change> {
    let last = earlier.last()?;
    // After a spike, what was before it is what should be again.
    let like_it = earlier.iter().rev().find(|plateau| plateau.target <= after.target * 1.01);
    let held_against = like_it.unwrap_or(last);
    let before = course.between(held_against.from, held_against.to);
    let bounds = Bounds::than(before)?;
    let within: Vec<&Bin> = bins.iter().filter(|bin| after.from <= bin.from && bin.to <= after.to).collect();
    let lasting = LASTING.min(within.len().max(1));
    let well = within.windows(lasting).find(|stretch| stretch.iter().all(|bin| bounds.has(bin)));
    Some(Change {
        before,
        from: last.target,
        after,
        slowest_ns: within.iter().filter_map(|bin| bin.p95_ns).max(),
        most_failed: within.iter().map(|bin| bin.failed).fold(0.0, f64::max),
        recovered: well.and_then(|stretch| stretch.first()).map(|bin| bin.from.since(after.from)),
    })
}

impl Change {
    fn is_in_time(&self) -> bool {
        self.recovered.is_some_and(|after| after <= IN_TIME)
    }

    fn load(&self) -> String {
        format!("{} → {}", self.from, self.after.target)
    }

    fn row(&self) -> Vec<Value> {
        let time = |ns: Option<u64>| Value::from(ns.map(|ns| Value::Time(Nanos(ns))));
        vec![
            Value::Passed(self.is_in_time()),
            self.load().into(),
            self.after.from.into(),
            time(self.before.p95_ns),
            time(self.slowest_ns),
            Value::Share(self.most_failed),
            self.recovered.map_or_else(|| "not".into(), Value::Time),
        ]
    }

    fn finding(&self) -> Finding {
        let level = if self.is_in_time() { Level::Good } else { Level::Bad };
        let finding = Finding::new(level, "load ").and(self.load()).and(" at ").and(self.after.from).and(": ");
        match self.recovered {
            Some(Nanos::ZERO) => finding.and("response times and errors stayed within bounds"),
            Some(after) => finding.and("back within bounds after ").and(after),
            None => finding
                .and("not back within bounds in the ")
                .and(self.after.to.since(self.after.from))
                .and(" that it lasted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, answered, findings};

    /// What is said of a spike from the 20th to the 40th second, where answers take so many milliseconds by the second.
    fn said(took_ms: impl Fn(u64) -> u64) -> Vec<(Level, String)> {
        let stages = vec![(0, 50.0), (20, 50.0), (20, 200.0), (40, 200.0), (40, 50.0), (60, 50.0)];
        let mut rows = Vec::new();
        for tenth in 0..600_u64 {
            let at = Nanos::from_millis(100 * tenth);
            let each = if (200..400).contains(&tenth) { 20 } else { 5 };
            let took = Nanos::from_millis(took_ms(tenth / 10));
            rows.extend((0..each).map(|place| answered(at.after(Nanos::from_millis(place)), 0, took, 200)));
        }
        let made_up = MadeUp { scenarios: vec![("spike", "free", stages)], rows, probes: Vec::new() };
        findings(&made_up.sections(&Recovery))
    }

    #[test]
    fn the_time_until_answers_are_as_fast_as_before_is_found() {
        // Slow for seven seconds of the spike, and for three after it.
        let found = said(|second| if (20..27).contains(&second) || (40..43).contains(&second) { 90 } else { 10 });
        let expected = [
            (Level::Good, "load 50 → 200 at 20.0 s: back within bounds after 7.20 s".to_owned()),
            (Level::Good, "load 200 → 50 at 40.0 s: back within bounds after 3.20 s".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_stays_within_bounds_and_what_never_comes_back_are_told_apart() {
        let found = said(|second| if second >= 40 { 90 } else { 10 });
        assert_eq!(found[0].0, Level::Good, "{found:?}");
        assert!(found[0].1.ends_with("stayed within bounds"), "{found:?}");
        assert_eq!(found[1].0, Level::Bad, "{found:?}");
        assert!(found[1].1.contains("not back within bounds in the 20.0 s"), "{found:?}");
    }

    #[test]
    fn a_load_without_changes_has_no_section() {
        assert_eq!(MadeUp::default().sections(&Recovery), []);
    }
}
