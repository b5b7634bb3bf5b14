//! Does the load of one tenant move what another one feels?
//!
//! Where the load of one kind of tenant goes up and down, the times of every other kind are compared between the windows in
//! which it is high and those in which it is low, as `diff` compares two runs.

use std::collections::BTreeSet;

use runlog::metric::Metric;
use runlog::tally::Cells;
use runlog::units::{Nanos, Percentile};

use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};
use crate::statistics::bootstrap::{Resampled, Resampling};
use crate::statistics::comparison::{Comparison, Criteria, Verdict, compare};
use crate::statistics::statistic::Statistic;
use crate::statistics::windows::{Window, Windows};

/// One tenant's load against another's times.
pub(super) struct Isolation;

/// What tells tenants apart, the first that is there.
const TAGS: [&str; 3] = ["tenant", "tier", "customer"];
/// Above that share of its highest load a tenant's load is high, and below the other one low.
const HIGH: f64 = 0.7;
const LOW: f64 = 0.3;
/// What is left out at the beginning: all come at once, to a server that is cold.
const SETTLING: f64 = 0.05;
/// So many windows there have to be of each.
const LEAST: usize = 8;
/// Windows are put together until there are no more than so many.
const MOST_WINDOWS: usize = 300;
/// A tenant whose own load is so much higher at the same time tells nothing of the other's.
const OWN_LOAD: f64 = 1.25;
/// Times may differ by that share.
const TOLERANCE: f64 = 0.1;
const P95: Statistic = Statistic::Percentile(Percentile::P95);

impl Analysis for Isolation {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let tenants = tenants(run);
        if tenants.len() < 2 {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["load of", "felt by"], &["p95 while it is low", "while it is high", "change"]);
        let mut findings = Vec::new();
        for mover in &tenants {
            for felt in tenants.iter().filter(|tenant| tenant.name != mover.name) {
                let Some(found) = Phases::of(mover, felt).and_then(|phases| phases.compared(felt)) else { continue };
                table.push(row(mover, felt, &found));
                findings.extend(finding(mover, felt, &found));
            }
        }
        if table.rows.is_empty() {
            let note = "no tenant's load went up and down while another's stayed: nothing is known of what they do to each other";
            return Ok(vec![Section::new("Isolation", vec![Part::Findings(vec![Finding::new(Level::Note, note)])])]);
        }
        if findings.is_empty() {
            findings.push(Finding::new(Level::Good, "no tenant's load slows down another's requests"));
        }
        Ok(vec![Section::new("Isolation", vec![Part::Findings(findings), Part::Table(table)])])
    }
}

/// A kind of tenant, and how its requests went.
struct Tenant {
    name: String,
    width: Nanos,
    windows: Vec<Window>,
}

/// The kinds of tenants of a run, by the tag that tells them apart.
fn tenants(run: &Run) -> Vec<Tenant> {
    let manifest = &run.log.manifest;
    let names = |tag: &str| manifest.scenarios.iter().filter_map(|s| s.tags.get(tag)).collect::<BTreeSet<_>>();
    let Some(tag) = TAGS.into_iter().find(|tag| names(tag).len() > 1) else { return Vec::new() };
    let cells = Cells::new(manifest.requests.len());
    let of_each = run.windows.len().div_ceil(MOST_WINDOWS).max(1);
    let tenant = |name: &String| {
        let places = manifest.scenarios.iter().enumerate().filter(|(_, scenario)| scenario.tags.get(tag) == Some(name));
        let places =
            places.flat_map(|(scenario, _)| (0..cells.requests).map(move |request| cells.of(scenario, request)));
        let mine: BTreeSet<usize> = places.collect();
        let all = run.windows.together(|cell| mine.contains(&cell));
        let windows = all.chunks(of_each).map(|chunk| Window::together(chunk, Metric::ResponseTime));
        Tenant { name: name.clone(), width: Nanos(run.windows.width.0 * of_each as u64), windows: windows.collect() }
    };
    names(tag).into_iter().map(tenant).collect()
}

/// The windows in which a tenant's load is low, and those in which it is high, while another one is there to feel it.
struct Phases {
    low: Vec<usize>,
    high: Vec<usize>,
}

impl Phases {
    /// Nothing where it does not vary enough. What it does while it is alone does not count: virtual users who share a slow
    /// server send less than they do when they have it for themselves.
    fn of(mover: &Tenant, felt: &Tenant) -> Option<Self> {
        let together = mover.windows.iter().zip(&felt.windows).enumerate().filter(|(_, (_, felt))| felt.arrivals > 0);
        let mut loads: Vec<(usize, u64)> = together.map(|(place, (mover, _))| (place, mover.arrivals)).collect();
        loads.drain(..(loads.len() as f64 * SETTLING).ceil() as usize);
        // One crowded window is no high load.
        let mut sorted: Vec<u64> = loads.iter().map(|(_, load)| *load).collect();
        sorted.sort_unstable();
        let highest = *sorted.get(sorted.len().saturating_sub(1 + sorted.len() / 20))? as f64;
        let places = |is_wanted: &dyn Fn(f64) -> bool| {
            let wanted = loads.iter().filter(|(_, load)| is_wanted(*load as f64));
            wanted.map(|(place, _)| *place).collect::<Vec<_>>()
        };
        let (low, high) = (places(&|load| load < LOW * highest), places(&|load| load > HIGH * highest));
        (low.len() >= LEAST && high.len() >= LEAST).then_some(Self { low, high })
    }

    /// The times of another tenant, low against high. Nothing where it had much more load of its own in the high ones.
    fn compared(&self, felt: &Tenant) -> Option<Comparison> {
        let side = |places: &[usize]| {
            let windows = places.iter().filter_map(|place| felt.windows.get(*place)).cloned().collect();
            Windows { width: felt.width, windows }
        };
        let (low, high) = (side(&self.low), side(&self.high));
        let load = |side: &Windows| {
            side.windows.iter().map(|window| window.arrivals).sum::<u64>() as f64 / side.windows.len().max(1) as f64
        };
        if load(&high) > OWN_LOAD * load(&low) {
            return None;
        }
        let resampled = |side: Windows| Resampled::new(&[side], &[P95], Resampling::default());
        let criteria = Criteria { confidence: 0.99, tolerance: TOLERANCE };
        compare(&resampled(low), &resampled(high), criteria).pop()
    }
}

fn row(mover: &Tenant, felt: &Tenant, found: &Comparison) -> Vec<Value> {
    let time = |ns: Option<f64>| Value::from(ns.map(|ns| Value::Time(Nanos(ns as u64))));
    vec![
        mover.name.clone().into(),
        felt.name.clone().into(),
        time(found.base),
        time(found.run),
        Value::from(found.difference.map(Value::Change)),
    ]
}

fn finding(mover: &Tenant, felt: &Tenant, found: &Comparison) -> Option<Finding> {
    let (interval, change) = (found.interval?, found.difference?);
    let finding =
        Finding::new(Level::Bad, "the load of ").and(mover.name.clone()).and(" slows down ").and(felt.name.clone());
    let finding = finding.and(": p95 ").and(Value::Change(change)).and(" while it is high (");
    let finding = finding.and(Value::Change(interval.low)).and(" to ").and(Value::Change(interval.high)).and(")");
    (found.verdict == Verdict::Worse).then_some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, answered, findings};
    use crate::statistics::chance::Chance;

    /// A free tier of steady load beside a professional one that comes after half a minute, and what is said of them; the free
    /// tier's answers take so many microseconds by the second.
    fn said(took_us: impl Fn(u64) -> f64) -> Vec<(Level, String)> {
        let mut chance = Chance::new(3);
        let mut rows = Vec::new();
        for tenth in 0..600_u64 {
            let at = Nanos::from_millis(100 * tenth);
            for place in 0..8 {
                let took = took_us(tenth / 10) * (1.0 + 0.2 * chance.fraction());
                rows.push(answered(at.after(Nanos::from_millis(place)), 0, Nanos((took * 1e3) as u64), 200));
            }
            let professional = if tenth >= 300 { 30 } else { 1 };
            rows.extend((0..professional).map(|_| answered(at, 1, Nanos::from_millis(1), 200)));
        }
        let scenarios = vec![("a", "free", Vec::new()), ("b", "professional", Vec::new())];
        findings(&MadeUp { scenarios, rows, probes: Vec::new() }.sections(&Isolation))
    }

    #[test]
    fn a_tenant_that_slows_down_another_is_named() {
        let found = said(|second| if second >= 30 { 3_000.0 } else { 1_000.0 });
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, Level::Bad);
        assert!(found[0].1.starts_with("the load of professional slows down free: p95 +"), "{found:?}");
    }

    #[test]
    fn tenants_that_do_not_feel_each_other_are_isolated() {
        let found = said(|_| 1_000.0);
        assert_eq!(found, [(Level::Good, "no tenant's load slows down another's requests".to_owned())]);
    }

    #[test]
    fn the_crowd_at_the_beginning_is_left_out() {
        let found = said(|second| match second {
            0..3 => 9_000.0,
            3..30 => 1_000.0,
            _ => 3_000.0,
        });
        assert!(found[0].1.starts_with("the load of professional slows down free: p95 +"), "{found:?}");
    }

    /// Virtual users wait for their answers: while both are there they send half of what one of them does afterwards, alone.
    #[test]
    fn what_a_tenant_does_alone_is_no_measure_of_its_load_on_others() {
        let mut chance = Chance::new(3);
        let mut rows = Vec::new();
        for tenth in 0..600_u64 {
            let at = Nanos::from_millis(100 * tenth);
            let (professional, free_us) = match tenth {
                0..100 => (1, Some(1_000.0)),
                100..300 => (10, Some(3_000.0)),
                _ => (20, None),
            };
            rows.extend((0..professional).map(|_| answered(at, 1, Nanos::from_millis(1), 200)));
            let took = |us: f64, chance: &mut Chance| Nanos((us * 1e3 * (1.0 + 0.2 * chance.fraction())) as u64);
            rows.extend(
                free_us.into_iter().flat_map(|us| [us; 8]).map(|us| answered(at, 0, took(us, &mut chance), 200)),
            );
        }
        let scenarios = vec![("a", "free", Vec::new()), ("b", "professional", Vec::new())];
        let found = findings(&MadeUp { scenarios, rows, probes: Vec::new() }.sections(&Isolation));
        assert!(
            found.iter().any(|(_, text)| text.starts_with("the load of professional slows down free")),
            "{found:?}"
        );
    }
}
