//! The shop as a client sees it: the real router on a loopback port, spoken to over a plain socket.

#![allow(clippy::unwrap_used, reason = "what fails in here fails the test")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Parser as _;
use drumfire_demo::Options;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A served shop; dropping it stops it.
struct Shop {
    address: SocketAddr,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let (stop, server) = self.running.take().unwrap();
        drop(stop);
        server.join().unwrap();
    }
}

/// An answer: status, head, and the body as JSON where it is JSON.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Shop {
    fn open(flags: &[&str]) -> Self {
        let options = Options::parse_from(["drumfire-demo", "--products=50"].iter().chain(flags));
        let runtime = drumfire_demo::runtime(Some(1)).unwrap();
        let listener = runtime.block_on(async { drumfire_demo::bind((Ipv4Addr::LOCALHOST, 0).into()) }).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = std::thread::spawn(move || {
            let router = runtime.block_on(drumfire_demo::router(&options)).unwrap();
            runtime.block_on(drumfire_demo::serve(listener, router, async { drop(stopped.await) })).unwrap();
        });
        Self { address, running: Some((stop, server)) }
    }

    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {length}\r\n");
        let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        write!(stream, "{head}{authorization}\r\n{body}").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: serde_json::from_str(body).unwrap_or_default(),
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "demo-enterprise", "")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "demo-enterprise", &body.to_string())
    }
}

#[test]
fn the_door_is_open_without_a_token_and_the_api_is_not() {
    let shop = Shop::open(&[]);
    for (path, status) in [("/", 200), ("/healthz", 200), ("/api/metrics", 200), ("/metrics", 200), ("/nowhere", 404)] {
        assert_eq!(shop.send("GET", path, "", "").status, status, "{path}");
    }
    for path in ["/api/products", "/api/products/search", "/api/nowhere"] {
        for token in ["", "demo-platinum"] {
            let answer = shop.send("GET", path, token, "");
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.body["error"].is_string());
            assert!(answer.head.contains("www-authenticate: bearer"));
        }
    }
}

#[test]
fn login_gives_the_token_of_the_tier() {
    let shop = Shop::open(&[]);
    let answer = shop.send("POST", "/api/login", "", r#"{"email": "pro-tier@example.com"}"#);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({ "token": "demo-professional", "tier": "professional" }));
    assert_eq!(shop.post("/api/login", &json!({ "email": "nobody@example.com" })).status, 401);
    assert_eq!(shop.send("POST", "/api/login", "", "{}").status, 400);
}

#[test]
fn every_refusal_is_json_with_an_error() {
    let shop = Shop::open(&[]);
    for (method, path, body, status) in [
        ("GET", "/nowhere", "", 404),
        ("GET", "/api/nowhere", "", 404),
        ("DELETE", "/", "", 405),
        ("DELETE", "/api/products", "", 405),
        ("GET", "/api/products?limit=101", "", 400),
        ("GET", "/api/products?page=x", "", 400),
        ("GET", "/api/products/search?min_price=NaN", "", 400),
        ("GET", "/api/products/product-51", "", 404),
        ("GET", "/api/products/%ff", "", 400),
        ("POST", "/api/login", "not json", 400),
        ("GET", "/api/orders/order-1", "", 404),
        ("GET", "/api/orders/1", "", 404),
        ("GET", "/api/reports/order-details?include=some", "", 400),
        ("POST", "/api/orders", r#"{"items": []}"#, 400),
        ("POST", "/api/orders", r#"{"items": [{"product_id": "product-1", "quantity": 0}]}"#, 400),
        ("POST", "/api/orders", r#"{"items": [{"product_id": "product-51", "quantity": 1}]}"#, 404),
        ("POST", "/api/inventory/adjustments", r#"{"adjustments": [{"product_id": "product-1"}]}"#, 400),
        (
            "POST",
            "/api/bulk/import",
            r#"{"products": [{"id": "", "name": "n", "category": "c", "price": 1, "stock": 1}]}"#,
            400,
        ),
    ] {
        let answer = shop.send(method, path, "demo-enterprise", body);
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.body["error"].is_string(), "{method} {path}");
    }
}

#[test]
fn products_are_listed_found_and_shown() {
    let shop = Shop::open(&[]);
    let page = shop.get("/api/products?page=3&limit=20").body;
    assert_eq!(page["total"], 51);
    assert_eq!(page["items"].as_array().unwrap().len(), 11);
    assert_eq!(page["items"][10]["id"], "flash-sale-product-001");

    let found = shop.get("/api/products/search?q=flash%20sale&category=toys&max_price=9.99").body;
    assert_eq!(found["items"], json!([page["items"][10]]));
    assert_eq!(shop.get("/api/products/flash-sale-product-001").body, page["items"][10]);
}

#[test]
fn the_flash_sale_sells_what_there_is_and_not_one_more() {
    let shop = Shop::open(&["--flash-sale-stock=3"]);
    let basket = json!({ "items": [{ "product_id": "flash-sale-product-001", "quantity": 1 }] });
    let statuses: Vec<_> = (0..5).map(|_| shop.post("/api/orders", &basket).status).collect();
    assert_eq!(statuses, [201, 201, 201, 409, 409]);
    assert_eq!(shop.get("/api/metrics").body["orders"], 3);
}

#[test]
fn an_order_has_an_id_and_a_total_and_can_be_looked_up() {
    let shop = Shop::open(&["--stock=10"]);
    let price = shop.get("/api/products/product-1").body["price"].as_f64().unwrap();
    let placed = shop.post("/api/orders", &json!({ "items": [{ "product_id": "product-1", "quantity": 4 }] }));
    assert_eq!(placed.status, 201);
    assert_eq!(placed.body["id"], "order-1");
    assert!((placed.body["total"].as_f64().unwrap() - 4.0 * price).abs() < 0.001);
    assert_eq!(shop.get("/api/orders/order-1").body, placed.body);
    assert_eq!(shop.get("/api/products/product-1").body["stock"], 6);
}

#[test]
fn adjustments_change_stock_all_or_nothing() {
    let shop = Shop::open(&["--stock=10"]);
    let adjust = |first: i64, second: i64| {
        let changes = [("product-1", first), ("product-2", second)];
        let changes = changes.map(|(id, delta)| json!({ "product_id": id, "delta": delta }));
        shop.post("/api/inventory/adjustments", &json!({ "adjustments": changes }))
    };
    let stock = |first, second| json!({ "adjusted": [{ "product_id": "product-1", "stock": first }, { "product_id": "product-2", "stock": second }] });
    assert_eq!(adjust(5, -10).body, stock(15, 0));
    assert_eq!(adjust(5, -1).status, 409);
    assert_eq!(adjust(0, 0).body, stock(15, 0));
}

#[test]
fn reports_follow_what_was_sold() {
    let shop = Shop::open(&["--stock=10", "--flash-sale-stock=0"]);
    assert_eq!(shop.get("/api/reports/inventory").body["total"]["units"], 500);
    let placed = shop.post("/api/orders", &json!({ "items": [{ "product_id": "product-1", "quantity": 10 }] })).body;
    let inventory = shop.get("/api/reports/inventory").body;
    assert_eq!([&inventory["total"]["units"], &inventory["total"]["out_of_stock"]], [490, 2]);

    let details = shop.get("/api/reports/order-details?include=all").body;
    assert_eq!(details["by_tier"]["enterprise"], json!({ "lines": 1, "units": 10, "revenue": placed["total"] }));
    assert_eq!(details["orders"][0]["items"][0]["product"], shop.get("/api/products/product-1").body);
    assert!(shop.get("/api/reports/order-details").body.get("orders").is_none());

    let category = details["by_category"].as_object().unwrap().keys().next().unwrap().clone();
    let summary = shop.get("/api/analytics/inventory-summary").body;
    assert_eq!(summary["by_category"][&category]["stock"]["min"], 0.0);
}

#[test]
fn imported_products_are_for_sale() {
    let shop = Shop::open(&[]);
    let lamp = json!({ "id": "lamp-9", "name": "Lamp", "category": "home", "price": 12.5, "stock": 2 });
    let import = json!({ "products": [lamp] });
    assert_eq!(shop.post("/api/bulk/import", &import).body, json!({ "created": 1, "updated": 0 }));
    assert_eq!(shop.post("/api/bulk/import", &import).body, json!({ "created": 0, "updated": 1 }));
    assert_eq!(shop.get("/api/products/lamp-9").body, lamp);
}

#[test]
fn a_body_beyond_the_bound_is_refused() {
    let shop = Shop::open(&[]);
    // One byte too many: it is read to its end before it is refused, so no unread rest resets the connection.
    let answer = shop.send("POST", "/api/bulk/import", "demo-enterprise", &" ".repeat(2 * 1024 * 1024 + 1));
    assert_eq!(answer.status, 413);
    assert!(answer.body["error"].is_string());
}

#[test]
fn a_burst_beyond_the_rate_limit_is_told_to_retry() {
    let shop = Shop::open(&[]);
    let refused = (0..).map(|_| shop.send("GET", "/api/products?limit=1", "demo-free", ""));
    let refused = refused.take(10_000).find(|answer| answer.status == 429).unwrap();
    assert!(refused.head.contains("retry-after: 1"));
    assert_eq!(refused.body["error"], "more than 20 requests per second in tier free");
}

#[test]
fn without_rate_limits_a_burst_is_served() {
    let shop = Shop::open(&["--no-rate-limits"]);
    assert!((0..100).all(|_| shop.send("GET", "/api/products?limit=1", "demo-free", "").status == 200));
}

#[test]
fn metrics_count_answers_by_status() {
    let shop = Shop::open(&[]);
    shop.get("/api/products");
    shop.get("/api/nowhere");
    let metrics = shop.get("/api/metrics").body;
    assert_eq!(metrics["requests"], json!({ "200": 1, "404": 1 }));
    assert!(metrics["process"]["memory_usage_mb"].as_f64().unwrap() > 0.0);
}

#[test]
fn routes_are_told_apart_and_what_no_route_matches_is_not() {
    let shop = Shop::open(&[]);
    for path in ["/api/products/product-1", "/api/products/product-2", "/nowhere/1", "/api/nowhere/2"] {
        shop.get(path);
    }
    let routes = shop.get("/api/metrics").body["routes"].clone();
    let counts: Vec<_> =
        routes.as_object().unwrap().iter().map(|(route, figures)| (&**route, figures["count"].as_u64())).collect();
    assert_eq!(counts, [("GET /api/products/{id}", Some(2)), ("GET other", Some(2))]);
}
