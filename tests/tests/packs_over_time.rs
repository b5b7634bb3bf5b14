//! The packs whose subject takes time: memory that leaks, a spike that has to be got over, what became slower since the last time.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::pack::{JOURNEYS, Played, Stage, since_start};
use drumfire_tests::patience::eventually;
use drumfire_tests::program::{Finished, analyze};
use drumfire_tests::run::{Row, count};
use drumfire_tests::sections::Sections;
use serde_json::{Value, json};

/// What is found of the shop's memory while it is read for seven seconds; that of the whole machine is its own affair.
fn memory(stage: &Stage, run: &str) -> Vec<(&'static str, String)> {
    let played = stage.rehearsal("memory-leak", run).scaled(0.004, 0.3).finish();
    let rows = played.assert_well(&["metrics", "products_list"]);
    let requests = count(rows.iter().map(|row| row.request.as_str()));
    assert!(requests["products_list"] >= 10 * requests["metrics"], "ten pages before each look: {requests:?}");
    let server = Sections::of_server(&played.run);
    let found = ["good", "note", "warning", "bad"]
        .into_iter()
        .flat_map(|level| server.found("Memory", level).into_iter().map(move |text| (level, text)).collect::<Vec<_>>());
    found.filter(|(_, text)| text.starts_with("app.memory_usage_mb")).collect()
}

#[test]
fn a_leak_is_found_when_it_is_switched_on_and_not_before() {
    let stage = Stage::open(&[]);
    let before = memory(&stage, "before");
    assert!(matches!(before[..], [("good" | "note", _)]), "{before:?}");
    assert!(!before[0].1.contains("too few"), "{before:?}");

    assert_eq!(stage.shop.post("/api/admin/leak", &json!({ "per_request": "50kB" })).status, 200);
    let leaking = memory(&stage, "leaking");
    assert!(matches!(leaking[..], [("bad", _)]), "{leaking:?}");
    assert!(leaking[0].1.starts_with("app.memory_usage_mb grows without end: "), "{leaking:?}");
}

/// Queries take 100 ms, so that a machine that has other things to do makes little difference, and 2 s from just before the spike is
/// over until some time after it.
#[test]
fn the_time_it_takes_to_get_over_a_spike_is_found() {
    let slow = ["products=100ms", "search=100ms", "place_order=100ms", "inventory=100ms"];
    let slow: Vec<&str> = slow.iter().flat_map(|query| ["--slow-query", query]).collect();
    let stage = Stage::open(&[&["--pool-size", "100", "--cache-size", "0"][..], &slow].concat());
    stage.hit("/api/products/product-1", "demo-enterprise", 100).assert_ran();
    let slow_down = |delay: &str| {
        for query in ["products", "search"] {
            let wanted = json!({ "query": query, "delay": delay });
            assert_eq!(stage.shop.post("/api/admin/slow-query", &wanted).status, 200);
        }
    };
    let (running, run) = stage.rehearsal("spike", "run").var("THINK", "200ms..300ms").scaled(0.04, 0.05).start();
    // The spike is over after 4 min 30 s, of which this is a rehearsal.
    let over_ns = 10_800_000_000;
    eventually("the spike is almost over", || (since_start(&run)? > over_ns - 200_000_000).then_some(()));
    slow_down("2s");
    let slow_since_ns = since_start(&run).expect("it runs").max(over_ns);
    eventually("some time after it", || (since_start(&run)? > slow_since_ns + 1_500_000_000).then_some(()));
    slow_down("100ms");
    let let_go_ns = since_start(&run).expect("it runs");
    let played = Played { ended: running.finish(), run };
    let rows = played.assert_well(JOURNEYS);

    let table = Sections::of_server(&played.run).rows("Recovery");
    let changes: Vec<&Value> = table.iter().map(|row| &row["load"]).collect();
    assert_eq!(changes, ["5 → 100", "100 → 5"]);
    let number = |name: &str| table[1][name].as_u64();
    let since_ns = number("since").unwrap_or_else(|| panic!("{table:#?}"));
    let before_ns = number("p95 before").unwrap_or_else(|| panic!("{table:#?}"));
    // What the rows say: the last that was held up, longer than by any machine, and the last that took longer than is within bounds.
    let last = |least_ns: u64| {
        let response_ns = |row: &Row| row.ended_ns().map(|ended_ns| ended_ns - row.scheduled_ns);
        let slow = rows.iter().filter(|row| row.scheduled_ns >= since_ns && response_ns(row) >= Some(least_ns));
        slow.map(|row| row.scheduled_ns).max().unwrap_or(since_ns)
    };
    let (held_up, beyond) = (last(1_500_000_000.max(before_ns * 3 / 2)), last(before_ns * 3 / 2));
    assert!(held_up > since_ns && held_up < let_go_ns, "{held_up} lies between {since_ns} and {let_go_ns}");
    // An answer counts where it was scheduled, in stretches of so many tenths of a second that most have 40 arrivals.
    let last_ns = rows.iter().map(|row| row.scheduled_ns).max().unwrap_or_default();
    let in_a_tenth = (rows.len() as u64 * 100_000_000 / last_ns).max(1);
    let stretch_ns = (1 + 40_u64.div_ceil(in_a_tenth)) * 100_000_000;
    let Some(after_ns) = number("recovered after") else {
        // Where the machine held up an answer near the end, nobody can say that the shop got over it.
        let until_ns =
            played.run.manifest()["scenarios"][0]["stages"][5]["at_ns"].as_u64().expect("a stage has an end");
        assert!(beyond + 7 * stretch_ns > until_ns, "all was well from {beyond} until {until_ns}: {table:#?}");
        return;
    };
    let recovered_ns = since_ns + after_ns;
    assert!(recovered_ns + stretch_ns > held_up, "recovered at {recovered_ns}, but {held_up} was held up");
    assert!(
        recovered_ns <= beyond + stretch_ns,
        "recovered at {recovered_ns}, and {beyond} was the last beyond bounds"
    );
}

fn gate(stage: &Stage, run: &str) -> Finished {
    // Four times as slow passes: a machine with other things to do is not what is looked for.
    let baseline = stage.path("shop.toml");
    let gate = analyze().arg("gate").arg(stage.path(run)).arg("--baseline").arg(baseline);
    gate.args(["--max-regression", "300%"]).finish()
}

/// All that is compared takes half a second, so that what a busy machine adds is little beside it.
#[test]
fn a_shop_that_became_slower_does_not_get_through_the_gate() {
    let slow = ["products", "search", "place_order", "inventory", "inventory_summary", "order_details"];
    let slow = slow.map(|query| format!("{query}=500ms"));
    let slow: Vec<&str> = slow.iter().flat_map(|query| ["--slow-query", query]).collect();
    let stage = Stage::open(&[&["--pool-size", "80", "--cache-size", "0"][..], &slow].concat());
    stage.hit("/api/products/product-1", "demo-enterprise", 80).assert_ran();
    let play = |run: &str| {
        let played = stage.rehearsal("regression", run).scaled(0.04, 1.0).finish();
        played.assert_well(&[JOURNEYS, &["inventory_summary", "order_details"]].concat());
    };
    ["one", "two", "same"].into_iter().for_each(play);
    let runs = ["one", "two"].map(|run| stage.path(run));
    analyze().arg("baseline").args(runs).arg("-o").arg(stage.path("shop.toml")).finish().assert_code(0);
    let same = gate(&stage, "same");
    assert_ne!(same.code, Some(99), "{}", same.account());
    same.assert_ran();

    // So much slower that it is beyond the noise of any machine.
    let slower = json!({ "query": "search", "delay": "4s" });
    assert_eq!(stage.shop.post("/api/admin/slow-query", &slower).status, 200);
    play("slower");
    let slower = gate(&stage, "slower");
    if slower.code != Some(3) {
        slower.assert_code(99);
    }
    assert!(slower.stdout.contains("products_search"), "{}", slower.account());
}
