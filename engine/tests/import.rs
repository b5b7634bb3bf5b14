//! What `drumfire import` makes of the files of others: `import/NAME.{har,js,json,sh,yaml}`, and beside it `NAME.toml`.
//!
//! `UPDATE_EXPECTED=1 cargo test --test import` writes the scenarios anew, to be read before they are committed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::import::{Kind, from_text};
use engine::scenario::{self, Variables};
use runlog::tags::Tags;

/// Every file of another tool, with its kind.
fn inputs() -> io::Result<Vec<(PathBuf, Kind)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let kind = |path: &Path| match path.extension()?.to_str()? {
        "har" => Some(Kind::Har),
        "json" | "yaml" => Some(Kind::Openapi),
        "js" => Some(Kind::K6),
        "sh" => Some(Kind::Curl),
        _ => None,
    };
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        inputs.extend(kind(&path).map(|kind| (path, kind)));
    }
    inputs.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(inputs)
}

#[test]
fn every_file_becomes_the_scenario_beside_it() {
    let mut wrong = Vec::new();
    for (path, kind) in inputs().expect("the folder") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let imported = from_text(kind, &name, &fs::read_to_string(&path).expect("text")).expect("a scenario");
        let expected = path.with_extension("toml");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &imported.text).expect("written");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != imported.text {
            wrong.push(format!("{name} becomes:\n{}", imported.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scenario_is_accepted() {
    let mut wrong = Vec::new();
    for (path, kind) in inputs().expect("the folder") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let imported = from_text(kind, &name, &fs::read_to_string(&path).expect("text")).expect("a scenario");
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        if let Err(error) = scenario::check(&name, "imported", imported.text, &variables, &Tags::new()) {
            wrong.push(error.to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
