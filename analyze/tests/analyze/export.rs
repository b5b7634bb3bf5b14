//! `drumfire-analyze export`.

use std::collections::BTreeMap;
use std::fs;

use analyze::columnar::ParquetRun;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use runlog::directory::Run;
use runlog::row::{Columns, Row};
use serde_json::{Value, json};

use crate::runs::{FiftyRows, NAME};

/// Names that break out of where they stand, if they can.
const HOSTILE: &str = "=cmd|' /C calc'!A0,\"quoted\"; 50 %\u{1b}[2J Größe";

/// Exports to this file beside the run and returns what it holds.
fn exported(run: &FiftyRows, name: &str, more: &[&str]) -> Vec<u8> {
    let mut arguments = vec!["export", NAME, "-o", name];
    arguments.extend(more);
    let ran = run.analyze(&arguments);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
    fs::read(run.path().with_file_name(name)).expect("it was written")
}

fn text(run: &FiftyRows, name: &str, more: &[&str]) -> String {
    String::from_utf8(exported(run, name, more)).expect("UTF-8")
}

fn with_hostile_names() -> FiftyRows {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest["name"] = HOSTILE.into();
        for list in ["requests", "scenarios"] {
            manifest[list][0]["name"] = HOSTILE.into();
        }
        manifest["requests"][0]["path"] = HOSTILE.into();
        manifest["requests"][0]["checks"] = json!([HOSTILE]);
        manifest["requests"][0]["tags"] = json!({ HOSTILE: HOSTILE });
    });
    let in_rows = format!("\"{}\"", HOSTILE.replace('"', "\"\"").replace('\u{1b}', " "));
    for file in ["requests-00.csv", "requests-01.csv"] {
        run.edit(file, |text| text.replace(",steady,list,200,,0", &format!(",{in_rows},{in_rows},200,,1")));
        run.edit(file, |text| text.replace(",steady,list,", &format!(",{in_rows},{in_rows},")));
    }
    run
}

fn records(csv: &[u8]) -> Vec<csv::StringRecord> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().collect::<Result<_, _>>().expect("well-formed CSV, every line of one length")
}

#[test]
fn jmeter_gets_a_sample_for_every_row() {
    let run = FiftyRows::copied();
    insta::assert_snapshot!(text(&run, "run.jtl", &[]));
    let by_response = text(&run, "response.jtl", &["--time", "response"]);
    assert!(by_response.lines().nth(1).is_some_and(|line| line.starts_with("1767225600000,10,list,200,")));
    assert_eq!(by_response.lines().count(), 51);
}

#[test]
fn vegeta_gets_a_result_for_every_row_numbered_in_their_order() {
    let run = FiftyRows::copied();
    let results = text(&run, "run.vegeta.csv", &[]);
    let records = records(results.as_bytes());
    assert!(records.iter().all(|record| record.len() == 12));
    assert!(records.iter().zip(0..).all(|(record, number)| record[8] == format!("{number}")));
    assert!(records.is_sorted_by_key(|record| record[0].parse::<u64>().expect("a time")));
    insta::assert_snapshot!(results);
}

#[test]
fn the_scripts_of_k6_find_what_they_look_for() {
    let run = FiftyRows::copied();
    let summary = text(&run, "run.k6.json", &[]);
    insta::assert_snapshot!(summary);
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    let metrics = &summary["metrics"];
    assert_eq!(metrics["http_req_duration"]["p(95)"], 37.0);
    assert_eq!(metrics["http_req_failed"]["value"], 0.14);
    assert_eq!(metrics["http_req_failed"]["thresholds"]["rate < 10%"], true, "it did not hold");
    assert_eq!(metrics["http_req_duration{request:list}"]["thresholds"]["p(95) < 500ms"], false, "it held");
    assert_eq!(metrics["http_reqs{tier:professional}"], json!({"count": 20.0, "thresholds": {"count >= 20": false}}));

    let response: Value = serde_json::from_str(&text(&run, "r.k6.json", &["--time", "response"])).expect("JSON");
    assert_eq!(response["metrics"]["http_req_duration"]["p(95)"], metrics["response_time"]["p(95)"]);
}

/// The times of each request's answers as another program would read them: every interval decoded and added up.
fn decoded(log: &[u8]) -> BTreeMap<String, Histogram<u64>> {
    let mut deserializer = Deserializer::new();
    let mut by_tag: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    for entry in IntervalLogIterator::new(log) {
        let LogEntry::Interval(interval) = entry.expect("a line of a log") else { continue };
        let packed = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, interval.encoded_histogram());
        let times: Histogram<u64> = deserializer.deserialize(&mut &packed.expect("base64")[..]).expect("V2, packed");
        let tag = interval.tag().expect("a tag").as_str().to_owned();
        by_tag.entry(tag).or_insert_with(|| Histogram::new(3).expect("three digits")).add(times).expect("room");
    }
    by_tag
}

#[test]
fn histogram_logs_add_up_to_the_run() {
    let run = FiftyRows::copied();
    let log = exported(&run, "run.hlog", &[]);
    let head: Vec<&str> =
        std::str::from_utf8(&log).expect("UTF-8").lines().take_while(|l| l.starts_with('#')).collect();
    insta::assert_snapshot!(head.join("\n"));
    let counts = |log: &[u8]| decoded(log).into_iter().map(|(tag, times)| (tag, times.len())).collect::<Vec<_>>();
    let of_fixture = [("list", 30), ("order", 7), ("search%2C%20all", 8)].map(|(tag, count)| (tag.to_owned(), count));
    assert_eq!(counts(&log), of_fixture);
    let twice = counts(&[log.as_slice(), log.as_slice()].concat());
    assert_eq!(twice, of_fixture.map(|(tag, count)| (tag, 2 * count)));

    let p95 = |log: &[u8]| decoded(log)["list"].value_at_quantile(0.95);
    assert_eq!(p95(&log) / 1_000, 38_010);
    assert!(p95(&exported(&run, "service.hlog", &["--time", "service"])).abs_diff(38_000_000) < 38_000);
}

#[test]
fn a_parquet_file_is_the_whole_run() {
    for run in [FiftyRows::copied(), with_hostile_names()] {
        exported(&run, "run.parquet", &[]);
        let again = ParquetRun::open(&run.path().with_file_name("run.parquet")).expect("our file");
        let log = Run::open(&run.path()).expect("a run");
        let (mut expected, mut rows): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
        let files = runlog::reader::Reading { files: &log.rows, wanted: Columns::ALL, progress: None };
        let read = files.each(|batch| {
            expected.extend((0..batch.len()).map(|place| batch.row(place)));
            Ok::<(), runlog::reader::ReadError>(())
        });
        read.expect("readable");
        let again = again.into_run();
        let file = runlog::reader::Reading { files: &again.rows, ..files };
        let read = file.each(|batch| {
            rows.extend((0..batch.len()).map(|place| batch.row(place)));
            Ok::<(), runlog::reader::ReadError>(())
        });
        read.expect("readable");
        assert_eq!(rows.len(), 50);
        assert_eq!(rows, expected);
        assert_eq!((again.manifest, again.engine, again.events), (log.manifest, log.engine, log.events));
    }
}

#[test]
fn shards_of_one_load_are_one_file() {
    let (run, other) = (FiftyRows::copied(), FiftyRows::copied());
    let folder = run.path().with_file_name("shards");
    fs::create_dir(&folder).expect("writable");
    for (shard, name) in [(&run, "one"), (&other, "two")] {
        fs::rename(shard.path(), folder.join(name)).expect("writable");
    }
    let ran = run.analyze(&["export", "shards", "-o", "run.parquet"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let again = ParquetRun::open(&folder.with_file_name("run.parquet")).expect("our file");
    assert_eq!((again.rows(), again.engine.len()), (100, 12));
    let cores = again.manifest.ending.map(|ending| ending.cores.iter().map(|books| books.rows).sum());
    assert_eq!(cores, Some(100_u64));

    let ran = run.analyze(&["export", "shards", "-o", "-", "--format", "vegeta"]);
    assert!(records(ran.out.as_bytes()).iter().zip(0..).all(|(record, number)| record[8] == format!("{number}")));
}

#[test]
fn names_stay_in_their_fields() {
    let run = with_hostile_names();
    let name = HOSTILE.replace('\u{1b}', " ");
    let samples = records(&exported(&run, "run.jtl", &[]));
    assert!(samples.iter().all(|sample| sample.len() == 17));
    let ours: Vec<_> = samples.iter().filter(|sample| sample[2] == name).collect();
    assert_eq!(ours.len(), 30);
    assert_eq!(&ours[0][5], format!("{name} 0-0"));
    assert_eq!(&ours[0][8], format!("failed checks: {name}"));
    assert_eq!(&ours[0][13], format!("http://127.0.0.1:8080{name}"));

    let results = records(&exported(&run, "run.vegeta.csv", &[]));
    assert!(results.iter().all(|result| result.len() == 12 && result[7] == name));

    let summary: Value = serde_json::from_str(&text(&run, "run.k6.json", &[])).expect("JSON");
    assert_eq!(summary["root_group"]["checks"][HOSTILE]["fails"], 30);

    let tag = "=cmd|'%20/C%20calc'!A0%2C\"quoted\";%2050%20%25%1B[2J%20Größe";
    assert_eq!(decoded(&exported(&run, "run.hlog", &[]))[tag].len(), 30);
}

#[test]
fn a_dash_is_standard_output() {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["export", NAME, "-o", "-", "--format", "jtl"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out, text(&run, "run.jtl", &[]));
}

#[test]
fn what_cannot_be_exported_is_said_and_leaves_nothing() {
    let run = FiftyRows::copied();
    let lines = |count: usize| move |text: &str| text.lines().take(count).collect::<Vec<_>>().join("\n") + "\nno,row\n";
    for (asked, said) in [
        (&["export", NAME, "-o", "run.csv"][..], "the name `run.csv` does not say what to write"),
        (&["export", NAME, "-o", "-"], "add --format"),
        (&["export", NAME, "-o", "run.parquet", "--time", "service"], "leave --time out"),
        (&["export", "nowhere", "-o", "run.jtl"], "there is no run directory `nowhere`"),
        (&["export", NAME, "-o", "no/such/folder/run.jtl"], "cannot write `no/such/folder/run.jtl`"),
        (&["export", NAME, "-o", "fifty-rows", "--format", "jtl"], "cannot write `fifty-rows`"),
    ] {
        let ran = run.analyze(asked);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{asked:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{asked:?}: {}", ran.err);
    }
    run.edit("requests-01.csv", lines(7));
    for name in ["run.parquet", "run.jtl", "run.vegeta.csv", "run.k6.json", "run.hlog"] {
        let ran = run.analyze(&["export", NAME, "-o", name]);
        assert_eq!(ran.code, Some(2), "{name}");
        assert!(ran.err.contains("requests-01.csv`, line 8"), "{name}: {}", ran.err);
    }
    let beside: Vec<_> = fs::read_dir(run.path().parent().expect("a home")).expect("a folder").collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
}

#[test]
fn a_full_disk_is_said_and_is_wrong_input() {
    let run = FiftyRows::copied();
    for format in ["parquet", "jtl", "vegeta", "k6", "hlog"] {
        let ran = run.analyze(&["export", NAME, "-o", "/dev/full", "--format", format]);
        assert_eq!(ran.code, Some(2), "{format}");
        assert!(ran.err.contains("cannot write `/dev/full`: No space left on device"), "{format}: {}", ran.err);
    }
}

#[test]
fn torn_lines_are_passed_over_and_said() {
    let run = FiftyRows::copied();
    run.edit("requests-00.csv", |text| format!("{text}30000,1,"));
    for name in ["run.parquet", "run.jtl", "run.k6.json", "run.hlog"] {
        let ran = run.analyze(&["export", NAME, "-o", name]);
        assert_eq!(ran.code, Some(0), "{name}");
        assert!(ran.err.contains("1 last lines without an end"), "{name}: {}", ran.err);
    }
}
