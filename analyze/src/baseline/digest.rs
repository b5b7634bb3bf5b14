//! Whether two runs did the same: a digest of what shapes their load.

use std::fmt::Write;

use runlog::manifest::Manifest;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What of a scenario file shapes the load. Not: whom it goes to, its seed, what is judged and what things are called.
const PARTS: [&str; 4] = ["requests", "flows", "scenarios", "data"];
/// What within those does not: values that differ from place to place and may be secret, tags, and what is looked at in
/// answers.
const LEFT_OUT: [&str; 3] = ["vars", "tags", "checks"];

/// SHA-256 over what the scenario of a run says of requests, flows, scenarios and data, and over the schedules as they
/// were run (scaled by `--rate-scale` and `--time-scale`); in hexadecimal. Neither the order of keys nor the target, the
/// seed, thresholds, tags, checks or variables change it.
pub fn of(manifest: &Manifest) -> String {
    let mut canonical = String::new();
    for part in PARTS {
        let _ = write!(canonical, "{part}=");
        let value = manifest.scenario.get(part).unwrap_or(&Value::Null);
        write_canonical(&part_of_it(part, value), &mut canonical);
        canonical.push('\n');
    }
    for scenario in &manifest.scenarios {
        let _ = write!(canonical, "{:?} {} {:?}:", scenario.name, scenario.executor, scenario.model);
        for stage in &scenario.stages {
            let _ = write!(canonical, " {}@{}", stage.target, stage.at_ns.0);
        }
        canonical.push('\n');
    }
    Sha256::digest(canonical).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A part with what is left out taken from each of its requests or scenarios. Deeper down, and in flows and data, these
/// are names like any other.
fn part_of_it(part: &str, value: &Value) -> Value {
    let mut value = value.clone();
    let without = |one: &mut Value| {
        if let Some(object) = one.as_object_mut() {
            object.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
        }
    };
    match (part, &mut value) {
        ("requests", Value::Object(requests)) => requests.values_mut().for_each(without),
        ("scenarios", Value::Array(scenarios)) => scenarios.iter_mut().for_each(without),
        _ => {}
    }
    value
}

/// JSON with the keys of every object in order.
fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort();
            out.push('{');
            for key in keys {
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                write_canonical(&object[key], out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for value in values {
                write_canonical(value, out);
                out.push(',');
            }
            out.push(']');
        }
        simple => {
            let _ = write!(out, "{simple}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(scenario: Value) -> Manifest {
        let text = include_str!("../../../runlog/fixtures/fifty-rows/run.json");
        let manifest: Manifest = serde_json::from_str(text).expect("a manifest");
        Manifest { scenario, ..manifest }
    }

    fn scenario() -> Value {
        json!({
            "name": "a",
            "target": { "base_url": "http://127.0.0.1:8080" },
            "requests": { "list": { "path": "/", "tags": { "kind": "read" } }, "order": { "method": "POST", "path": "/o" } },
            "flows": { "f": [{ "request": "list", "vars": { "page": 1 } }, { "think": "1s" }] },
            "scenarios": [{ "name": "steady", "executor": "constant-vus", "vus": 5, "vars": { "token": "[redacted]" } }],
            "thresholds": []
        })
    }

    #[test]
    fn what_does_not_shape_the_load_does_not_change_it() {
        let before = of(&manifest(scenario()));
        let mut other = scenario();
        other["name"] = json!("b");
        other["target"]["base_url"] = json!("https://staging.example");
        other["thresholds"] = json!([{ "metric": "checks" }]);
        other["requests"]["list"]["tags"] = json!({});
        other["requests"]["list"]["checks"] = json!({ "ok": "status == 200" });
        other["scenarios"][0]["vars"]["token"] = json!("another");
        other["requests"] = json!({ "order": { "path": "/o", "method": "POST" }, "list": other["requests"]["list"] });
        let mut other = manifest(other);
        other.seed += 1;
        other.target = "https://staging.example".to_owned();
        other.tags.insert("env".to_owned(), "staging".to_owned());
        assert_eq!(of(&other), before);
        assert_eq!(before.len(), 64);
    }

    #[test]
    fn what_shapes_the_load_changes_it() {
        let changes: [fn(&mut Value); 7] = [
            |scenario| scenario["requests"]["list"]["path"] = json!("/?limit=10"),
            |scenario| scenario["requests"]["more"] = json!({ "path": "/" }),
            |scenario| scenario["flows"]["f"][1]["think"] = json!("2s"),
            |scenario| scenario["flows"]["f"][0]["vars"]["page"] = json!(2),
            |scenario| scenario["scenarios"][0]["vus"] = json!(6),
            |scenario| scenario["scenarios"][0]["executor"] = json!("ramping-vus"),
            |scenario| scenario["data"] = json!({ "products": { "file": "p.csv" } }),
        ];
        let mut digests = vec![of(&manifest(scenario()))];
        for change in changes {
            let mut other = scenario();
            change(&mut other);
            digests.push(of(&manifest(other)));
        }
        let mut faster = manifest(scenario());
        faster.scenarios[0].stages[0].target *= 2.0;
        digests.push(of(&faster));
        let all = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }
}
