//! Tidiness: what the project says of its own order is true.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use drumfire_tests::workspace::root;
use toml::Table;

/// What may stand at the root, beside what is hidden, and what Cargo and people make there.
const ROOT: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "analyze",
    "baselines",
    "benches",
    "clippy.toml",
    "demo",
    "docs",
    "engine",
    "integrations",
    "runlog",
    "rustfmt.toml",
    "scenarios",
    "tests",
];
/// Folders that are made by using the project, and no part of it.
const MADE: &[&str] = &["target", "runs"];
/// The crates.
const CRATES: &[&str] = &["runlog", "engine", "analyze", "demo", "tests", "benches"];

/// What is in a folder, without what is hidden or made.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder can be read")
        .map(|entry| entry.expect("a folder can be read").path())
        .filter(|path| !name(path).starts_with('.') && !MADE.contains(&name(path).as_str()))
        .collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries(folder).into_iter().partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    own.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// What a crate depends on, in whatever table.
fn dependencies(of: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(of).join("Cargo.toml")).expect("every crate has its Cargo.toml");
    let manifest: Table = text.parse().expect("a Cargo.toml is TOML");
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[track_caller]
fn assert_free_of(of: &str, unwanted: &[&str]) {
    let dependencies = dependencies(of);
    for unwanted in unwanted {
        let found: Vec<&String> = dependencies.iter().filter(|name| name.starts_with(unwanted)).collect();
        assert!(found.is_empty(), "`{of}` must know nothing of {found:?}");
    }
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    let silent: Vec<PathBuf> = sources(root())
        .into_iter()
        .filter(|path| !fs::read_to_string(path).expect("a source file is a text").starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "these do not open with `//!`: {silent:#?}");
}

#[test]
fn the_root_holds_what_it_should_and_nothing_else() {
    let found: BTreeSet<String> = entries(root()).iter().map(|path| name(path)).collect();
    let strangers: Vec<&String> = found.iter().filter(|name| !ROOT.contains(&name.as_str())).collect();
    assert!(strangers.is_empty(), "not on the list in {}: {strangers:?}", file!());
}

#[test]
fn the_run_directory_knows_nothing_of_either_program() {
    assert_free_of("runlog", &["drumfire", "polars", "clap", "monoio", "toml", "tokio"]);
}

#[test]
fn the_two_programs_meet_in_the_run_directory_only() {
    assert_free_of("engine", &["drumfire-analyze", "drumfire-demo", "polars"]);
    assert_free_of("analyze", &["drumfire-demo", "monoio", "io-uring"]);
    assert!(!dependencies("analyze").contains("drumfire"), "`analyze` must know nothing of the engine");
    assert_free_of("demo", &["drumfire", "polars", "monoio"]);
}

/// The threads of the probes and of those who publish have runtimes of their own; workers drive their rings themselves.
#[test]
fn nothing_but_the_probes_and_the_publisher_runs_on_tokio() {
    let engine = root().join("engine/src");
    let uses_tokio = |path: &PathBuf| {
        let may = ["client.rs", "probe", "publish"].iter().any(|folder| path.starts_with(engine.join(folder)));
        !may && fs::read_to_string(path).expect("a text").contains("tokio::")
    };
    let others: Vec<PathBuf> = sources(&engine).into_iter().filter(uses_tokio).collect();
    assert!(others.is_empty(), "these use tokio: {others:#?}");
}

#[test]
fn the_tests_are_witnesses_and_share_no_code_with_what_they_test() {
    assert_free_of("tests", &["drumfire", "polars", "csv"]);
}

#[test]
fn the_map_covers_every_folder_there_is_and_names_no_other() {
    let root = root();
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    // The places are the words in backticks in the first column of its table.
    let first_cells = map.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let places: Vec<PathBuf> =
        first_cells.flat_map(|cell| cell.split('`').step_by(2)).map(|place| root.join(place.trim())).collect();
    let gone: Vec<&PathBuf> = places.iter().filter(|place| !place.is_dir()).collect();
    assert!(!places.is_empty() && gone.is_empty(), "the map names what is no folder: {gone:#?}");

    let top = entries(root).into_iter().filter(|path| path.is_dir());
    let unnamed: Vec<PathBuf> = top.filter(|folder| !places.iter().any(|place| place.starts_with(folder))).collect();
    assert!(unnamed.is_empty(), "the map names nothing in these: {unnamed:#?}");
    let modules = CRATES.iter().flat_map(|of| entries(&root.join(of).join("src"))).filter(|path| path.is_dir());
    let uncovered: Vec<PathBuf> =
        modules.filter(|folder| !places.iter().any(|place| folder.starts_with(place))).collect();
    assert!(uncovered.is_empty(), "the map covers none of these: {uncovered:#?}");
}

#[test]
fn the_tests_and_packs_that_the_requirements_table_names_are_there() {
    let root = root();
    let table = fs::read_to_string(root.join("docs/requirement.md")).expect("docs/requirement.md can be read");
    let quoted: Vec<&str> = table.split('`').skip(1).step_by(2).collect();
    let all: Vec<PathBuf> = CRATES.iter().flat_map(|of| sources(&root.join(of))).collect();
    let is_there = |(file, test): (&str, &str)| {
        let files = all.iter().filter(|path| path.file_stem().is_some_and(|stem| stem == file));
        files.filter_map(|path| fs::read_to_string(path).ok()).any(|text| text.contains(&format!("fn {test}()")))
    };
    let tests = quoted.iter().filter_map(|quoted| quoted.split_once("::")).filter(|(_, test)| *test != "NAME");
    let gone: Vec<_> = tests.clone().filter(|named| !is_there(*named)).collect();
    assert!(tests.count() > 20 && gone.is_empty(), "it names tests that are gone: {gone:#?}");

    let is_file = |quoted: &&&str| quoted.rsplit_once('.').is_some_and(|(_, ending)| ending == "toml");
    let is_gone = |file: &&&str| !root.join(file).is_file() && !root.join("scenarios").join(file).is_file();
    let gone: Vec<_> = quoted.iter().filter(is_file).filter(is_gone).collect();
    assert!(gone.is_empty(), "it names files that are gone: {gone:#?}");
    let packs = entries(&root.join("scenarios"));
    let unnamed: Vec<String> =
        packs.iter().map(|pack| name(pack)).filter(|pack| !quoted.contains(&pack.as_str())).collect();
    assert!(unnamed.is_empty(), "it does not say what these are for: {unnamed:#?}");
}
