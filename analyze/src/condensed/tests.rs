//! Figures are those of the rows, however these are shared out; what is not ours is refused.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use runlog::directory::rows_file_name;
use runlog::outcome::Failure as Outcome;
use runlog::row::{self, FailedChecks, Names, RequestId, Row, ScenarioId};
use runlog::statistics::Figures;
use runlog::summary::Summary;
use runlog::tally::Stretch;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Condensed;
use crate::load::{self, Run};

/// Names as people should not give them.
const NAMES: [&str; 3] = ["total", "a \"quoted\", one\r\nwith lines", "Größe → 5 µs\u{202e}\u{0}"];

/// The manifest of the run of fifty rows with hostile names, for the shard at this place.
fn manifest(place: usize, rows: usize) -> Value {
    let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows/run.json"));
    let text = fs::read(fixture).expect("the fixture");
    let mut manifest: Value = serde_json::from_slice(&text).expect("JSON");
    for (request, name) in NAMES.into_iter().enumerate() {
        manifest["requests"][request]["name"] = name.into();
    }
    manifest["thresholds"][0]["filter"]["request"] = NAMES[1].into();
    manifest["engine"]["cores"] = json!([place]);
    let mut books = manifest["ending"]["cores"][0].clone();
    (books["rows"], books["scheduled"]) = (rows.into(), rows.into());
    manifest["ending"]["cores"] = json!([books]);
    manifest
}

/// Puts rows into a run directory.
fn write_run(folder: &Path, place: usize, rows: &[Row]) -> PathBuf {
    let home = folder.join(format!("shard-{place}"));
    fs::create_dir_all(&home).expect("writable");
    fs::write(home.join("run.json"), manifest(place, rows.len()).to_string()).expect("writable");
    fs::write(home.join("events.csv"), "time_ns,kind,detail\n1,stage,\"a, \"\"b\"\"\nc\"\n").expect("writable");
    let names = Names::new(["steady", "burst"], NAMES);
    let mut text = row::header().into_bytes();
    for row in rows {
        text.extend(row.line(&names));
    }
    fs::write(home.join(rows_file_name(0)), text).expect("writable");
    home
}

fn any_row() -> impl Strategy<Value = Row> {
    let times = (0_u64..3_000_000_000, any::<u64>(), 0_u64..300_000_000, 0_u64..40);
    (times, 0_u16..2, 0_u16..3, 0_usize..8).prop_map(
        |((scheduled_ns, lag, duration, shift), scenario, request, fate)| {
            let row = Row {
                scheduled_ns,
                scenario: ScenarioId(scenario),
                request: RequestId(request),
                bytes_sent: 100,
                ..Row::default()
            };
            let duration_ns = Some(duration >> (shift / 2));
            match fate {
                0 => Row { error: Some(Outcome::Dropped), ..row },
                1 => Row { error: Some(Outcome::Timeout), lag_ns: Some(7), duration_ns, ..row },
                fate => Row {
                    lag_ns: Some(lag >> (36 + shift / 2)),
                    duration_ns,
                    ttfb_ns: duration_ns.map(|ns| ns / 2),
                    status: [200, 404, 503, 201, 200, 200][fate - 2],
                    failed_checks: FailedChecks(u64::from(fate == 4)),
                    bytes_received: 1 << shift,
                    ..row
                },
            }
        },
    )
}

/// Rows with the shard of each.
fn shared_rows() -> impl Strategy<Value = Vec<(Row, usize)>> {
    proptest::collection::vec((any_row(), 0_usize..4), 1..300)
}

/// The same rows as one directory, and as shards in a folder.
struct Split {
    _home: TempDir,
    whole: PathBuf,
    shards: PathBuf,
    directories: Vec<PathBuf>,
}

impl Split {
    fn of(rows: &[(Row, usize)], shards: usize) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let all: Vec<Row> = rows.iter().map(|&(row, _)| row).collect();
        let whole = write_run(&home.path().join("whole"), 0, &all);
        let folder = home.path().join("shards");
        let of = |place| rows.iter().filter(move |(_, of)| of % shards == place).map(|&(row, _)| row).collect();
        let directories =
            (0..shards).map(|place| write_run(&folder, place, &Vec::from_iter::<Vec<Row>>(of(place)))).collect();
        Self { _home: home, whole, shards: folder, directories }
    }
}

/// Writes what is kept of runs beside them.
fn summarized(runs: &[PathBuf], file: &Path) -> PathBuf {
    fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
    load::condense(runs).expect("one load").write(fs::File::create(file).expect("writable")).expect("writable");
    file.to_owned()
}

fn loaded(path: &Path) -> Run {
    load::load(path).expect("one run")
}

/// All that does not say which directories and cores it was.
fn figures(summary: &Summary) -> Value {
    let mut value = serde_json::to_value(summary).expect("JSON");
    value["run"]["directory"] = Value::Null;
    value["run"]["cores"] = Value::Null;
    value
}

/// Figures from histograms: percentiles may be a little above, everything else is the same.
fn are_near(exact: Option<Figures>, shown: Option<Figures>) -> bool {
    let (exact, shown) = match (exact, shown) {
        (Some(exact), Some(shown)) => (exact, shown),
        (exact, shown) => return exact.is_none() && shown.is_none(),
    };
    let near = |exact: u64, shown: u64| exact <= shown && shown - exact <= exact / 512;
    let percentiles = exact.percentiles().into_iter().zip(shown.percentiles());
    (exact.samples, exact.mean.to_bits(), exact.min, exact.max)
        == (shown.samples, shown.mean.to_bits(), shown.min, shown.max)
        && percentiles.into_iter().all(|((ns, interval), (other_ns, other))| {
            near(ns, other_ns)
                && match (interval, other) {
                    (Some(a), Some(b)) => near(a.lower_ns, b.lower_ns) && near(a.upper_ns, b.upper_ns),
                    (a, b) => a.is_none() && b.is_none(),
                }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_split_of_the_rows_into_shards_has_the_tables_of_all(rows in shared_rows(), shards in 1_usize..=4) {
        let split = Split::of(&rows, shards);
        let (whole, together) = (loaded(&split.whole), loaded(&split.shards));
        prop_assert_eq!(figures(&whole.summary), figures(&together.summary));
        prop_assert_eq!(whole.windows, together.windows);
    }

    #[test]
    fn shards_summarised_apart_and_put_together_are_those_summarised_together(rows in shared_rows(), shards in 1_usize..=4) {
        let split = Split::of(&rows, shards);
        let home = split.whole.parent().expect("a folder");
        let of_folder = loaded(&summarized(std::slice::from_ref(&split.shards), &home.join("folder.summary")));
        let expected = (figures(&of_folder.summary), of_folder.windows);
        let files: Vec<PathBuf> = (split.directories.iter().enumerate())
            .map(|(place, shard)| summarized(std::slice::from_ref(shard), &home.join(format!("files/{place}.summary"))))
            .collect();
        let of_files = loaded(&home.join("files"));
        prop_assert_eq!((figures(&of_files.summary), of_files.windows), expected.clone());
        let named = load::load_all(&files, Stretch::WHOLE, load::Detail::OverTime).expect("runs");
        prop_assert_eq!(named.len(), 1);
        prop_assert_eq!(figures(&named[0].summary), expected.0.clone());
        let merged = loaded(&summarized(&files, &home.join("merged.summary")));
        prop_assert_eq!((figures(&merged.summary), merged.windows), expected.clone());
        let of_whole = loaded(&summarized(std::slice::from_ref(&split.whole), &home.join("whole.summary")));
        prop_assert_eq!((figures(&of_whole.summary), of_whole.windows), expected);
    }

    #[test]
    fn percentiles_are_a_little_above_the_exact_ones_and_all_else_is_the_same(rows in shared_rows()) {
        let split = Split::of(&rows, 1);
        let exact = loaded(&split.whole);
        let kept = loaded(&summarized(std::slice::from_ref(&split.whole), &split.shards.join("a.summary")));
        prop_assert!(exact.has_rows() && !kept.has_rows());
        prop_assert_eq!(&exact.windows, &kept.windows);
        prop_assert_eq!(&exact.log.manifest, &kept.log.manifest);
        prop_assert_eq!((&exact.log.engine, &exact.log.probes, &exact.log.events), (&kept.log.engine, &kept.log.probes, &kept.log.events));
        let groups = |run: &Run| run.summary.requests.iter().chain([&run.summary.total]).cloned().collect::<Vec<_>>();
        for (exact, kept) in groups(&exact).iter().zip(&groups(&kept)) {
            let times = |of: &runlog::summary::Group| {
                [of.response_time_ns, of.service_time_ns, of.ttfb_ns, of.lag_ns, of.connect_ns, of.tls_ns]
            };
            for (exact, kept) in times(exact).into_iter().zip(times(kept)) {
                prop_assert!(are_near(exact, kept), "{exact:?} and {kept:?}");
            }
        }
        // With the times taken out, nothing differs.
        let rest = |run: &Run| {
            let mut value = figures(&run.summary);
            value["exact"] = Value::Null;
            // A percentile, which may be a little above.
            value["thresholds"][0] = Value::Null;
            let requests = value["requests"].as_array().map_or(0, Vec::len);
            for request in 0..=requests {
                let group = if request == requests { &mut value["total"] } else { &mut value["requests"][request] };
                group.as_object_mut().expect("an object").retain(|key, _| !key.ends_with("_ns"));
            }
            value
        };
        prop_assert_eq!(rest(&exact), rest(&kept));
    }

    #[test]
    fn a_damaged_file_is_refused(place in any::<proptest::sample::Index>(), byte in any::<u8>(), is_cut in any::<bool>()) {
        let (_home, path) = some_file();
        let mut bytes = fs::read(&path).expect("readable");
        let place = place.index(bytes.len());
        if is_cut {
            bytes.truncate(place);
        } else {
            prop_assume!(bytes[place] != byte);
            bytes[place] = byte;
        }
        fs::write(&path, bytes).expect("writable");
        if let Ok(condensed) = Condensed::open(&path) {
            prop_assert!(!is_cut && condensed.summary().is_ok());
        }
    }

    #[test]
    fn numbers_that_are_made_up_are_read_or_refused_and_never_a_panic(
        place in any::<proptest::sample::Index>(),
        number in proptest::sample::select(vec!["0", "1", "9", "18446744073709551615", "-1", "[]", "281474976710657"]),
    ) {
        let (_home, path) = some_file();
        let text = unpacked(&path);
        let numbers: Vec<(usize, &str)> =
            text.match_indices(|c: char| c.is_ascii_digit()).filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_ascii_digit())).collect();
        let at = numbers[place.index(numbers.len())].0;
        let end = at + text[at..].find(|c: char| !c.is_ascii_digit()).expect("a line's end");
        pack(&path, &format!("{}{number}{}", &text[..at], &text[end..]));
        if let Ok(kept) = load::load(&path) {
            let report = crate::report::Report::of(kept, crate::analysis::REPORT);
            prop_assert!(report.is_ok());
        }
    }
}

fn some_file() -> (TempDir, PathBuf) {
    let fixture = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
    let home = tempfile::tempdir().expect("a temporary directory");
    let path = summarized(&[fixture], &home.path().join("a.summary"));
    (home, path)
}

fn unpacked(path: &Path) -> String {
    let bytes = zstd::decode_all(fs::File::open(path).expect("readable")).expect("packed");
    String::from_utf8(bytes).expect("text")
}

fn pack(path: &Path, text: &str) {
    let mut file = zstd::stream::write::Encoder::new(fs::File::create(path).expect("writable"), 1).expect("zstd");
    file.write_all(text.as_bytes()).expect("writable");
    file.finish().expect("writable");
}

fn refusal(path: &Path) -> String {
    Condensed::open(path).expect_err("refused").to_string()
}

#[test]
fn a_file_from_the_future_or_of_somebody_else_is_told_so() {
    let (_home, path) = some_file();
    let text = unpacked(&path);
    pack(&path, &text.replacen(r#""major":1"#, r#""major":9"#, 1));
    assert!(refusal(&path).contains("has format 9, this program reads up to 1"), "{}", refusal(&path));
    assert!(Condensed::is_at(&path));
    let (head, rest) = text.split_once('\n').expect("lines");
    pack(&path, &format!("{head}\n{}", rest.replacen(r#""major":1"#, r#""major":9"#, 1)));
    assert!(refusal(&path).contains("has format 9"), "{}", refusal(&path));
    pack(&path, "{}\n");
    assert!(refusal(&path).contains("is not a summary file"), "{}", refusal(&path));
    fs::write(&path, "what I did today").expect("writable");
    assert!(refusal(&path).contains("is not a summary file"), "{}", refusal(&path));
    assert!(!Condensed::is_at(&path));
    let lines: Vec<&str> = text.lines().collect();
    pack(&path, &(lines[..4].join("\n") + "\n"));
    assert!(refusal(&path).contains("damaged: it ends too soon"), "{}", refusal(&path));
    pack(&path, &format!("{text}{{}}\n"));
    assert!(refusal(&path).contains("damaged: something stands behind its end"), "{}", refusal(&path));
}

#[test]
fn what_unpacks_without_end_is_not_unpacked_to_its_end() {
    let (_home, path) = some_file();
    let head = unpacked(&path).lines().next().expect("a line").to_owned();
    pack(&path, &format!("{head}\n{}", " ".repeat(80 << 20)));
    assert!(refusal(&path).contains("it holds more than any run has"), "{}", refusal(&path));
}

#[test]
fn a_summary_file_beside_its_run_counts_once() {
    let rows = vec![(Row { status: 200, duration_ns: Some(5), lag_ns: Some(1), ..Row::default() }, 0); 10];
    let split = Split::of(&rows, 2);
    summarized(&split.directories[..1], &split.shards.join("first.summary"));
    let all = summarized(std::slice::from_ref(&split.shards), &split.shards.join("all.summary"));
    assert_eq!(loaded(&split.shards).summary.run.rows, 10);
    assert_eq!(loaded(&all).summary.run.rows, 10);
    let again = load::condense(&[split.shards, all]).expect_err("the same shards twice").to_string();
    assert!(again.contains("are not shards of one load"), "{again}");
}
