//! The files of pipelines, as GitHub and GitLab read them: what `integrations/github` and `integrations/gitlab` say is in order.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use drumfire_tests::pipeline::yaml;
use drumfire_tests::python::{brought, python};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::workspace::root;
use serde_json::{Value, json};
use toml::Table;

const JOURNEYS: [&str; 4] = ["products_list", "products_search", "orders_create", "reports_generate"];

fn github() -> PathBuf {
    root().join("integrations/github")
}

fn gitlab() -> PathBuf {
    root().join("integrations/gitlab/drumfire.gitlab-ci.yml")
}

/// The workflows, by the names of their files.
fn workflows() -> BTreeMap<String, Value> {
    let files = fs::read_dir(github().join("workflows")).expect("the workflows").flatten();
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), yaml(&file.path()))).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// The jobs of all workflows, each with the names of its file and its own.
fn jobs() -> Vec<(String, Value)> {
    let of_file = |(file, workflow): (String, Value)| {
        let jobs = workflow["jobs"].as_object().cloned().unwrap_or_default();
        jobs.into_iter().map(move |(name, job)| (format!("{file}: {name}"), job))
    };
    workflows().into_iter().flat_map(of_file).collect()
}

/// The steps of the action and of all jobs.
fn steps() -> Vec<Value> {
    let action = yaml(&github().join("action.yml"));
    let of_jobs = jobs().into_iter().flat_map(|(_, job)| list(&job, "steps").cloned().collect::<Vec<_>>());
    list(&action["runs"], "steps").cloned().chain(of_jobs).collect()
}

#[test]
fn is_what_github_and_gitlab_take() {
    let folder = github();
    let mut files: Vec<(PathBuf, &str)> =
        workflows().into_keys().map(|name| (folder.join("workflows").join(name), "github-workflows")).collect();
    files.push((folder.join("action.yml"), "github-actions"));
    files.push((gitlab(), "gitlab-ci"));
    assert_eq!(files.len(), 7, "pull request, night, week, month, baseline; the action; GitLab");
    for (file, schema) in files {
        let schema = brought(&format!("check_jsonschema/builtin_schemas/vendor/{schema}.json"));
        let schema: Value = serde_json::from_slice(&fs::read(schema).expect("a schema")).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let wrong: Vec<String> =
            validator.iter_errors(&yaml(&file)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.display());
    }
}

#[test]
fn is_shell_that_shellcheck_has_nothing_to_say_of() {
    let scratch = Scratch::new();
    let mut scripts: Vec<PathBuf> =
        ["build", "measure"].iter().map(|name| root().join("integrations/ci").join(name)).collect();
    let of_steps = steps().iter().filter_map(|step| step["run"].as_str().map(str::to_owned)).collect::<Vec<_>>();
    let file = yaml(&gitlab());
    let of_gitlab = file.as_object().expect("jobs").values().map(|job| {
        let lines = list(job, "before_script").chain(list(job, "script")).filter_map(Value::as_str);
        lines.collect::<Vec<_>>().join("\n")
    });
    for (number, script) in of_steps.into_iter().chain(of_gitlab).enumerate() {
        scripts.push(scratch.write(&format!("{number}.sh"), &format!("#!/usr/bin/env bash\n{script}")));
    }
    let shellcheck = python().expect("tests/install").with_file_name("shellcheck");
    let checked = Command::new(shellcheck).args(&scripts).output().expect("shellcheck can be started");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(scripts.len() > 15, "there are scripts to be checked");
}

#[test]
fn never_puts_an_expression_into_shell_text_and_stops_at_the_first_mistake() {
    for step in steps().iter().filter(|step| step["run"].is_string()) {
        assert!(!step["run"].as_str().expect("a script").contains("${{"), "by the environment alone: {step}");
    }
    let strict = json!("bash -euo pipefail {0}");
    let action = yaml(&github().join("action.yml"));
    let own: Vec<&Value> = list(&action["runs"], "steps").filter(|step| step["run"].is_string()).collect();
    assert!(own.len() > 2 && own.iter().all(|step| step["shell"] == strict));
    assert!(workflows().values().all(|workflow| workflow["defaults"]["run"]["shell"] == strict));
}

#[test]
fn takes_actions_of_others_at_a_commit() {
    let others = steps();
    let others = others.iter().filter_map(|step| step["uses"].as_str()).filter(|uses| !uses.starts_with("./"));
    let mut seen = 0;
    for uses in others {
        let (_, version) = uses.split_once('@').expect("an action has a version");
        assert!(version.len() == 40 && version.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uses}");
        seen += 1;
    }
    assert!(seen > 10);
}

#[test]
fn asks_for_no_more_than_it_needs_and_for_so_long() {
    for (name, workflow) in workflows() {
        assert_eq!(workflow["permissions"], json!({ "contents": "read" }), "{name}");
        assert!(workflow["concurrency"]["group"].is_string(), "{name}");
    }
    for (name, job) in jobs() {
        let minutes = job["timeout-minutes"].as_u64().unwrap_or_else(|| panic!("{name} has a bound"));
        assert!(minutes < 360, "GitHub's own runners end a job after six hours: {name}");
        let may_write = job["permissions"].is_object();
        assert_eq!(may_write, name == "baseline.yml: propose", "{name}");
        let checkouts = list(&job, "steps").filter(|step| step["with"]["persist-credentials"].is_boolean());
        for step in checkouts {
            assert_eq!(step["with"]["persist-credentials"], may_write, "{name}");
        }
    }
}

#[test]
fn leaves_a_soak_of_four_hours_time_for_the_build() {
    let soak: Table = fs::read_to_string(root().join("scenarios/soak.toml")).expect("soak").parse().expect("TOML");
    let stages = soak["scenarios"][0]["stages"].as_array().expect("stages");
    let minutes = |stage: &toml::Value| match stage["duration"].as_str().expect("a duration") {
        "4h" => 240,
        text => text.trim_end_matches('m').parse::<u64>().expect("minutes"),
    };
    let load: u64 = stages.iter().map(minutes).sum();
    let jobs: BTreeMap<String, Value> = jobs().into_iter().collect();
    assert!(jobs["monthly.yml: load"]["timeout-minutes"].as_u64().expect("a bound") > load + 60, "{load}");
}

#[test]
fn names_scenarios_and_baselines_that_are_there() {
    let mut named: Vec<String> = Vec::new();
    for (_, job) in jobs() {
        for entry in list(&job["strategy"]["matrix"], "include") {
            named.push(format!("scenarios/{}.toml", entry["scenario"].as_str().expect("a scenario")));
            named.extend(entry["baseline"].as_str().map(str::to_owned));
        }
        for step in list(&job, "steps") {
            let with = [&step["with"]["scenario"], &step["with"]["baseline"]].into_iter().filter_map(Value::as_str);
            named.extend(with.filter(|path| !path.contains("${{")).map(str::to_owned));
        }
    }
    for job in yaml(&gitlab()).as_object().expect("jobs").values() {
        let variables = [&job["variables"]["DRUMFIRE_SCENARIO"], &job["variables"]["DRUMFIRE_BASELINE"]];
        named.extend(variables.into_iter().filter_map(Value::as_str).map(str::to_owned));
    }
    assert!(named.len() > 25, "{named:?}");
    for path in named {
        assert!(root().join(&path).is_file(), "there is no {path}");
    }
}

/// One requirement, whichever file has its figures.
#[test]
fn the_budgets_are_those_of_the_requirement_in_every_baseline() {
    let baseline = |name: &str| -> Table {
        let text = fs::read_to_string(root().join("baselines").join(name)).expect("a baseline");
        text.parse().expect("a baseline is TOML")
    };
    let [requirement, journeys, smoke] = ["requirement.toml", "journeys.toml", "smoke.toml"].map(baseline);
    assert_eq!(journeys["requests"], requirement["requests"]);
    assert_eq!(JOURNEYS.len(), journeys["requests"].as_table().expect("requests").len());
    for request in JOURNEYS {
        let own = request.replace("reports_generate", "reports_inventory");
        assert_eq!(smoke["requests"][&own], requirement["requests"][request], "{own}");
    }
}
