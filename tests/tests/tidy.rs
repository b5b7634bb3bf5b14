//! Tidiness: what the project says of its own order is true.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in the workspace's folder").to_owned()
}

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
    let silent: Vec<PathBuf> = sources(&root())
        .into_iter()
        .filter(|path| !fs::read_to_string(path).expect("a source file is a text").starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "these do not open with `//!`: {silent:#?}");
}

#[test]
fn the_root_holds_what_it_should_and_nothing_else() {
    let found: BTreeSet<String> = entries(&root()).iter().map(|path| name(path)).collect();
    let strangers: Vec<&String> = found.iter().filter(|name| !ROOT.contains(&name.as_str())).collect();
    assert!(strangers.is_empty(), "not on the list in {}: {strangers:?}", file!());
}

#[test]
fn the_run_directory_knows_nothing_of_either_program() {
    assert_free_of("runlog", &["drumfire", "polars", "clap", "monoio", "toml", "tokio"]);
}

#[test]
fn the_two_programs_meet_in_the_run_directory_only() {
    assert_free_of("engine", &["drumfire-analyze", "drumfire-demo", "polars", "tokio"]);
    assert_free_of("analyze", &["drumfire-demo", "monoio", "io-uring"]);
    assert!(!dependencies("analyze").contains("drumfire"), "`analyze` must know nothing of the engine");
    assert_free_of("demo", &["drumfire", "polars", "monoio"]);
}

#[test]
fn the_tests_are_witnesses_and_share_no_code_with_what_they_test() {
    assert_free_of("tests", &["drumfire", "polars", "csv"]);
}

#[test]
fn the_map_names_every_folder_there_is_and_no_other() {
    let root = root();
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md can be read");
    let named: BTreeSet<&str> = map
        .split(|c: char| c.is_whitespace() || "`()[],;:│├└─".contains(c))
        .filter_map(|word| word.strip_suffix('/'))
        .filter(|word| !word.is_empty() && !word.contains("//"))
        .collect();
    let is_named = |folder: &Path| {
        let path = folder.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        named.contains(path.as_str()) || named.contains(name(folder).as_str())
    };
    let modules = CRATES.iter().flat_map(|of| entries(&root.join(of).join("src")));
    let folders: Vec<PathBuf> = entries(&root).into_iter().chain(modules).filter(|path| path.is_dir()).collect();
    let missing: Vec<&PathBuf> = folders.iter().filter(|folder| !is_named(folder)).collect();
    assert!(missing.is_empty(), "the map does not name these: {missing:#?}");

    let exists = |named: &str| {
        let anywhere =
            [root.join(named)].into_iter().chain(CRATES.iter().map(|of| root.join(of).join("src").join(named)));
        anywhere.into_iter().any(|path| path.is_dir()) || folders.iter().any(|folder| folder.join(named).is_dir())
    };
    let gone: Vec<&&str> = named.iter().filter(|named| !exists(named)).collect();
    assert!(gone.is_empty(), "the map names what is not there: {gone:?}");
}
