//! The JSON Schema of a scenario file: that its copy in `docs` is current, and that an independent validator takes it as meant.
//!
//! `UPDATE_EXPECTED=1 cargo test --test schema` writes the copy anew.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use engine::schema;
use jsonschema::Validator;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the engine is in the workspace's folder").to_owned()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema::schema()).expect("a schema")
}

fn toml(text: &str) -> Value {
    toml::from_str(text).expect(text)
}

/// What is wrong with a file, all of it in a line.
fn complaints(text: &str) -> String {
    let wrong: Vec<String> =
        validator().iter_errors(&toml(text)).map(|error| format!("{}: {}", error.instance_path(), error)).collect();
    wrong.join("; ")
}

#[test]
fn the_copy_in_docs_is_what_is_printed() {
    let copy = root().join("docs/scenario.schema.json");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&copy, schema::text()).expect("written");
    }
    let is_current = fs::read_to_string(&copy).is_ok_and(|copy| copy == schema::text());
    assert!(
        is_current,
        "docs/scenario.schema.json is not what `drumfire schema` prints: UPDATE_EXPECTED=1 writes it anew"
    );
}

#[test]
fn it_is_a_schema() {
    jsonschema::draft202012::meta::validate(&schema::schema()).expect("a schema of draft 2020-12");
}

#[test]
fn the_scenarios_of_the_project_pass() {
    for entry in fs::read_dir(root().join("scenarios")).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            assert_eq!(complaints(&fs::read_to_string(&path).expect("text")), "", "{}", path.display());
        }
    }
}

#[test]
fn what_the_program_says_of_unknown_keys_the_schema_says_too() {
    let mut found = 0;
    for entry in fs::read_dir(root().join("engine/tests/bad_input")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let told = fs::read_to_string(path.with_extension("txt")).expect("the message");
        if path.extension().is_none_or(|extension| extension != "toml") || !told.contains("unknown key `") {
            continue;
        }
        let complaints = complaints(&fs::read_to_string(&path).expect("text"));
        for key in told.lines().filter_map(|line| line.strip_prefix("unknown key `")?.split('`').next()) {
            let is_named = complaints.contains(&format!("'{key}'"));
            assert!(is_named, "{}: nothing about `{key}` in: {complaints}", path.display());
            found += 1;
        }
    }
    assert!(found > 1, "no unknown keys in bad_input");
}

#[test]
fn every_example_and_every_default_is_right_by_its_own_key() {
    fn walk(node: &Value, definitions: &Value, seen: &mut usize) {
        let values = node["examples"].as_array().into_iter().flatten().chain(node.get("default"));
        for value in values.filter(|_| node.get("description").is_some()) {
            let mut schema = node.clone();
            schema["$defs"] = definitions.clone();
            let validator = jsonschema::draft202012::new(&schema).expect("a schema");
            let wrong: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{value}: {wrong:?} by {node:#}");
            *seen += 1;
        }
        match node {
            Value::Object(entries) => entries
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "examples" | "default"))
                .for_each(|(_, node)| walk(node, definitions, seen)),
            Value::Array(nodes) => nodes.iter().for_each(|node| walk(node, definitions, seen)),
            _ => {}
        }
    }
    let schema = schema::schema();
    let mut seen = 0;
    walk(&schema, &schema["$defs"], &mut seen);
    assert!(seen > 100, "{seen}");
}

/// A file that is right, with a piece at its end.
fn with(piece: &str) -> String {
    format!("[target]\nbase_url = \"http://h\"\n[requests.home]\npath = \"/\"\n{piece}")
}

fn with_scenario(keys: &str) -> String {
    with(&format!("[[scenarios]]\n{keys}"))
}

const SCENARIO: &str = "[[scenarios]]\nexecutor = \"constant-vus\"\nvus = 1\nduration = \"1s\"\n";

#[test]
fn an_executor_has_its_own_keys() {
    for (keys, wanted) in [
        ("executor = 'constant-vus'\nvus = 3\nduration = '1m'\npipeline = 4", ""),
        ("executor = 'ramping-vus'\nstages = [{ duration = '1m', target = 3 }]", ""),
        ("executor = 'ramping-arrival-rate'\nstages = [{ duration = '1m', target = '3/s' }]", ""),
        ("executor = 'replay'\ntrace = 'access.log'\nspeed = 2.5", ""),
        ("executor = 'shared-iterations'", ""),
        ("executor = 'ramping-vus'\nstages = [{ duration = '1m', target = '3/s' }]", "/scenarios/0/stages/0/target"),
        ("executor = 'constant-vus'\nvus = 3\nduration = '1m'\nrate = '3/s'", "'rate' was unexpected"),
        ("executor = 'constant-vus'\nvus = 3", "\"duration\" is a required"),
        ("executor = 'replay'\ntrace = 'x'\nflow = 'home'", "'flow' was unexpected"),
        ("executor = 'constant-rate'\nrate = '3/s'", "/scenarios/0/executor"),
        ("rate = '3/s'", "\"executor\" is a required"),
    ] {
        let complaints = complaints(&with_scenario(keys));
        assert!(complaints.contains(wanted) && complaints.is_empty() == wanted.is_empty(), "{keys}: {complaints}");
    }
}

#[test]
fn a_step_is_of_one_kind() {
    for (step, wanted) in [
        ("{ request = 'home', if = 'status == 200', capture = { a = 'json:/a' } }", ""),
        ("{ think = 'lognormal(2s, 0.5)' }", ""),
        ("{ repeat = '1..5', steps = [{ group = 'g', steps = [{ think = '1s' }] }] }", ""),
        ("{ if = 'vars.a exists', steps = [{ request = 'home' }], else = [] }", ""),
        ("{ request = 'home', think = '1s' }", "'think' was unexpected"),
        ("{ think = '1s', capture = { a = 'body' } }", "'capture' was unexpected"),
        ("{ repeat = 3, steps = [{ request = 'home', thnik = '1s' }] }", "'thnik' was unexpected"),
        ("{ repeat = 3 }", "\"steps\" is a required"),
        ("{ vars = {} }", "/flows/f/0"),
    ] {
        let complaints = complaints(&with(&format!("[flows]\nf = [{step}]\n{SCENARIO}")));
        assert!(complaints.contains(wanted) && complaints.is_empty() == wanted.is_empty(), "{step}: {complaints}");
    }
}

#[test]
fn a_quantity_has_its_unit_or_holds_a_variable() {
    for (duration, is_right) in [
        ("'1h30m'", true),
        ("' 1.5s '", true),
        ("'10µs'", true),
        ("'${LONG:-5m}'", true),
        ("'5'", false),
        ("'1.s'", false),
        ("'-1s'", false),
        ("5", false),
    ] {
        let file = with_scenario(&format!("executor = 'constant-vus'\nvus = '${{VUS:-3}}'\nduration = {duration}"));
        assert_eq!(complaints(&file).is_empty(), is_right, "{duration}: {}", complaints(&file));
    }
    for (rate, is_right) in
        [("'90/m'", true), ("'0.5 / s'", true), ("'100'", false), ("'1/week'", false), ("100", false)]
    {
        let file = with_scenario(&format!("executor = 'constant-arrival-rate'\nduration = '1s'\nrate = {rate}"));
        assert_eq!(complaints(&file).is_empty(), is_right, "{rate}: {}", complaints(&file));
    }
    for (vus, is_right) in [("1", true), ("0", false), ("1.5", false), ("'3'", false), ("'${VUS}'", true)] {
        let file = with_scenario(&format!("executor = 'constant-vus'\nduration = '1s'\nvus = {vus}"));
        assert_eq!(complaints(&file).is_empty(), is_right, "{vus}: {}", complaints(&file));
    }
}

#[test]
fn a_file_that_others_include_needs_no_target_and_any_other_does() {
    assert_eq!(complaints("[requests.home]\npath = \"/\"\n[vars]\ntier = \"free\""), "");
    assert!(complaints("name = \"x\"").contains("\"target\" is a required"));
    assert!(complaints(&with("")).contains("\"scenarios\" is a required"));
    assert!(!validator().is_valid(&json!({})));
}
