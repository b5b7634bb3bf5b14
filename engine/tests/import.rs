//! What `drumfire import` makes of the files of others: `import/NAME.{har,js,json,sh,yaml}`, and beside it `NAME.toml`.
//!
//! `UPDATE_EXPECTED=1 cargo test --test import` writes the scenarios anew, to be read before they are committed.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::import::{Kind, from_text};
use engine::scenario::{self, Variables};
use runlog::manifest::Tags;

/// What today's scenarios do not know yet.
const NEW_KEYS: [&str; 11] = [
    "[vars]",
    "\nvars = ",
    "per-vu-iterations",
    "shared-iterations",
    "start_time",
    "graceful_ramp_down",
    "abort_on_fail",
    "follow_redirects",
    "{{",
    "duration <",
    "duration >",
];

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

/// The scenarios that are not accepted, with the reasons.
fn refused(wanted: impl Fn(&str) -> bool) -> io::Result<String> {
    let mut wrong = Vec::new();
    for (path, _) in inputs()? {
        let text = fs::read_to_string(path.with_extension("toml"))?;
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        if wanted(&text)
            && let Err(error) = scenario::check(&path.display().to_string(), "imported", text, &variables, &Tags::new())
        {
            wrong.push(error.to_string());
        }
    }
    Ok(wrong.join("\n"))
}

fn has_new_keys(text: &str) -> bool {
    NEW_KEYS.iter().any(|key| text.contains(key))
}

#[test]
fn every_scenario_is_accepted() {
    let refused = refused(|text| !has_new_keys(text)).expect("files");
    assert!(refused.is_empty(), "{refused}");
}

#[test]
#[ignore = "needs the new keys"]
fn every_scenario_with_the_new_keys_is_accepted() {
    let refused = refused(has_new_keys).expect("files");
    assert!(refused.is_empty(), "{refused}");
}
