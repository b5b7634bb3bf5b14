//! What people get to read when their scenario is wrong: `bad_input/NAME.toml` and beside it the message, `NAME.txt`.
//!
//! `UPDATE_EXPECTED=1 cargo test --test bad_input` writes the messages anew, to be read before they are committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use engine::scenario::{self, Variables};
use proptest::prelude::*;
use runlog::tags::Tags;

fn check(file: &str, text: String) -> Result<scenario::Scenario, scenario::Error> {
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    scenario::check(file, "stem", text, &variables, &Tags::new())
}

#[test]
fn every_mistake_is_told_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_input");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Err(error) = check(&name, fs::read_to_string(&path).expect("text")) else {
            panic!("{name} was accepted");
        };
        let told = format!("{error}\n");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &told).expect("written");
        }
        if fs::read_to_string(&expected).unwrap_or_default() != told {
            wrong.push(format!("{name} is told so:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_cannot_be_read_as_text_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.toml");
    let load = |path: &Path| {
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        scenario::load(path, &variables, &Tags::new()).expect_err("unreadable").to_string()
    };
    assert!(load(&path).ends_with("s.toml: there is no such file"), "{}", load(&path));
    assert!(load(folder.path()).ends_with(": it is a directory"), "{}", load(folder.path()));
    fs::write(&path, b"a = 1\nb = '\xff'").expect("written");
    assert!(load(&path).ends_with(": it is not UTF-8 text (line 2)"), "{}", load(&path));
    fs::File::create(&path).and_then(|file| file.set_len(17 << 20)).expect("written");
    assert!(load(&path).ends_with(": it is larger than 16 MiB"), "{}", load(&path));
}

#[test]
fn a_mistake_on_a_line_that_nobody_could_read_is_told_without_it() {
    let long = "x".repeat(100_000);
    let error = check("long.toml", format!("name = 5 # {long}")).expect_err("no name").to_string();
    assert!(error.len() < 2000, "{}", error.len());
    assert!(error.contains("long.toml:1:8"), "{error}");
}

const SMOKE: &str = include_str!("../../scenarios/smoke.toml");

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        edits in proptest::collection::vec((0.0..1.0_f64, 0_usize..40, "[\\PC\n\t\u{0}\u{feff}]{0,3}|[\\[\\]{}=\"'$.,\n0-9-]{0,6}|[a-z_]{1,8}"), 1..6),
    ) {
        let mut text = SMOKE.to_owned();
        for (place, length, new) in edits {
            let start = text.floor_char_boundary((text.len() as f64 * place) as usize);
            let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
            text.replace_range(start..end, &new);
        }
        match check("mutated.toml", text) {
            Ok(scenario) => {
                let options = engine::plan::Options { seed: 0, time_scale: 0.5, rate_scale: 0.01 };
                let target = engine::plan::Target::new(&scenario.target, |_, port| Ok(vec![([127, 0, 0, 1], port).into()]));
                let Ok(target) = target else { return Ok(()) };
                let plan = engine::plan::compile(&scenario, &options, &engine::plan::Captured::new(), target);
                engine::check::describe(&plan.expect("in bounds"), &[], 1024);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
