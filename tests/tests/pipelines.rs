//! Pipelines at work: what those of `integrations/github` and `integrations/gitlab` do when their steps are run, and what whoever
//! uses them gets: summaries, reports, JUnit, exit codes, baselines.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use drumfire_tests::alone::alone;
use drumfire_tests::patience::{PATIENCE, eventually, persistently};
use drumfire_tests::pipeline::Ended;
use drumfire_tests::pipeline::github::{EndedJob, Repository};
use drumfire_tests::pipeline::gitlab::Project;
use drumfire_tests::program::{analyze, built, ends_within};
use drumfire_tests::python::recomputed;
use drumfire_tests::run::Run;
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::shop::{Shop, ask};
use drumfire_tests::workspace::root;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// What makes the products slow, but less so than the scenario's own thresholds allow.
const SLOW: &str = r#"{"query": "products", "delay": "120ms"}"#;
/// How a load of minutes by people who think becomes one of a second or two.
const SHORT: [(&str, &str); 2] = [("vars", "THINK=100ms..200ms"), ("rate-scale", "0.1")];

/// How a load that was made may end, where a test is not about how: on a busy machine it is not valid, or slow.
const COMPLETED: [i32; 3] = [0, 3, 99];

/// A free port of this machine.
fn free_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("http://{}", listener.local_addr().expect("it has an address"))
}

/// What a JUnit file says of each figure: `passed`, `failure`, `skipped`, `error`.
#[track_caller]
fn cases(junit: &Path) -> BTreeMap<String, String> {
    serde_json::from_value(recomputed("pipelines.py", junit)).expect("cases")
}

/// Measures again where it did not end with this code: on a busy machine a measurement is not valid, or slow.
fn until_it_ends_with<T>(wanted: i32, code: impl Fn(&T) -> i32, measure: impl FnMut() -> T) -> T {
    persistently(measure, |measured| code(measured) == wanted)
}

const SMOKE: &str = "scenarios/smoke.toml";
const BUDGETS: &str = "baselines/smoke.toml";

/// A scenario or baseline of this project in which nothing but medians has a narrow bound: a machine that stands still for a
/// moment makes some requests slow, and not most of them.
fn of_medians(path: &str) -> String {
    let text = fs::read_to_string(root().join(path)).expect("a file of this project");
    let wide = |line: &str| match line {
        _ if line.starts_with("condition = \"p(95) <") => "condition = \"p(95) < 1m\"".to_owned(),
        _ if line.starts_with("p95 = ") || line.starts_with("p99 = ") => format!("{}\"1m\"", &line[..6]),
        _ => line.to_owned(),
    };
    let widened = text.lines().map(|line| wide(line) + "\n").collect::<String>();
    assert_ne!(widened, text, "{path} has bounds on more than medians");
    widened
}

fn code_of_load(job: &EndedJob) -> i32 {
    job.step("Load").code
}

/// The job of a pull request whose service listens at a free port, with something done to it before the load.
fn smoke(repository: &Repository, before_load: impl Fn(&str)) -> EndedJob {
    let url = free_url();
    let job = repository.job("pull-request.yml", "smoke").env("BASE_URL", &url);
    let job = job.file(SMOKE, of_medians(SMOKE)).file(BUDGETS, of_medians(BUDGETS));
    // So little load that a busy machine copes with it.
    job.with("time-scale", "0.3").with("rate-scale", "0.15").run_with(|step| {
        if step == "Load" {
            before_load(&url);
        }
    })
}

#[test]
fn a_pull_request_that_slows_nothing_down_passes_and_leaves_what_there_is_to_read() {
    let _turn = alone();
    let (repository, job) = until_it_ends_with(
        0,
        |(_, job)| code_of_load(job),
        || {
            let repository = Repository::new(&[]);
            let job = smoke(&repository, |_| {});
            (repository, job)
        },
    );
    let load = job.assert_well().step("Load");
    assert_eq!((load.outputs["outcome"].as_str(), load.outputs["exit-code"].as_str()), ("passed", "0"));
    let built = ["Install Drumfire", "Load"].map(|step| job.step(&format!("{step} / Build Drumfire")).outcome);
    assert_eq!(built, ["success", "skipped"], "it is built once");

    let run = Run::at(&job.file("runs/smoke"));
    let driver = run.manifest()["engine"]["driver"].as_str().map(str::to_owned).expect("a driver");
    let summary = job.summary();
    for part in [
        "## ✅ smoke: passed",
        &format!("network by {driver}."),
        "### Held against the baseline",
        "| ✅ | products\\_list | p50 | passed | 50.0 ms |",
        "<summary>All figures</summary>",
        "[The report and all rows](https://github.example/smoke)",
    ] {
        assert!(summary.contains(part), "the summary lacks `{part}`\n{summary}");
    }
    for (output, opening) in [("report", "<!doctype html"), ("junit", "<?xml"), ("summary", "## ✅ smoke")] {
        let text = fs::read_to_string(job.file(&load.outputs[output])).expect(output);
        assert!(text.to_lowercase().starts_with(opening), "{output}");
    }
    let cases = cases(&job.file(&load.outputs["junit"]));
    assert_eq!((cases.len(), cases["products_list p50"].as_str()), (16, "passed"), "{cases:?}");
    assert!(cases.values().all(|outcome| outcome == "passed" || outcome == "skipped"), "{cases:?}");

    let kept = Run::at(&repository.artifact("smoke"));
    assert!(!kept.complete_rows().is_empty() && kept.path().join("report.html").is_file());
    assert_eq!(kept.manifest()["tags"]["pull_request"], "7");
}

#[test]
fn a_pull_request_that_makes_the_service_slow_fails_at_the_gate_and_says_so() {
    let _turn = alone();
    let slow = |url: &str| assert_eq!(ask(url, "POST", "/api/admin/slow-query", "demo-enterprise", SLOW).status, 200);
    let job = until_it_ends_with(99, code_of_load, || smoke(&Repository::new(&[]), slow));
    let load = job.step("Load");
    assert_eq!((load.code, job.is_well), (99, false), "{}", job.account());
    assert_eq!((load.outputs["outcome"].as_str(), load.outputs["exit-code"].as_str()), ("failed", "99"));
    let summary = job.summary();
    assert!(summary.starts_with("## ❌ smoke: "), "{summary}");
    assert!(summary.contains("| ❌ | products\\_list | p50 | regressed | 50.0 ms | 55.0 ms |"), "{summary}");
    assert!(job.step("Load / Measure").log.contains("::error title=Drumfire::smoke: "), "{}", job.account());
    assert_eq!(cases(&job.file(&load.outputs["junit"]))["products_list p50"], "failure");

    // What there is to read is there all the same.
    assert_eq!(job.step("Load / Upload the run").outcome, "success");
    assert!(job.file(&load.outputs["report"]).is_file());
    assert_eq!(job.step("Stop the service, and show what it said").outcome, "success");
}

#[test]
fn scheduled_loads_are_made_on_what_the_secret_names() {
    let _turn = alone();
    let shop = Shop::open();
    let secrets = [("STAGING_URL", shop.url()), ("STAGING_TOKEN", "demo-enterprise")];
    let repository = Repository::new(&secrets);
    for (workflow, scenario, baseline, time_scale) in [
        ("nightly.yml", "load", "baselines/journeys.toml", "0.004"),
        ("nightly.yml", "smoke", "baselines/smoke.toml", "0.1"),
        ("weekly.yml", "stress", "", "0.0008"),
        ("monthly.yml", "soak", "baselines/journeys.toml", "0.00015"),
    ] {
        let job = repository.job(workflow, "load").matrix(&json!({ "scenario": scenario, "baseline": baseline }));
        let job =
            SHORT.iter().fold(job, |job, (name, value)| job.with(name, value)).input("time-scale", time_scale).run();
        let load = job.step("Load");
        assert!(COMPLETED.contains(&load.code), "{}", job.account());
        assert_eq!(load.outputs.get("junit").is_some_and(|path| !path.is_empty()), !baseline.is_empty(), "{workflow}");
        let kept = Run::at(&repository.artifact(scenario));
        assert_eq!((kept.manifest()["target"].as_str(), kept.ended().as_str()), (Some(shop.url()), "completed"));
        assert!(!job.account().contains("demo-enterprise"), "{}", job.account());
        for file in fs::read_dir(kept.path()).expect("an artefact").flatten() {
            let text = fs::read_to_string(file.path()).expect("a text");
            assert!(!text.contains("demo-enterprise"), "the token is in {}", file.path().display());
        }
    }
}

#[test]
fn without_a_target_a_scheduled_load_asks_for_the_secret() {
    let job = Repository::new(&[]).job("nightly.yml", "load").matrix(&json!({ "scenario": "load" })).run();
    let asked = job.step("Ask for a target");
    assert!(asked.code == 2 && asked.log.contains("STAGING_URL"), "{}", job.account());
    assert_eq!((job.step("Load").outcome, job.is_well), ("skipped", false));
}

#[test]
fn a_new_baseline_is_measured_saved_and_proposed_and_runs_are_held_against_it() {
    let _turn = alone();
    let shop = Shop::open();
    let repository = Repository::new(&[("STAGING_URL", shop.url())]);
    let job = |name| repository.job("baseline.yml", name).input("time-scale", "0.02").input("propose", "true");
    for run in 1..=3 {
        let measured = until_it_ends_with(0, code_of_load, || {
            // GitHub starts a job that failed anew as well, without what it has left.
            let _ = fs::remove_dir_all(repository.artifact(&format!("run-{run}")));
            job("measure").matrix(&json!({ "run": run })).run()
        });
        measured.assert_well();
    }
    let saved = job("save").run();
    saved.assert_well();
    let summary = saved.summary();
    for part in ["[requests.products_list]", "[requests.products_list.noise]", "How far apart such runs are by chance"]
    {
        assert!(summary.contains(part), "the summary lacks `{part}`\n{summary}");
    }
    let baseline = repository.artifact("baseline").join("regression.toml");
    let gate = analyze().arg("gate").arg(repository.artifact("run-2")).arg("--baseline").arg(&baseline).finish();
    assert!(matches!(gate.code, Some(0 | 99)), "it is of the same scenario, whole and valid\n{}", gate.account());

    job("propose").run().assert_well();
    let asked = repository.asked_of_gh();
    assert!(asked.starts_with("pr\ncreate\n--base\nmain\n--head\nbaseline-4711-1\n"), "{asked}");
    let committed = repository.git(&["show", "baseline-4711-1:baselines/regression.toml"]);
    assert_eq!(committed, fs::read_to_string(baseline).expect("a baseline"));
    assert_eq!(repository.git(&["diff", "--name-only", "main", "baseline-4711-1"]), "baselines/regression.toml\n");
}

/// A scenario file in the workspace of an action's job, which is this project.
fn smoke_of<'a>(shop: &'a Shop, with: &[(&'a str, &'a str)]) -> EndedJob {
    let little = [("scenario", SMOKE), ("time-scale", "0.1"), ("rate-scale", "0.2")];
    let inputs = [&little, with].concat();
    Repository::new(&[]).action(&inputs).file(SMOKE, of_medians(SMOKE)).env("BASE_URL", shop.url()).run()
}

#[test]
fn what_is_handed_to_the_action_is_never_read_as_shell() {
    let _turn = alone();
    let shop = Shop::open();
    let hostile = "note=\"; touch pwned; $(touch pwned) `touch pwned` ' & touch pwned #\n\nplain=x y";
    let job = smoke_of(
        &shop,
        &[
            ("tags", hostile),
            ("vars", "UNUSED=$(touch pwned)\n"),
            ("out", "runs/$(touch pwned) ; x"),
            ("artifact", "kept"),
            ("flags", "--seed=7\n--pacing=frugal"),
        ],
    );
    assert!(COMPLETED.contains(&code_of_load(&job)), "{}", job.account());
    let run = Run::at(&job.file("runs/$(touch pwned) ; x"));
    assert_eq!(run.manifest()["tags"]["note"], hostile.lines().next().expect("a line")["note=".len()..]);
    assert_eq!((run.manifest()["tags"]["plain"].as_str(), run.manifest()["seed"].as_u64()), (Some("x y"), Some(7)));
    assert!(!job.file("pwned").exists());
    let named = job.step("Load").outputs["report"].clone();
    assert!(job.file(&named).is_file(), "{named}");
}

#[test]
fn exit_codes_are_told_apart() {
    let _turn = alone();
    let shop = Shop::open();
    let told = |job: &EndedJob| {
        let load = job.step("Load");
        (load.code, load.outputs["outcome"].clone(), load.outputs["exit-code"].clone())
    };
    let expected = |step: i32, outcome: &str, code: &str| (step, outcome.to_owned(), code.to_owned());

    let job = smoke_of(&shop, &[("scenario", "scenarios/none.toml")]);
    assert_eq!(told(&job), expected(2, "wrong-input", "2"), "{}", job.account());
    assert!(job.summary().contains("## ❌ none: the input is wrong") && job.step("Load").outputs["run"].is_empty());
    assert_eq!(job.step("Load / Upload the run").outcome, "skipped", "there is nothing to be uploaded");

    let job = smoke_of(&shop, &[("baseline", "baselines/none.toml")]);
    assert_eq!(told(&job), expected(2, "wrong-input", "2"), "{}", job.account());
    assert!(!job.file("runs").exists(), "no load is made that nothing can be held against");

    let wrong = [("baseline", BUDGETS), ("max-regression", "a lot")];
    let job = until_it_ends_with(2, code_of_load, || smoke_of(&shop, &wrong));
    assert_eq!(told(&job), expected(2, "wrong-input", "2"), "{}", job.account());
    assert!(job.file(&job.step("Load").outputs["report"]).is_file(), "the load was made, and has its report");

    // A token that nobody has: all requests are refused.
    let job = until_it_ends_with(99, code_of_load, || smoke_of(&shop, &[("vars", "TOKEN=nobody")]));
    assert_eq!(told(&job), expected(99, "failed", "99"), "{}", job.account());
    assert!(
        job.summary().contains("## ❌ smoke: a threshold does not hold") && job.summary().contains("<details open>")
    );

    drop(shop);
    let nowhere = free_url();
    let inputs = [("scenario", "scenarios/regression.toml"), ("time-scale", "0.01")];
    let job = Repository::new(&[]).action(&inputs).env("BASE_URL", &nowhere).run();
    assert_eq!(told(&job), expected(1, "error", "1"), "{}", job.account());
}

#[test]
fn a_measurement_that_is_not_valid_is_told_apart_and_may_pass_as_a_warning() {
    let _turn = alone();
    let shop = Shop::open();
    let scratch = Scratch::new();
    shop.post("/api/admin/slow-query", &serde_json::from_str(SLOW).expect("JSON"));
    // More than one connection can carry to a slow service: most of it is never sent.
    let products = "path = \"/api/products\"\nheaders = { Authorization = \"Bearer demo-enterprise\" }";
    let too_much = "executor = \"constant-arrival-rate\"\nrate = \"100/s\"\nduration = \"3s\"\nflow = \"products_list\"\n\
                    max_connections = 1\ngraceful_stop = \"0s\"";
    let scenario = Scenario::to(shop.url()).request("products_list", products).load("steady", too_much);
    let scenario = scratch.write("too-much.toml", &scenario.text()).display().to_string();
    let inputs = [("scenario", scenario.as_str()), ("baseline", "baselines/journeys.toml")];
    let job = smoke_of(
        &shop,
        &[&inputs[..], &[("time-scale", "1"), ("rate-scale", "1"), ("when-not-valid", "warn")]].concat(),
    );
    let load = job.assert_well().step("Load");
    assert_eq!((load.outputs["outcome"].as_str(), load.outputs["exit-code"].as_str()), ("not-valid", "3"));
    let summary = job.summary();
    assert!(summary.starts_with("## ⚠️ too-much: not a valid measurement\n\nExit code 3: "), "{summary}");
    assert!(job.step("Load / Measure").log.contains("::warning title=Drumfire::too-much: "), "{}", job.account());
    let cases = cases(&job.file(&load.outputs["junit"]));
    assert!(cases.values().all(|outcome| outcome == "error"), "{cases:?}");
}

#[test]
fn a_pipeline_that_is_cancelled_leaves_a_whole_run() {
    let _turn = alone();
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let programs = built("drumfire").expect("built").parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
    let mut child = Command::new(root().join("integrations/ci/measure"))
        .current_dir(scratch.path())
        .envs([
            ("PATH", path.as_str()),
            ("BASE_URL", shop.url()),
            ("DRUMFIRE_TIME_SCALE", "10"),
            ("DRUMFIRE_OUT", "run"),
        ])
        .env("DRUMFIRE_SCENARIO", root().join("scenarios/smoke.toml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it can be started");
    let rows = scratch.join("run/requests-00.csv");
    eventually("rows are written", || fs::metadata(&rows).ok().filter(|file| file.len() > 1000));
    // As runners do it: the shell alone is told.
    kill_process(Pid::from_child(&child), Signal::INT).expect("a program of ours takes signals");
    assert!(ends_within(&child, PATIENCE), "it ends");
    assert_eq!(child.wait().expect("a child").code(), Some(130));
    let run = scratch.run("run");
    assert_eq!(run.ended(), "interrupted");
    assert!(!run.complete_rows().is_empty());
    let summary = fs::read_to_string(scratch.join("run/summary.md")).expect("a summary");
    assert!(summary.starts_with("## ⚠️ smoke: interrupted\n\nExit code 130: "), "{summary}");
    assert!(scratch.join("run/report.html").is_file());
}

#[test]
fn gitlab_builds_once_and_holds_merge_requests_and_nights_against_their_baselines() {
    let _turn = alone();
    let shop = Shop::open();
    let project = Project::new(&[("STAGING_URL", shop.url())]);
    let built = project.run("drumfire", &[]);
    assert_eq!(built.code, 0, "{}", built.log);
    assert!(built.log.contains("stand-in for cargo: built"));

    let smoke = project.run("smoke", &[("BASE_URL", &free_url()), ("DRUMFIRE_TIME_SCALE", "0.1")]);
    assert!(COMPLETED.contains(&smoke.code), "{}", smoke.log);

    shop.post("/api/admin/slow-query", &serde_json::from_str(SLOW).expect("JSON"));
    let short =
        [("DRUMFIRE_VARS", "THINK=100ms..200ms"), ("DRUMFIRE_RATE_SCALE", "0.1"), ("DRUMFIRE_TIME_SCALE", "0.004")];
    let load = until_it_ends_with(
        99,
        |ended: &Ended| ended.code,
        || {
            let _ = fs::remove_dir_all(project.file("runs/load"));
            project.run("load", &short)
        },
    );
    assert_eq!(load.code, 99, "{}", load.log);
    let cases: Vec<BTreeMap<String, String>> = project.junit().iter().map(|junit| cases(junit)).collect();
    assert_eq!(cases.len(), 2, "of the smoke test and of the load");
    assert!(cases.iter().any(|cases| cases["products_list p50"] == "failure"), "{cases:?}");
    let tags = &Run::at(&project.file("runs/load")).manifest()["tags"];
    assert_eq!(tags["pipeline"], "4711");
    assert_eq!(project.job("smoke")["retry"], json!({ "max": 1, "exit_codes": 3 }));
}

#[test]
fn gitlab_saves_a_baseline_of_several_runs() {
    let _turn = alone();
    let shop = Shop::open();
    let project = Project::new(&[("STAGING_URL", shop.url())]);
    assert_eq!(project.run("drumfire", &[]).code, 0);
    for run in ["1", "2"] {
        let measured = until_it_ends_with(
            0,
            |ended: &Ended| ended.code,
            || {
                let _ = fs::remove_dir_all(project.file("runs").join(format!("run-{run}")));
                project.run_as("measure", &[("CI_NODE_INDEX", run)], &[("DRUMFIRE_TIME_SCALE", "0.02")])
            },
        );
        assert_eq!(measured.code, 0, "{}", measured.log);
    }
    let saved = project.run("save", &[]);
    assert_eq!(saved.code, 0, "{}", saved.log);
    let baseline = fs::read_to_string(project.file("baselines/regression.toml")).expect("a baseline");
    assert!(baseline.contains("[requests.products_list.noise]"), "{baseline}");
}
