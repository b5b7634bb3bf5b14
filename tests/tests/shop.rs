//! The demo shop on PostgreSQL: the same answers as in memory, and what a database adds.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::thread;
use std::time::Duration;

use drumfire_tests::patience::eventually;
use drumfire_tests::postgres::{Database, PASSWORD};
use drumfire_tests::program::{Finished, demo};
use drumfire_tests::shop::{Answer, Shop, refused_of_fifty_more};
use serde_json::{Value, json};

/// Few goods, so that a test soon has its shop; no cache, so that every answer is the database's.
const SMALL: [&str; 6] = ["--products", "200", "--flash-sale-stock", "5", "--cache-size", "0"];

/// One of many requests of which both stores are asked the same, in the same order.
fn requests() -> Vec<(&'static str, String, Value)> {
    let get = |path: &str| ("GET", path.to_owned(), Value::Null);
    let post = |path: &str, body: Value| ("POST", path.to_owned(), body);
    let order = |items: &[(&str, u32)]| {
        let items: Vec<_> = items.iter().map(|(id, n)| json!({ "product_id": id, "quantity": n })).collect();
        post("/api/orders", json!({ "items": items }))
    };
    let adjust = |changes: &[(&str, i64)]| {
        let changes: Vec<_> = changes.iter().map(|(id, delta)| json!({ "product_id": id, "delta": delta })).collect();
        post("/api/inventory/adjustments", json!({ "adjustments": changes }))
    };
    let import = |products: &[(&str, &str, &str, f64, u32)]| {
        let product = |&(id, name, category, price, stock): &(&str, &str, &str, f64, u32)| json!({ "id": id, "name": name, "category": category, "price": price, "stock": stock });
        post("/api/bulk/import", json!({ "products": products.iter().map(product).collect::<Vec<_>>() }))
    };
    let flash = "flash-sale-product-001";
    vec![
        get("/api/products"),
        get("/api/products?page=3&limit=7"),
        get("/api/products?page=3&limit=100"),
        get("/api/products?page=4294967295&limit=100"),
        get("/api/products?page=0"),
        get("/api/products/product-17"),
        get("/api/products/product-0"),
        get("/api/products/%00"),
        get("/api/products/search?q=QUIET"),
        get("/api/products/search?q=%25"),
        get("/api/products/search?q=_"),
        get("/api/products/search?q=%5C"),
        get("/api/products/search?q=%00"),
        get("/api/products/search?q=&category=Toys&limit=3&page=2"),
        get("/api/products/search?min_price=19.99&max_price=99&limit=100"),
        get("/api/products/search?q=k&category=home&min_price=1&max_price=400"),
        get("/api/reports/order-details?include=all"),
        order(&[("product-1", 2), ("product-2", 1)]),
        order(&[("product-2", 3), (flash, 2), ("product-2", 1)]),
        order(&[(flash, 4), ("product-3", 1)]),
        order(&[("product-3", 1), ("nothing", 1)]),
        order(&[(flash, 1), ("product-200", 4_294_967_295), ("product-5", 4_294_967_295)]),
        order(&[("pro\0duct", 1)]),
        order(&[(flash, 3)]),
        order(&[(flash, 1)]),
        get("/api/orders/order-1"),
        get("/api/orders/order-3"),
        get("/api/orders/order-4"),
        get("/api/orders/order-99999999999999999999"),
        get("/api/orders/1"),
        adjust(&[("product-9", 5), ("product-8", -1), ("product-9", 2)]),
        adjust(&[("product-9", 1), ("product-8", -1_000_000)]),
        adjust(&[("product-9", i64::MIN), ("product-9", i64::MIN)]),
        adjust(&[("product-9", i64::MAX)]),
        adjust(&[("nowhere", 1), ("elsewhere", 1)]),
        import(&[("lamp", "Lamp 100%", "home", 12.5, 2), ("product-4", "New_Name", "ÄPFEL", 0.01, 0)]),
        import(&[
            ("vase", "Vase", "home", 3.0, 1),
            ("lamp", "Lamp", "home", 11.0, 3),
            ("vase", "Väse", "home", 4.0, 9),
        ]),
        import(&[("nul", "a\0b", "home", 1.0, 1)]),
        get("/api/products/search?q=100%25"),
        get("/api/products/search?q=v%C3%84se"),
        get("/api/products/search?q=new_name&category=%C3%84pfel"),
        get("/api/products/search?category=%C3%A4pfel"),
        get("/api/products?page=3&limit=99"),
        get("/api/reports/inventory"),
        get("/api/analytics/inventory-summary"),
        get("/api/reports/order-details"),
        get("/api/reports/order-details?include=all"),
    ]
}

#[test]
fn both_stores_give_the_same_answers() {
    let database = Database::create();
    let on_postgres = Shop::on(&database, &SMALL);
    let in_memory = Shop::open_with(&[&["--no-rate-limits"], &SMALL[..4]].concat());
    let mut statuses = Vec::new();
    for (number, (method, path, body)) in requests().into_iter().enumerate() {
        // Every tier takes its turn.
        let token = ["demo-free", "demo-starter", "demo-professional", "demo-enterprise"][number % 4];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answers = [&in_memory, &on_postgres].map(|shop| shop.send(method, &path, token, &body));
        assert_eq!(answers[0], answers[1], "{method} {path} {body}");
        statuses.push(answers[0].status);
    }
    for status in [200, 201, 400, 404, 409] {
        assert!(statuses.contains(&status), "{status} is not among {statuses:?}");
    }
}

#[test]
fn a_crowd_buys_what_there_is_and_the_database_never_has_less_than_nothing() {
    let database = Database::create();
    let shop = Shop::on(&database, &["--products", "20", "--stock", "1000", "--flash-sale-stock", "30"]);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let buy = |buyer: usize| {
            let shop = &shop;
            // Several products in differing orders: whoever locked them as they come would wait for each other for ever.
            let others = if buyer.is_multiple_of(2) { ["product-1", "product-2"] } else { ["product-2", "product-1"] };
            let items = [others[0], "flash-sale-product-001", others[1]];
            let items = items.map(|id| json!({ "product_id": id, "quantity": 1 }));
            move || (0..10).map(|_| shop.post("/api/orders", &json!({ "items": items })).status).collect::<Vec<_>>()
        };
        let buyers: Vec<_> = (0..8).map(|buyer| scope.spawn(buy(buyer))).collect();
        buyers.into_iter().flat_map(|buyer| buyer.join().expect("no buyer panics")).collect()
    });
    let count = |wanted| statuses.iter().filter(|&&status| status == wanted).count();
    assert_eq!((count(201), count(409)), (30, 50), "{statuses:?}");
    assert_eq!(database.ask("SELECT stock FROM products WHERE id = 'flash-sale-product-001'"), "0");
    assert_eq!(database.ask("SELECT count(*), min(number), max(number) FROM orders"), "30|1|30");
    let sold = "SELECT sum(quantity) FROM order_items JOIN products ON number = product WHERE id = 'product-1'";
    assert_eq!(database.ask(sold), "30");
    assert_eq!(database.ask("SELECT stock FROM products WHERE id = 'product-1'"), "970");
}

#[test]
fn the_constraint_stands_behind_the_shop() {
    let database = Database::create();
    drop(Shop::on(&database, &SMALL));
    let refused = "DO $$ BEGIN UPDATE products SET stock = stock - 6 WHERE id = 'flash-sale-product-001';
        RAISE 'sold what is not there'; EXCEPTION WHEN check_violation THEN NULL; END $$";
    database.ask(refused);
    assert_eq!(database.ask("SELECT stock FROM products WHERE id = 'flash-sale-product-001'"), "5");
}

#[test]
fn a_pool_without_a_free_connection_answers_503_and_is_seen_to_do_so() {
    let database = Database::create();
    let arguments = ["--pool-size", "1", "--pool-timeout", "2s", "--slow-query", "product=6s"];
    let shop = Shop::on(&database, &[&SMALL[..], &arguments].concat());
    // Opens the connection, which takes its time.
    assert_eq!(shop.get("/api/products").status, 200);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let ask = || shop.get("/api/products/product-1");
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        eventually("a request waits for the connection", || {
            let pool = shop.get("/api/metrics").json()["pool"].clone();
            (pool["active"] == 1 && pool["waiting"].as_u64() > Some(0)).then_some(())
        });
        askers.into_iter().map(|asker| asker.join().expect("no asker panics")).collect()
    });
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503, 503, 503]);
    let refused = answers.iter().find(|answer| answer.status == 503).expect("three were refused");
    assert_eq!(refused.json()["error"], "none of the 1 connections to the database became free within 2s");

    let pool = shop.get("/api/metrics").json()["pool"].clone();
    let told = ["max_size", "size", "active", "idle", "waiting", "timeouts"].map(|figure| pool[figure].as_u64());
    assert_eq!(told, [1, 1, 0, 1, 0, 3].map(Some), "{pool}");
    assert_eq!(pool["wait"]["count"], 5);
    let text = shop.get("/metrics").text;
    for line in
        ["shop_pool_timeouts_total 3", "shop_pool_connections{state=\"idle\"} 1", "shop_pool_wait_seconds_count 5"]
    {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
}

#[test]
fn the_cache_answers_what_was_read_and_forgets_what_was_bought() {
    let database = Database::create();
    let shop = Shop::on(&database, &["--products", "20", "--stock", "10", "--cache-ttl", "1h"]);
    let stock = || shop.get("/api/products/product-1").json()["stock"].clone();
    assert_eq!((stock(), stock(), stock()), (json!(10), json!(10), json!(10)));
    let order = json!({ "items": [{ "product_id": "product-1", "quantity": 4 }] });
    assert_eq!(shop.post("/api/orders", &order).status, 201);
    assert_eq!(stock(), 6);
    let page = shop.get("/api/products?limit=3");
    assert_eq!(shop.get("/api/products?limit=3"), page);
    assert_eq!(shop.get("/api/products/search?limit=3"), page, "a search for nothing is the list");

    let cache = shop.get("/api/metrics").json()["cache"].clone();
    assert_eq!([&cache["hits"], &cache["misses"], &cache["entries"]], [4, 3, 2], "{cache}");
    assert!((cache["hit_rate"].as_f64().expect("a rate") - 4.0 / 7.0).abs() < 1e-9, "{cache}");
    assert!(cache["get_latency_p95_ms"].is_f64() && cache["set_latency_p95_ms"].is_f64(), "{cache}");
    let text = shop.get("/metrics").text;
    assert!(text.contains("\nshop_cache_hits_total 4\n") && text.contains("\nshop_cache_misses_total 3\n"), "{text}");
}

#[test]
fn several_processes_share_a_database() {
    let database = Database::create();
    let shops: Vec<Shop> = thread::scope(|scope| {
        let open: Vec<_> = (0..3).map(|_| scope.spawn(|| Shop::on(&database, &SMALL))).collect();
        open.into_iter().map(|shop| shop.join().expect("no shop panics")).collect()
    });
    assert_eq!(database.ask("SELECT count(*) FROM products"), "201", "one of them has made the goods");
    let order = json!({ "items": [{ "product_id": "product-1", "quantity": 1 }] });
    let ids: Vec<Value> = shops.iter().map(|shop| shop.post("/api/orders", &order).json()["id"].clone()).collect();
    assert_eq!(ids, ["order-1", "order-2", "order-3"]);
    assert_eq!(shops[0].get("/api/orders/order-3").status, 200);
    assert_eq!(shops[0].get("/api/metrics").json()["orders"], 1, "each counts its own");
}

#[test]
fn faults_are_switched_while_the_shop_runs() {
    let database = Database::create();
    let on_postgres = Shop::on(&database, &SMALL);
    for shop in [&on_postgres, &Shop::open()] {
        let leaked = || shop.get("/api/metrics").json()["leaked_bytes"].as_u64();
        let resident = || shop.get("/api/metrics").json()["process"]["memory_usage_mb"].as_f64().expect("it is told");
        assert_eq!(leaked(), Some(0));
        let before = resident();
        assert_eq!(shop.post("/api/admin/leak", &json!({ "per_request": "2MB" })).status, 200);
        (0..5).for_each(|_| drop(shop.get("/api/products/product-1")));
        assert_eq!(shop.post("/api/admin/leak", &json!({ "per_request": "0B" })).status, 200);
        drop(shop.get("/api/products/product-1"));
        assert_eq!(leaked(), Some(10_000_000));
        let after = resident();
        assert!(after - before > 9.0, "from {before} to {after}");

        let slow = json!({ "query": "inventory", "delay": "300ms" });
        assert_eq!(shop.post("/api/admin/slow-query", &slow).status, 200);
        assert_eq!(shop.get("/api/reports/inventory").status, 200);
        let route = shop.get("/api/metrics").json()["routes"]["GET /api/reports/inventory"].clone();
        assert!(route["mean_ms"].as_f64() > Some(300.0), "{route}");
        assert_eq!(shop.post("/api/admin/slow-query", &json!({ "query": "nothing", "delay": "1s" })).status, 400);
    }
    let queries = on_postgres.get("/api/metrics").json()["queries"].clone();
    assert!(queries["inventory"]["mean_ms"].as_f64() > Some(300.0), "{queries}");
    let seen = "SELECT calls FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
        WHERE datname = current_database() AND query = 'SELECT pg_sleep($1)'";
    assert_eq!(database.ask(seen), "1", "it is slow in the database");
}

#[test]
fn faults_need_the_token_where_there_is_one() {
    let leak = |shop: &Shop, token| shop.send("POST", "/api/admin/leak", token, r#"{"per_request": "0B"}"#).status;
    let guarded = Shop::open_with(&["--products", "10", "--admin-token", "let-me"]);
    assert_eq!([leak(&guarded, "let-me"), leak(&guarded, "demo-enterprise"), leak(&guarded, "")], [200, 401, 401]);
}

#[test]
fn a_burst_of_the_limit_and_fifty_has_exactly_fifty_refused() {
    let database = Database::create();
    let shop = Shop::open_with(&["--products", "10", "--database", &database.url()]);
    let seconds_up = || shop.get("/api/metrics").json()["process"]["uptime_s"].as_f64().expect("it has been up");
    for (token, limit) in [("demo-free", 20), ("demo-starter", 200)] {
        let burst = || {
            let started = seconds_up();
            let send = |_: &usize| shop.send("GET", "/api/products?limit=1", token, "").status == 429;
            let refused = (0..limit + 50).filter(send).count();
            let ended = seconds_up();
            eventually("the second of the burst is over", || (seconds_up() > ended + 1.0).then_some(()));
            let took = Duration::from_secs_f64(ended - started);
            assert!(refused_of_fifty_more(limit, took).contains(&refused), "{token}: {refused} refused in {took:?}");
            took.as_secs() == 0
        };
        // A machine that is too busy to send it within a second learns less, and need not go on for ever.
        let _ = (0..5).any(|_| burst());
    }
}

#[test]
fn a_seeded_database_is_the_same_for_the_same_seed_and_adds_up() {
    let arguments = ["--products", "300", "--orders", "5000", "--tenants", "100", "--seed", "7"];
    let databases = [Database::create(), Database::create()];
    for database in &databases {
        seed(database, &arguments).assert_code(0).assert_says("orders: 5000 of 5000");
    }
    for table in ["tenants", "catalogue", "products", "orders", "order_items"] {
        let sum = format!("SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} AS t");
        assert_eq!(databases[0].ask(&sum), databases[1].ask(&sum), "{table}");
    }
    let [database, other] = &databases;
    let totals = "SELECT count(*) FROM orders WHERE total_cents <>
        (SELECT sum(quantity * price_cents) FROM order_items WHERE order_number = number)";
    assert_eq!(database.ask(totals), "0", "a total is the sum of its lines");
    let best = "SELECT product FROM order_items GROUP BY product ORDER BY count(*) DESC LIMIT 1";
    assert_eq!(database.ask(best), "1", "the first product sells best");
    assert_eq!(database.ask("SELECT count(DISTINCT tier) FROM tenants JOIN orders ON tenant = id"), "4");

    let shop = Shop::on(database, &[]);
    assert_eq!(shop.get("/api/products").json()["total"], 301);
    let order = json!({ "items": [{ "product_id": "product-1", "quantity": 1 }] });
    assert_eq!(shop.post("/api/orders", &order).json()["id"], "order-5001");

    seed(other, &arguments).assert_code(2).assert_says("--replace");
    // As a seeding leaves it that is stopped on its way.
    other.ask("DELETE FROM catalogue");
    demo().args(["--database", &other.url()]).finish().assert_code(2).assert_says("has not come to its end");
    seed(other, &["--products", "10", "--orders", "0", "--replace"]).assert_code(0);
    assert_eq!(other.ask("SELECT products FROM catalogue"), "11");
}

fn seed(database: &Database, arguments: &[&str]) -> Finished {
    demo().args(["seed", "--database", &database.url()]).args(arguments).finish()
}

#[test]
fn a_database_that_is_not_there_is_one_message_without_the_password() {
    let database = Database::create();
    let gone = database.url().replace("test_", "gone_");
    let misspelt = database.url().replace("postgres:", "postgrse:");
    for (url, code, part) in [(gone, 1, "does not exist"), (misspelt, 2, "expected postgres://")] {
        let said = demo().args(["--database", &url]).finish();
        said.assert_code(code).assert_says(part);
        assert!(said.stderr.lines().count() == 1 && !said.stderr.contains(PASSWORD), "{}", said.stderr);
    }
}

#[test]
fn the_password_is_seen_nowhere() {
    let database = Database::create();
    let mut shop = Shop::on(&database, &SMALL);
    let told = [shop.get("/metrics").text, shop.get("/api/metrics").text, shop.said()].concat();
    assert!(!told.contains(PASSWORD), "{told}");
}
