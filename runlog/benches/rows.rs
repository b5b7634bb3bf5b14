//! What a row costs: written, read, and counted.
#![allow(missing_docs, reason = "a bench is its own documentation")]

use divan::{Bencher, black_box};
use runlog::row::{Batch, Columns, LINE_BYTES_MOST, Names, Row};
use runlog::spread::Spread;

fn main() {
    divan::main();
}

fn names() -> Names {
    Names::new(["steady"], ["GET /api/products"])
}

/// Requests in the middle of a run, no two of them alike: the length of a number must not be a habit.
fn rows() -> Vec<Row> {
    let mut chance = 1_u64;
    let mut up_to = |most: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % most
    };
    (0..4096)
        .map(|number| {
            let duration = 80_000 + up_to(600_000);
            Row {
                scheduled_ns: 9_900_000_000 + number * 50_000,
                lag_ns: Some(300 << up_to(8)),
                ttfb_ns: Some(duration - up_to(20_000)),
                duration_ns: Some(duration),
                status: 200,
                bytes_sent: 81,
                bytes_received: 154,
                connection: Some(up_to(64)),
                vu: Some(up_to(64) as u32),
                ..Row::default()
            }
        })
        .collect()
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let (names, rows) = (names(), rows());
    let mut next = rows.iter().cycle();
    let mut block = [0; LINE_BYTES_MOST];
    bencher.bench_local(|| next.next().map(|row| row.encode(&names, black_box(&mut block))));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let names = names();
    let lines: Vec<Vec<u8>> = rows().iter().map(|row| row.line(&names).trim_ascii_end().to_vec()).collect();
    let mut next = lines.iter().cycle();
    let mut batch = Batch::default();
    bencher.bench_local(|| {
        batch.clear();
        next.next().map(|line| batch.push_line(line, Columns::ALL, &names))
    });
}

#[divan::bench]
fn record_in_histogram(bencher: Bencher<'_, '_>) {
    let mut spread = Spread::default();
    let mut value = 400_000_u64;
    bencher.bench_local(|| {
        value = 400_000 + (value.wrapping_mul(6_364_136_223_846_793_005) >> 48);
        spread.record(black_box(value));
    });
}
