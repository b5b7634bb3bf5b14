//! `include`: what several scenario files share, read as if it stood in each of them.

use std::path::Path;

use super::document::{self, Entry, Table, Value};
use super::error::{Problem, Problems, Source};
use super::interpolate::Variables;
use super::keys;
use runlog::text::printable_path;

/// What an included file can hold.
const KEYS: [&str; 5] = ["vars", "data", "requests", "flows", "probes"];

/// Adds what a file includes to its tables, and the files to `sources`. Files are found from `folder`. Returns whether all
/// of them could be read: of what is in the others, nothing more should be said.
pub(super) fn include(
    root: &mut Table,
    folder: &Path,
    sources: &mut Vec<Source>,
    variables: &Variables<'_>,
    problems: &mut Problems,
) -> bool {
    const EXPECTED: &str = "an array of files such as `[\"shared.toml\"]`";
    let Some(node) = root.get("include") else { return true };
    let mut all_read = true;
    let files: Vec<(String, super::Span)> = match node.array(EXPECTED) {
        Ok(nodes) => nodes
            .iter()
            .filter_map(|node| {
                problems.keep(node.str("the path of a file as a string")).map(|file| (file.to_owned(), node.span))
            })
            .collect(),
        Err(problem) => {
            problems.add(problem);
            return false;
        }
    };
    for (file, span) in files {
        let path = folder.join(&file);
        let text = match super::read(&path) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("cannot read {}: {reason}", printable_path(&path));
                problems.add(Problem::new(span, message).expected("this file"));
                all_read = false;
                continue;
            }
        };
        // One byte between two files, so that the end of one is not the start of the next.
        let base = sources.last().map_or(0, |source| source.base + source.text.len() + 1);
        let parsed = document::parse(&text, base, variables, problems);
        sources.push(Source { file: printable_path(&path), text, base });
        let Some(table) = problems.keep(parsed) else {
            all_read = false;
            continue;
        };
        let known = keys::ROOT.iter().filter(|key| KEYS.contains(&key.name));
        table.know("an included file", known, problems);
        for entry in table.entries {
            merge(root, entry, problems);
        }
    }
    all_read
}

/// Adds the entries of an included table or list to those of the file; a name can be given once only, which is seen of lists
/// when they are read.
fn merge(root: &mut Table, included: Entry, problems: &mut Problems) {
    if !KEYS.contains(&included.key.as_str()) {
        return;
    }
    let Some(own) = root.entries.iter_mut().find(|entry| entry.key == included.key) else {
        return root.entries.push(included);
    };
    let is_like_it = match own.node.value {
        Value::Array(_) => included.node.array("an array").map(|_| ()),
        _ => included.node.table("a table").map(|_| ()),
    };
    if let Err(problem) = is_like_it {
        return problems.add(problem);
    }
    let (own, included) = match (&mut own.node.value, included.node.value) {
        (Value::Table(own), Value::Table(included)) => (own, included),
        (Value::Array(own), Value::Array(included)) => return own.extend(included),
        _ => return,
    };
    for entry in included.entries {
        if own.get(&entry.key).is_some() {
            let problem = Problem::new(entry.key_span, format!("`{}` is there already", entry.key));
            problems.add(problem.expected("the second one").help("an included file adds names and replaces none"));
        } else {
            own.entries.push(entry);
        }
    }
}
