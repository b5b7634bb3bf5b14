//! The packs whose subject is the database: what is sold once, how many connections there are, which queries are slow, what the
//! cache saves.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::ops::Range;

use drumfire_tests::pack::{Played, Stage, since_start};
use drumfire_tests::patience::eventually;
use drumfire_tests::run::{Row, count};
use drumfire_tests::sampled::{Sample, books, samples, values};
use drumfire_tests::sections::Sections;
use serde_json::{Value, json};

/// The stock of what is on sale, each time it changes; and the constraint that stands behind the shop is gone, so that the shop
/// alone keeps it from falling below zero.
const WATCH_STOCK: &str = "
    ALTER TABLE products DROP CONSTRAINT stock_never_below_zero;
    CREATE TABLE seen (stock bigint);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO seen VALUES (NEW.stock); RETURN NEW; END';
    CREATE TRIGGER see AFTER UPDATE ON products FOR EACH ROW
        WHEN (NEW.id = 'flash-sale-product-001') EXECUTE FUNCTION see()";

#[test]
fn a_flash_sale_sells_as_many_as_there_are_and_refuses_the_rest() {
    let stage = Stage::open(&["--flash-sale-stock", "100"]);
    stage.database.ask(WATCH_STOCK);
    let played = stage.rehearsal("flash-sale", "run").scaled(0.025, 0.5).finish();
    let rows = played.assert_well(&["orders_flash_sale", "products_list", "sold"]);
    let wanted: Vec<&Row> = rows.iter().filter(|row| row.request == "orders_flash_sale").collect();
    let listed = rows.iter().filter(|row| row.request == "products_list").count();
    let share = wanted.len() as f64 / (wanted.len() + listed) as f64;
    assert!((0.85..0.95).contains(&share), "nine of ten want the same: {share}");
    let statuses = count(wanted.iter().map(|row| row.status));
    assert_eq!(statuses, BTreeMap::from([(201, 100), (409, wanted.len() - 100)]));

    assert_eq!(stage.database.ask("SELECT min(stock), max(stock), count(*) FROM seen"), "0|99|100", "at any time");
    let sold =
        "SELECT sum(quantity) FROM order_items JOIN products ON number = product WHERE id = 'flash-sale-product-001'";
    assert_eq!(stage.database.ask(sold), "100");
    assert_eq!(stage.database.ask("SELECT stock FROM products WHERE id = 'flash-sale-product-001'"), "0");
}

/// What came of readers whose query keeps a connection busy for 300 ms, which is long for any machine: two of them at first, and then twenty.
struct Readers {
    sampled: Vec<Sample>,
    server: Sections,
    /// How many times as long answers take in the median when all readers are there as when few are.
    slowdown: f64,
}

impl Readers {
    fn of_a_pool_of(size: &str) -> Self {
        let slow = ["--slow-query", "inventory_summary=300ms", "--products", "200"];
        let stage = Stage::open(&[&["--pool-size", size][..], &slow].concat());
        let played = stage.rehearsal("connection-pool", "run").scaled(0.025, 0.2).finish();
        let rows = played.assert_well(&["aggregation"]);
        let stages = played.run.manifest()["scenarios"][0]["stages"].clone();
        let end = |stage: usize| stages[stage]["at_ns"].as_u64().expect("a stage has an end");
        let slowdown = median(&rows, end(2)..end(3)) / median(&rows, end(0)..end(1));
        Self { sampled: samples(&played.run), server: Sections::of_server(&played.run), slowdown }
    }

    fn highest(&self, probe: &str, metric: &str) -> f64 {
        values(&self.sampled, probe, metric).into_iter().fold(0.0, f64::max)
    }

    /// The share of looks at which that many waited for a connection, or more.
    fn waiting(&self, least: f64) -> f64 {
        let waiting = values(&self.sampled, "database", "pool_waiting");
        waiting.iter().filter(|waiting| **waiting >= least).count() as f64 / waiting.len() as f64
    }
}

/// How long answers took, in the median, of what was scheduled then.
fn median(rows: &[Row], scheduled: Range<u64>) -> f64 {
    let within = rows.iter().filter(|row| scheduled.contains(&row.scheduled_ns));
    let mut took: Vec<u64> = within.filter_map(|row| row.duration_ns).collect();
    took.sort_unstable();
    took[took.len() / 2] as f64
}

#[test]
fn a_pool_that_is_too_small_is_seen_in_the_probe_and_in_what_people_wait() {
    let small = Readers::of_a_pool_of("4");
    assert_eq!((small.highest("database", "pool_active"), small.highest("database", "pool_size")), (4.0, 4.0));
    assert!(small.waiting(8.0) > 0.2, "many wait, most of the time that all are there: {}", small.waiting(8.0));
    let wait = small.highest("database", "pool_wait_seconds");
    assert!(wait > 0.3, "for longer than a query takes: {wait}");
    assert!(small.highest("postgres", "connections") >= 4.0, "the database counts the same, and those of the probes");
    let found = small.server.found("Database", "bad");
    assert!(found.iter().any(|text| text.starts_with("database: the pool of connections is used up")), "{found:?}");

    let large = Readers::of_a_pool_of("40");
    // One that is being opened is waited for, too.
    let (few, many) = (large.waiting(8.0), small.waiting(8.0));
    assert!(few < many, "of a large pool fewer wait: {few} and {many}");
    let active = large.highest("database", "pool_active");
    assert!((5.0..40.0).contains(&active), "{active}");
    let found = large.server.found("Database", "good");
    assert!(
        found.iter().any(|text| text.starts_with("database: of 40 connections of the pool are in use")),
        "{found:?}"
    );
    assert!(small.slowdown > large.slowdown, "{} and {}", small.slowdown, large.slowdown);
}

#[test]
fn four_kinds_of_work_for_the_database_and_the_one_that_became_slow_comes_first() {
    let stage = Stage::open(&[]);
    let (running, run) = stage.rehearsal("database", "run").scaled(0.04, 0.2).start();
    // In the middle of it the join becomes slow, by more than a busy machine makes of anything.
    eventually("almost half of its twelve seconds", || (since_start(&run)? > 5_000_000_000).then_some(()));
    let slow = json!({ "query": "order_details", "delay": "1s" });
    assert_eq!(stage.shop.post("/api/admin/slow-query", &slow).status, 200);
    let played = Played { ended: running.finish(), run };

    let rows = played.assert_well(&["aggregation", "bulk_write", "join", "simple_query"]);
    let bulk = rows.iter().find(|row| row.request == "bulk_write").expect("there is one of each kind");
    assert!(bulk.bytes_sent > 100 * r#"{"product_id":"product-1","delta":1}"#.len() as u64, "a hundred adjustments");
    let noted: usize = stage.database.ask("SELECT count(*) FROM stock_adjustments").parse().expect("a count");
    assert_eq!(noted, 100 * rows.iter().filter(|row| row.request == "bulk_write").count());

    let server = Sections::of_server(&played.run);
    let slow = server.found("Database", "bad");
    assert!(slow.iter().any(|text| text.starts_with("database.complex_join_seconds is at")), "{slow:?}");
    let grown: Vec<String> =
        server.rows("Database").iter().map(|row| row["what"].as_str().expect("a name").to_owned()).collect();
    // As the shop sees it, and as the database does: it is made to wait there. Nothing else has grown by so much.
    assert!(grown[..2].contains(&"database.complex_join_seconds".to_owned()), "{grown:?}");
    assert!(grown[..2].iter().any(|name| name.starts_with("statements.mean_ms (query=SELECT pg_sleep")), "{grown:?}");
    for probe in ["postgres", "locks", "statements", "database", "cache"] {
        assert_eq!(books(&played.run, probe)["failures"], 0, "{}", books(&played.run, probe));
    }
}

#[test]
fn the_hit_rate_is_that_of_the_shops_own_counters() {
    let stage = Stage::open(&["--cache-ttl", "1h"]);
    let before = stage.shop.get("/api/metrics").json()["cache"].clone();
    assert_eq!((&before["hits"], &before["misses"]), (&json!(0), &json!(0)));
    let played = stage.rehearsal("regression", "run").scaled(0.04, 2.0).finish();
    let rows = played.assert_well(&[
        "inventory_summary",
        "order_details",
        "orders_create",
        "products_list",
        "products_search",
        "reports_generate",
    ]);
    // Lists and searches go through the cache, and nothing else that is asked for here.
    let reads = rows.iter().filter(|row| row.request.starts_with("products_")).count() as u64;
    let cache = stage.shop.get("/api/metrics").json()["cache"].clone();
    let (hits, misses) = (cache["hits"].as_u64().expect("a count"), cache["misses"].as_u64().expect("a count"));
    assert_eq!(hits + misses, reads, "{cache}");
    assert!(hits > 0 && misses > 0, "{cache}");
    let table = Sections::of_server(&played.run).rows("Cache");
    let rate = table.iter().find(|row| row["metric"] == "cache.hit_rate").unwrap_or_else(|| panic!("{table:?}"));
    let sampled = samples(&played.run);
    assert_is_mean(rate, &values(&sampled, "cache", "hit_rate"));

    // The last look was at a time when some of the reads had been answered, and others not yet been sent.
    let mut looks = sampled.iter().filter(|sample| sample.probe == "cache" && sample.metric == "hit_rate").rev();
    let last = looks.next().expect("there are samples");
    let before_ns = looks.next().map_or(0, |sample| sample.time_ns);
    let is_read = |row: &&Row| row.request.starts_with("products_");
    let answered = rows.iter().filter(is_read).filter(|row| row.ended_ns() <= Some(before_ns)).count().max(1) as f64;
    let (lowest, highest) = (1.0 - misses as f64 / answered, hits as f64 / answered);
    assert!((lowest..=highest).contains(&last.value), "{last:?} is not from {lowest} to {highest}: {cache}");
}

#[track_caller]
fn assert_is_mean(row: &BTreeMap<String, Value>, sampled: &[f64]) {
    let mean = sampled.iter().sum::<f64>() / sampled.len() as f64;
    assert!((row["mean"].as_f64().expect("a share") - mean).abs() < 1e-9, "{row:?}");
    assert_eq!(row["samples"], sampled.len());
}
