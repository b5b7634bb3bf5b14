//! tmp
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::print_stdout)]
use engine::plan::{choice::*, schedule::*, *};
use runlog::units::Nanos;
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let port: u16 = a[1].parse().unwrap();
    let conns: u32 = a[2].parse().unwrap();
    let rate: f64 = a[3].parse().unwrap();
    let secs: u64 = a[4].parse().unwrap();
    let out = &a[5];
    let cores: Vec<usize> = a[6].split(',').map(|x| x.parse().unwrap()).collect();
    let bytes = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let dur = Nanos::from_secs(secs);
    let load = if rate > 0.0 {
        Load::Open(ArrivalSchedule::new(Ramp::constant(rate, dur), Spacing::Poisson, None))
    } else {
        Load::Closed { vus: VuSchedule::new(Ramp::constant(conns as f64, dur)), iterations: None }
    };
    let plan = Plan {
        name: "tmp".into(),
        target: Target { base_url: format!("http://127.0.0.1:{port}"), addresses: vec![([127, 0, 0, 1], port).into()] },
        request_timeout: Nanos::from_secs(10),
        requests: vec![Request {
            name: "GET /".into(),
            method: "GET".into(),
            path: "/".into(),
            bytes: bytes.into_bytes().into(),
            is_head: false,
            expect_status: vec![(200, 399)],
            checks: vec![],
            tags: Default::default(),
        }],
        flows: vec![Flow { name: "f".into(), steps: vec![Step::Request(runlog::row::RequestId(0))] }],
        scenarios: vec![Scenario {
            name: "s".into(),
            executor: "x",
            load,
            mix: Mix::new(&[(FlowId(0), 1.0)]).unwrap(),
            max_connections: conns,
            graceful_stop: Nanos::from_secs(5),
            tags: Default::default(),
        }],
        thresholds: vec![],
        tags: Default::default(),
        seed: 1,
        resolved: serde_json::Value::Null,
    };
    match engine::run::run(plan, &engine::run::Setup { out: out.into(), cores, command: vec![], quiet: true }) {
        Ok(s) => println!("{}\n{:?} {}", engine::observe::closing::summarize(&s), s.run.ended, s.run.ended_because),
        Err(e) => println!("{e}"),
    }
}
