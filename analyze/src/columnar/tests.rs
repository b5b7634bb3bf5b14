//! What is written is read back, whatever it is; what is not ours is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Type as Physical;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use proptest::prelude::*;
use runlog::directory::Run;
use runlog::reader::{ReadError, Reading, fold};
use runlog::row::{Batch, COLUMNS, Columns, Kind, Row};
use tempfile::TempDir;

use super::write::GROUP_ROWS;
use super::{ParquetRun, RowWriter};

/// Names as people give them, and as they should not.
const NAMES: [&str; 3] = ["plain", "a \"quoted\", one\r\nwith lines", "Größe → 5 µs\u{202e}"];

/// A run without rows whose scenarios and requests are called so.
fn run_named(names: &[&str]) -> (TempDir, Run) {
    let home = tempfile::tempdir().expect("a temporary directory");
    let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
    for file in ["engine.csv", "events.csv"] {
        fs::copy(fixture.join(file), home.path().join(file)).expect("writable");
    }
    let text = fs::read(fixture.join("run.json")).expect("the fixture");
    let mut manifest: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    for list in ["scenarios", "requests"] {
        let model = manifest[list][0].clone();
        let named = |name: &&str| {
            let mut one = model.clone();
            one["name"] = (*name).into();
            one["tags"][format!("tag of {name}")] = (*name).into();
            one
        };
        manifest[list] = names.iter().map(named).collect();
    }
    fs::write(home.path().join("run.json"), manifest.to_string()).expect("writable");
    let run = Run::open(home.path()).expect("a run");
    (home, run)
}

fn write(run: &Run, batches: &[Batch]) -> PathBuf {
    let path = run.path.join("run.parquet");
    let mut writer = RowWriter::new(run, fs::File::create(&path).expect("writable")).expect("writable");
    batches.iter().try_for_each(|batch| writer.push(7, batch)).expect("writable");
    writer.finish().expect("writable");
    path
}

/// The rows of a file, piece by piece.
fn read(run: ParquetRun, wanted: Columns) -> Result<Vec<Row>, ReadError> {
    let run = run.into_run();
    let mut rows = Vec::new();
    let reading = Reading { files: &run.rows, wanted, progress: None };
    reading.each(|batch| {
        rows.extend(rows_of(batch));
        Ok::<(), ReadError>(())
    })?;
    Ok(rows)
}

fn rows_of(batch: &Batch) -> Vec<Row> {
    (0..batch.len()).map(|place| batch.row(place)).collect()
}

/// Batches of every value that a column can have.
fn any_batch() -> impl Strategy<Value = Batch> {
    let numbers = proptest::collection::vec(proptest::option::of(any::<u64>()), COLUMNS.len());
    let shifts = proptest::collection::vec(0_u32..64, COLUMNS.len());
    proptest::collection::vec((numbers, shifts), 1..40).prop_map(|rows| {
        let mut batch = Batch::default();
        batch.restart(rows.len());
        for (place, column) in COLUMNS.iter().enumerate() {
            let most = match (column.kind, column.name) {
                (Kind::Scenario | Kind::Request, _) => NAMES.len() as u64,
                (Kind::Failure, _) => runlog::outcome::Failure::ALL.len() as u64,
                (_, "status") => 1 << 16,
                (_, "vu") => 1 << 32,
                _ => u64::MAX,
            };
            let number = |(numbers, shifts): &(Vec<Option<u64>>, Vec<u32>)| match numbers[place] {
                None if column.may_be_absent => None,
                number => Some((number.unwrap_or(0) >> shifts[place]) % most),
            };
            batch.set_numbers(place, rows.iter().map(number)).expect("of this kind");
        }
        batch
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rows_are_read_as_they_were_written(batches in proptest::collection::vec(any_batch(), 0..6)) {
        let (_keep, run) = run_named(&NAMES);
        let again = ParquetRun::open(&write(&run, &batches)).expect("our file");
        let written: Vec<Row> = batches.iter().flat_map(rows_of).collect();
        prop_assert_eq!(again.rows(), written.len() as u64);
        prop_assert_eq!(&again.manifest, &run.manifest);
        prop_assert_eq!((&again.engine, &again.probes, &again.events), (&run.engine, &run.probes, &run.events));
        prop_assert_eq!(read(again, Columns::ALL).expect("readable"), written);
    }

    #[test]
    fn a_damaged_file_is_read_or_refused_and_never_a_panic(place in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let (_keep, run) = run_named(&NAMES);
        let path = write(&run, &[ones(100)]);
        let mut bytes = fs::read(&path).expect("readable");
        let place = place.index(bytes.len());
        bytes[place] = byte;
        fs::write(&path, bytes).expect("writable");
        let _ = ParquetRun::open(&path).map(|again| read(again, Columns::ALL));
    }

    #[test]
    fn a_file_that_is_not_parquet_is_refused_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let path = home.path().join("some.parquet");
        fs::write(&path, bytes).expect("writable");
        prop_assert!(ParquetRun::open(&path).is_err());
    }
}

/// So many rows of ones.
fn ones(rows: usize) -> Batch {
    let mut batch = Batch::default();
    batch.restart(rows);
    for place in 0..COLUMNS.len() {
        batch.set_numbers(place, std::iter::repeat_n(Some(1), rows)).expect("of this kind");
    }
    batch
}

#[test]
fn a_parquet_file_of_somebody_else_is_no_run() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let path = home.path().join("theirs.parquet");
    let column = Type::primitive_type_builder("x", Physical::INT64).build().expect("a column");
    let schema = Type::group_type_builder("theirs").with_fields(vec![Arc::new(column)]).build().expect("a schema");
    let file = fs::File::create(&path).expect("writable");
    let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::default()).expect("writable");
    writer.close().expect("writable");
    let error = ParquetRun::open(&path).expect_err("not ours").to_string();
    assert!(error.contains("is no run: it has no `drumfire.run.json`"), "{error}");
}

#[test]
fn a_run_of_a_newer_major_version_is_refused() {
    let (_keep, run) = run_named(&NAMES);
    let manifest = run.path.join("run.json");
    let text = fs::read_to_string(&manifest).expect("readable");
    fs::write(&manifest, text.replace(r#""major":1"#, r#""major":9"#)).expect("writable");
    let error = ParquetRun::open(&write(&run, &[])).expect_err("newer").to_string();
    assert!(error.contains("has format 9"), "{error}");
}

#[test]
fn only_the_columns_asked_for_are_read_and_row_groups_are_shared_out() {
    let (_keep, run) = run_named(&NAMES);
    let mut batch = Batch::default();
    batch.restart(2048);
    for place in 0..COLUMNS.len() {
        batch.set_numbers(place, (0..2048).map(|row| Some(row % 3))).expect("of this kind");
    }
    let batches = vec![batch; 2 * GROUP_ROWS / 2048 + 3];
    let again = ParquetRun::open(&write(&run, &batches)).expect("our file");
    assert_eq!(again.row_groups, 3);
    let add = |sum: &mut (u64, u64), batch: &Batch| {
        assert!(batch.duration_ns.is_empty() && batch.request.is_empty());
        *sum = (sum.0 + batch.len() as u64, sum.1 + batch.scheduled_ns.iter().sum::<u64>());
    };
    let run = again.into_run();
    let states = fold(&run.rows, Columns::SCHEDULED_NS, || (0, 0), add).expect("readable").states;
    let rows = batches.len() as u64 * 2048;
    let ones_and_twos = batches.len() as u64 * (0..2048).map(|row| row % 3).sum::<u64>();
    assert_eq!(states.iter().fold((0, 0), |all, sum| (all.0 + sum.0, all.1 + sum.1)), (rows, ones_and_twos));
}

#[test]
fn a_name_that_the_manifest_does_not_know_is_no_row() {
    let (_keep, run) = run_named(&NAMES);
    let path = write(&run, &[ones(1)]);
    let text = fs::read(&path).expect("readable");
    let again = ParquetRun::open(&path).expect("our file");
    // The dictionary's texts are packed, so the manifest is what is changed here.
    let forged = ParquetRun { manifest: run_named(&NAMES[..1]).1.manifest, ..again };
    let error = read(forged, Columns::REQUEST).expect_err("no row").to_string();
    assert!(error.contains("a `request` is not what it should be"), "{error}");

    fs::write(&path, &text[..text.len() / 2]).expect("writable");
    let error = ParquetRun::open(&path).expect_err("half a file").to_string();
    assert!(error.contains("cannot be read as Parquet"), "{error}");
}
