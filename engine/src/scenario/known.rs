//! Every name that a placeholder can use, found before any placeholder is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::document::{Entry, Node, Table, Value};
use super::error::Problems;
use super::feeder::feeder;
use super::interpolate::Variables;
use super::limits::check_names;
use super::template::Names;

/// Finds the names.
pub(super) fn names<'a>(
    root: &Table,
    folder: &Path,
    variables: &'a Variables<'a>,
    problems: &mut Problems,
) -> Names<'a> {
    let mut vars = BTreeSet::new();
    let mut setup = BTreeSet::new();
    let keys = |table: &Table, key: &str, found: &mut BTreeSet<String>| {
        found.extend(table.section(key).iter().map(|entry| entry.key.clone()));
    };
    keys(root, "vars", &mut vars);
    if let Some(node) = root.get("scenarios").and_then(|node| node.array("").ok()) {
        node.iter().filter_map(|node| node.table("").ok()).for_each(|table| keys(table, "vars", &mut vars));
    }
    for entry in root.section("flows") {
        step_names(&entry.node, &mut vars);
    }
    for part in ["setup", "teardown"] {
        if let Some(steps) = root.get(part).and_then(|node| node.table("").ok()).and_then(|table| table.get("steps")) {
            step_names(steps, &mut vars);
            if part == "setup" {
                captured_names(steps, &mut setup);
            }
        }
    }
    if let Some(Err(problem)) = root.get("data").map(|node| node.table("a table of data files").map(drop)) {
        problems.add(problem);
    }
    let entries = root.section("data");
    check_names("feeder", entries, problems);
    let named = |entry: &Entry| (entry.key.clone(), feeder(entry, folder, problems));
    let feeders: BTreeMap<_, _> = entries.iter().map(named).collect();
    Names { variables, vars, setup, feeders }
}

/// The variables and captures of steps, however deep they stand.
fn step_names(node: &Node, names: &mut BTreeSet<String>) {
    each_step(node, &mut |table| {
        for key in ["vars", "capture"] {
            names.extend(table.section(key).iter().map(|entry| entry.key.clone()));
        }
    });
}

fn captured_names(node: &Node, names: &mut BTreeSet<String>) {
    each_step(node, &mut |table| names.extend(table.section("capture").iter().map(|entry| entry.key.clone())));
}

fn each_step(node: &Node, look: &mut impl FnMut(&Table)) {
    let Value::Array(nodes) = &node.value else { return };
    for table in nodes.iter().filter_map(|node| node.table("").ok()) {
        look(table);
        for key in ["steps", "else"] {
            if let Some(inner) = table.get(key) {
                each_step(inner, look);
            }
        }
    }
}
