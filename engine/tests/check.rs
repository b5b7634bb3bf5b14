//! `drumfire check`: the whole text for the smoke scenario, and that it shows no secret.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::path::Path;

use engine::plan::{Options, Part, Plan, Target, compile, errand, unknown_captures};
use engine::scenario::{self, Variables};
use runlog::tags::Tags;

fn smoke(given: &[(&str, &str)], options: Options) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke.toml");
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let variables = Variables { given, environment: &|_| None };
    let scenario = scenario::load(&path, &variables, &Tags::new()).expect("a scenario");
    let target = Target::new(&scenario.target, |_, port| Ok(vec![([127, 0, 0, 1], port).into()])).expect("a target");
    compile(&scenario, &options, &unknown_captures(&scenario), target).expect("a plan")
}

#[test]
fn the_smoke_scenario_reads_like_this() {
    let text = engine::check::describe(&smoke(&[], Options::with_seed(1)), &[], 1024);
    let text = text.replace(concat!("drumfire/", env!("CARGO_PKG_VERSION")), "drumfire/VERSION");
    insta::assert_snapshot!(text);
}

#[test]
fn a_setup_is_shown_before_what_it_is_for() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/load.toml");
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let scenario = scenario::load(&path, &variables, &Tags::new()).expect("a scenario");
    let target = Target::new(&scenario.target, |_, port| Ok(vec![([127, 0, 0, 1], port).into()])).expect("a target");
    let captured = unknown_captures(&scenario);
    let plan = compile(&scenario, &Options::with_seed(1), &captured, target.clone()).expect("a plan");
    let setup = errand(&scenario, Part::Setup, 1, &captured, &target).expect("a setup");
    let text = engine::check::describe(&plan, &[(Part::Setup, setup)], 1024);
    insta::assert_snapshot!(text.replace(concat!("drumfire/", env!("CARGO_PKG_VERSION")), "drumfire/VERSION"));
}

#[test]
fn loads_that_come_one_after_the_other_are_not_added_up() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/tiers.toml");
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let scenario = scenario::load(&path, &variables, &Tags::new()).expect("a scenario");
    let target = Target::new(&scenario.target, |_, port| Ok(vec![([127, 0, 0, 1], port).into()])).expect("a target");
    let plan = compile(&scenario, &Options::with_seed(1), &unknown_captures(&scenario), target).expect("a plan");
    let text = engine::check::describe(&plan, &[], 1024);
    assert!(text.contains("  peak rate   10,000/s\n"), "{text}");
}

#[test]
fn scaled_down_and_short_of_files_it_says_so() {
    let plan = smoke(&[], Options { seed: 1, time_scale: 0.1, rate_scale: 0.5 });
    let text = engine::check::describe(&plan, &[], 100);
    assert!(text.contains("ulimit -n"), "{text}");
    assert!(text.contains("at 100/s"), "{text}");
    assert!(text.contains("at 3 VUs"), "{text}");
}

#[test]
fn a_secret_is_sent_but_nowhere_shown() {
    let plan = smoke(&[("TOKEN", "hunter2")], Options::with_seed(1));
    let sent = String::from_utf8(plan.messages[0].fixed.as_deref().expect("nothing changes").to_vec()).expect("text");
    assert!(sent.contains("Authorization: Bearer hunter2\r\n"), "{sent}");
    let text = engine::check::describe(&plan, &[], 1024);
    assert!(text.contains("Authorization: Bearer [redacted]"), "{text}");
    assert!(!text.contains("hunter2") && !plan.resolved.to_string().contains("hunter2"));
}

#[test]
fn an_unknown_host_is_named() {
    let given = BTreeMap::from([("BASE_URL".to_owned(), "http://shop.invalid".to_owned())]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/smoke.toml");
    let scenario = scenario::load(&path, &Variables { given, environment: &|_| None }, &Tags::new()).expect("valid");
    let unknown = |_: &str, _| Err(std::io::Error::other("nobody knows it"));
    let error = Target::new(&scenario.target, unknown).expect_err("unknown");
    assert_eq!(error.to_string(), "cannot find the host `shop.invalid` of http://shop.invalid: nobody knows it");
}

#[test]
fn how_connections_are_made_is_shown_where_it_is_not_as_always() {
    let text = "[target]\nbase_url = 'https://shop.example'\nproxy = 'http://127.0.0.1:3128'\nconnect_timeout = '1s'\n\
        first_byte_timeout = '2s'\nsource_addresses = ['127.0.0.2', '127.0.0.3']\ndns = '30s'\n\
        [target.tls]\ninsecure = true\nresumption = false\n\
        [requests.list]\npath = '/'\n[flows]\nlook = [{ request = 'list' }]\n\
        [[scenarios]]\nname = 's'\nexecutor = 'constant-vus'\nvus = 2\nduration = '1s'\nflow = 'look'\n\
        requests_per_connection = 10\nchurn = '5/s'\nwarm_up = true\n";
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let scenario =
        scenario::check("s.toml", "s", text.to_owned(), &variables, &Tags::new()).unwrap_or_else(|e| panic!("{e}"));
    let target = Target::new(&scenario.target, |_, port| Ok(vec![([127, 0, 0, 1], port).into()])).expect("a target");
    let plan = compile(&scenario, &Options::with_seed(1), &unknown_captures(&scenario), target).expect("a plan");
    let text = engine::check::describe(&plan, &[], 1024);
    insta::assert_snapshot!(text.replace(concat!("drumfire/", env!("CARGO_PKG_VERSION")), "drumfire/VERSION"));
}
