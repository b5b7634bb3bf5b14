//! Runs of which it is known what they are like.

use runlog::row::{Names, RequestId, Row, ScenarioId};
use serde_json::{Value, json};

use crate::runs::FiftyRows;

const PER_SECOND: u64 = 500;

/// What a run is like: what times are multiplied by, those of the slowest twentieth besides, how many in a thousand
/// fail, and how long it takes.
#[derive(Clone, Copy)]
pub struct Like {
    pub factor: f64,
    pub slowest: f64,
    pub failing: u64,
    pub seed: u64,
    pub seconds: u64,
}

pub const USUAL: Like = Like { factor: 1.0, slowest: 1.0, failing: 2, seed: 1, seconds: 8 };

/// A run as a directory beside the others of `home`.
pub fn written(home: &FiftyRows, name: &str, like: Like) {
    let mut state = like.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let names = Names::new(["steady", "burst"], ["list", "search, all", "order"]);
    let mut text = runlog::row::header();
    for number in 0..like.seconds * PER_SECOND {
        let request = RequestId(u16::from(random() < 0.3));
        let place = random();
        let slow = if place > 0.95 { like.slowest } else { 1.0 };
        // Of a log-logistic distribution, whose quantiles are simple.
        let time = 5e6 * (place.clamp(1e-6, 1.0 - 1e-6) / (1.0 - place.clamp(1e-6, 1.0 - 1e-6))).powf(0.25);
        let row = Row {
            scheduled_ns: number * 1_000_000_000 / PER_SECOND,
            lag_ns: Some(1_000),
            duration_ns: Some((time * like.factor * slow) as u64),
            scenario: ScenarioId(0),
            request,
            status: if random() * 1_000.0 < like.failing as f64 { 500 } else { 200 },
            ..Row::default()
        };
        text += &String::from_utf8(row.line(&names)).expect("UTF-8");
    }
    let folder = home.path().with_file_name(name);
    std::fs::create_dir_all(&folder).expect("writable");
    std::fs::write(folder.join("requests-00.csv"), text).expect("writable");
    let manifest = std::fs::read_to_string(home.file("run.json")).expect("the fixture");
    let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["thresholds"] = json!([]);
    manifest["ending"]["thresholds"] = json!([]);
    let rows = like.seconds * PER_SECOND;
    let books = json!({ "core": 0, "file": "requests-00.csv", "scheduled": rows, "rows": rows, "record_stall_ns": 0 });
    manifest["ending"]["cores"] = json!([books]);
    manifest["ending"]["elapsed_ns"] = json!(like.seconds * 1_000_000_000);
    manifest["started_unix_ns"] = json!(1_767_225_600_000_000_000_u64 + like.seed * 1_000_000_000_000);
    std::fs::write(folder.join("run.json"), manifest.to_string()).expect("writable");
}
