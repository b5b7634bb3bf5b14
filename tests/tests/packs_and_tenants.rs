//! The packs whose subject is who may do what: limits, tiers, and what one tenant's load does to another.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::ops::Range;
use std::time::Duration;

use drumfire_tests::pack::Stage;
use drumfire_tests::run::{Row, count};
use drumfire_tests::sections::{Sections, TableRow};
use drumfire_tests::shop::refused_of_fifty_more;
use serde_json::Value;

const TIERS: [(&str, usize); 4] = [("free", 20), ("starter", 200), ("professional", 2000), ("enterprise", 10_000)];

/// A busy machine is not always done with a burst within a second. Then the shop is right to let more pass, and the file is right to
/// fail; which bursts were in time, the rows say.
#[test]
fn rate_limits_are_kept_to_the_request() {
    let stage = Stage::open_with(&[]);
    // Remembered from here on: the burst is to be over within its second.
    assert_eq!(stage.shop.get("/api/products/product-1").status, 200);
    let played = stage.rehearsal("rate-limit", "run").finish();
    let rows = played.run.complete_rows();
    let table = Sections::of_server(&played.run).rows("Rate limits");

    let mut exact = true;
    for (tier, limit) in TIERS {
        let attempts: Vec<&Row> = rows.iter().filter(|row| row.scenario == tier && row.request == "attempt").collect();
        assert_eq!(attempts.len(), limit + 50, "{tier}");
        let first = attempts.iter().filter_map(|row| row.sent_ns()).min().expect("they were sent");
        let last = attempts.iter().filter_map(|row| row.ended_ns()).max().expect("they were sent");
        let statuses = count(attempts.iter().map(|row| row.status));
        let refused = statuses.get(&429).copied().unwrap_or(0);
        assert_eq!(statuses.get(&200).copied().unwrap_or(0) + refused, limit + 50, "{tier}: {statuses:?}");
        let took = Duration::from_nanos(last - first);
        assert!(refused_of_fifty_more(limit, took).contains(&refused), "{tier}: {refused} refused in {took:?}");
        exact &= refused == 50;
        // The notes that are taken of refusals, on which no limit is, do not count.
        let said = table.iter().find(|row| row["scenario"] == tier).map(|row| (&row["answered"], &row["refused"]));
        assert_eq!(said.is_some(), refused > 0, "{tier}: {table:?}");
        if let Some(said) = said {
            assert_eq!(said, (&Value::from(limit + 50), &Value::from(refused)), "{tier}: {table:?}");
        }
    }
    if played.ended.code != Some(3) {
        played.ended.assert_code(if exact { 0 } else { 99 });
    }
    assert_eq!(played.has_failed_thresholds(), !exact, "{}", played.ended.account());
}

#[test]
fn each_tier_gets_what_it_pays_for_one_after_the_other() {
    let stage = Stage::open_with(&[]);
    let played = stage.rehearsal("tiers", "run").scaled(0.01, 0.05).finish();
    let rows = played.assert_well(&["orders_create", "products_list", "products_search"]);
    let mut before = 0;
    for (tier, rate) in TIERS {
        let sent: Vec<u64> = rows.iter().filter(|row| row.scenario == tier).map(|row| row.scheduled_ns).collect();
        // A twentieth of the rate for a hundredth of two minutes.
        let expected = rate as f64 * 0.05 * 1.2;
        assert!((sent.len() as f64 - expected).abs() <= 1.0, "{tier}: {} of {expected}", sent.len());
        let (first, last) = (sent.iter().min().expect("it sends"), sent.iter().max().expect("it sends"));
        assert!(before <= *first, "{tier} begins when the one before it has ended");
        before = *last;
    }
}

/// Three kinds of customers at once. Queries keep a connection busy for 200 ms; the connections are enough for free and starter
/// customers, and not for the professional ones as well.
struct Together {
    rows: Vec<Row>,
    sections: Sections,
    /// When the professional ones begin to come, and when all of them are there.
    come: Range<u64>,
}

impl Together {
    fn played(limits: &[&str]) -> Self {
        let slow = ["products=200ms", "search=200ms", "place_order=200ms", "inventory=200ms"];
        let slow: Vec<&str> = slow.iter().flat_map(|query| ["--slow-query", query]).collect();
        let shop = ["--pool-size", "24", "--pool-timeout", "30s", "--cache-size", "0"];
        let stage = Stage::open_with(&[&shop[..], &slow, limits].concat());
        // All connections are open before anybody comes.
        stage.hit("/api/products/product-1", "demo-enterprise", 24).assert_ran();
        let played = stage.rehearsal("multi-tenant", "run").var("THINK", "50ms..150ms").scaled(0.02, 0.1).finish();
        let rows = played.run.complete_rows();
        let tiers = count(rows.iter().map(|row| row.scenario.as_str()));
        assert!(tiers["free"] < tiers["starter"] && tiers["starter"] < tiers["professional"], "{tiers:?}");
        let scenarios = played.run.manifest()["scenarios"].clone();
        let professional = scenarios.as_array().into_iter().flatten().find(|one| one["name"] == "professional");
        let stages = &professional.expect("it takes part")["stages"];
        let end = |stage: usize| stages[stage]["at_ns"].as_u64().expect("a stage has an end");
        // The first is that in which none of them is there.
        Self { rows, sections: Sections::of_server(&played.run), come: end(0)..end(1) }
    }

    /// How long the starter customers waited, of what was scheduled then, the shortest first.
    fn starter_waited(&self, scheduled: Range<u64>) -> Vec<u64> {
        let within = self.rows.iter().filter(|row| row.scenario == "starter" && scheduled.contains(&row.scheduled_ns));
        let mut waited: Vec<u64> = within.filter_map(|row| Some(row.lag_ns? + row.duration_ns?)).collect();
        waited.sort_unstable();
        waited
    }

    /// When one of so many professional ones is there.
    fn few_until(&self, one_of: u64) -> u64 {
        self.come.start + (self.come.end - self.come.start) / one_of
    }

    /// How many times as long they waited in the median when all professional ones were there as when few were: what a stall of the
    /// machine does to a few answers does not move that.
    fn growth(&self) -> f64 {
        let median = |scheduled| {
            let waited = self.starter_waited(scheduled);
            waited[waited.len() / 2] as f64
        };
        median(self.come.end..u64::MAX) / median(0..self.few_until(5))
    }

    /// Whether the machine left them alone while few professional ones were there, but for the first moment, in which all come.
    fn begins_in_peace(&self) -> bool {
        let few = self.come.start / 2..self.few_until(3);
        let longest = self.starter_waited(few).last().copied();
        let p95_ns = self.compared().and_then(|row| row["p95 while it is low"].as_u64());
        [longest, p95_ns].into_iter().all(|waited_ns| waited_ns.is_some_and(|waited_ns| waited_ns < 300_000_000))
    }

    /// How the analysis compares them with themselves, by the load of the professional ones.
    fn compared(&self) -> Option<TableRow> {
        let compared = |row: &TableRow| row["load of"] == "professional" && row["felt by"] == "starter";
        self.sections.rows("Isolation").into_iter().find(compared)
    }

    /// What the analysis says the load of the professional ones does to the starter ones, if anything.
    fn found(&self) -> Option<String> {
        let found = self.sections.found("Isolation", "bad");
        found.into_iter().find(|text| text.starts_with("the load of professional slows down starter: p95 +"))
    }
}

#[test]
fn one_kind_of_customers_slows_down_another_and_limits_keep_them_apart() {
    let without = Together::played(&["--no-rate-limits"]);
    let limits = ["--rate-limit", "professional=10", "--rate-limit", "free=1000", "--rate-limit", "starter=1000"];
    let with = Together::played(&limits);
    for (played, limited) in [(&without, &[][..]), (&with, &["professional"])] {
        let refused = count(played.rows.iter().filter(|row| row.status == 429).map(|row| row.scenario.as_str()));
        assert_eq!(refused.into_keys().collect::<Vec<_>>(), limited);
    }
    let professional = || with.rows.iter().filter(|row| row.scenario == "professional");
    let first = professional().filter_map(Row::sent_ns).min().expect("they come");
    let last = professional().filter_map(Row::ended_ns).max().expect("they come");
    let seconds = (last - first) as usize / 1_000_000_000 + 1;
    let served = professional().filter(|row| row.status != 429).count();
    assert!(served <= 10 * seconds, "{served} of ten a second in {seconds} seconds");

    let growths = (without.growth(), with.growth());
    assert!(growths.0 > 1.2 && growths.1 < growths.0, "limits keep them apart: {growths:?}");
    // A few answers that the machine holds up leave it open whose load it was: then it is found another time.
    let is_found = |played: &Together| !played.begins_in_peace() || played.found().is_some();
    let again = || is_found(&Together::played(&["--no-rate-limits"]));
    assert!(is_found(&without) || again() || again(), "{:?}", without.compared());
    // What they do to those that come later is found as well, and nothing that is not in the figures.
    let change = with.compared().and_then(|row| row["change"].as_f64());
    assert!(with.found().is_none() || change > Some(0.1), "{:?}", with.found());
}
