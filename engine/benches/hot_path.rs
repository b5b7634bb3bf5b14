//! What the parts of the hot path cost that are pure functions: an answer followed, an arrival worked out, a choice made, a
//! request filled, a row counted for those who watch.
#![allow(missing_docs, clippy::expect_used, reason = "a bench is its own documentation")]

use std::collections::BTreeMap;

use divan::{Bencher, black_box};
use engine::plan::choice::{Choices, Purpose};
use engine::plan::schedule::{ArrivalSchedule, Ramp, Spacing};
use engine::plan::template::Scene;
use engine::plan::{self, Captured, Options, Plan, Target};
use engine::scenario::{self, Variables};
use engine::worker::breakdown::{Breakdown, Layout};
use engine::worker::framing::{Framing, Memo};
use runlog::row::{Row, ScenarioId};
use runlog::units::Nanos;

/// As nginx answers.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\
    Content-Type: text/plain\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nhello\n";
/// The same a second later.
const LATER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 12:00:01 GMT\r\n\
    Content-Type: text/plain\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nhello\n";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n";

fn main() {
    divan::main();
}

#[divan::bench]
fn follow_an_answer_that_begins_as_the_last_one(bencher: Bencher<'_, '_>) {
    let mut memo = Memo::default();
    bencher.bench_local(|| Framing::new(false).feed(black_box(ANSWER), &mut memo, None));
}

#[divan::bench]
fn follow_an_answer_that_begins_otherwise(bencher: Bencher<'_, '_>) {
    let mut memo = Memo::default();
    let mut next = [ANSWER, LATER].iter().cycle();
    bencher.bench_local(|| next.next().map(|answer| Framing::new(false).feed(black_box(answer), &mut memo, None)));
}

#[divan::bench]
fn follow_an_answer_in_chunks(bencher: Bencher<'_, '_>) {
    let mut memo = Memo::default();
    bencher.bench_local(|| Framing::new(false).feed(black_box(CHUNKED), &mut memo, None));
}

fn work_out_arrivals(bencher: Bencher<'_, '_>, spacing: Spacing) {
    // A year of them, so that they do not run out.
    let schedule = ArrivalSchedule::new(Ramp::constant(20_000.0, Nanos::from_secs(31_536_000)), spacing, None);
    let mut arrivals = schedule.arrivals(1, ScenarioId(0), 0, 1);
    bencher.bench_local(|| arrivals.next());
}

#[divan::bench]
fn work_out_an_even_arrival(bencher: Bencher<'_, '_>) {
    work_out_arrivals(bencher, Spacing::Even);
}

#[divan::bench]
fn work_out_a_poisson_arrival(bencher: Bencher<'_, '_>) {
    work_out_arrivals(bencher, Spacing::Poisson);
}

#[divan::bench]
fn choose_what_an_arrival_does(bencher: Bencher<'_, '_>) {
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        Choices::new(1, ScenarioId(0), Purpose::Arrival(black_box(number))).fraction()
    });
}

const FILLED: &str = r#"
[target]
base_url = "http://127.0.0.1:8080"
[requests.order]
method = "POST"
path = "/api/orders"
json = { product = "product-{{ rand.int(1, 1000) }}", quantity = "{{ rand.int(1, 5) }}", user = "{{ vu }}" }
[[scenarios]]
executor = "constant-vus"
vus = 1
duration = "1s"
"#;

fn plan(text: &str) -> &'static Plan {
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let scenario = scenario::check("bench.toml", "bench", text.to_owned(), &variables, &BTreeMap::new());
    let address = ([127, 0, 0, 1], 8080).into();
    let scenario = scenario.expect("valid");
    let target = Target::new(&scenario.target, |_, _| Ok(vec![address])).expect("a target");
    let compiled = plan::compile(&scenario, &Options::with_seed(1), &Captured::new(), target);
    Box::leak(Box::new(compiled.expect("a plan")))
}

#[divan::bench]
fn fill_a_request_with_three_gaps(bencher: Bencher<'_, '_>) {
    let plan = plan(FILLED);
    let mut choices = Choices::new(1, ScenarioId(0), Purpose::Vu(0));
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        let mut scene = Scene {
            choices: &mut choices,
            captured: &[],
            seed: 1,
            scenario: ScenarioId(0),
            number: 0,
            iteration: 0,
            vu: 7,
            unix: Nanos::ZERO,
        };
        plan.messages[0].parts.write(&mut scene, None, None, black_box(&mut out))
    });
}

/// Rows whose times lie in many buckets, as those of a load do.
fn count_rows(bencher: Bencher<'_, '_>, mut breakdown: Breakdown) {
    let times: Vec<u64> = (0..4_096_u64).map(|n| 50_000 + n.wrapping_mul(2_654_435_761) % 5_000_000).collect();
    let row = |duration| Row { status: 200, lag_ns: Some(1_500), duration_ns: Some(duration), ..Row::default() };
    let rows: Vec<Row> = times.into_iter().map(row).collect();
    let mut next = rows.iter().cycle();
    bencher.bench_local(|| next.next().map(|row| breakdown.add(black_box(row), false)));
}

#[divan::bench]
fn count_a_row_for_those_who_watch(bencher: Bencher<'_, '_>) {
    let layout: &Layout = Box::leak(Box::new(Layout::of(plan(FILLED))));
    count_rows(bencher, Breakdown::new(layout));
}

#[divan::bench]
fn count_a_row_for_nobody(bencher: Bencher<'_, '_>) {
    count_rows(bencher, Breakdown::default());
}
