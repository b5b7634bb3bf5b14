//! The pages in `docs`: that their tables are those of the keys, and that what they show is right.
//!
//! `UPDATE_EXPECTED=1 cargo test --test docs` writes the tables of `docs/scenario.md` anew.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use engine::scenario::keys::{
    self, COMMON, DATA, EXECUTORS, Key, PROBE, PROBES, REQUEST, ROOT, SELECTION, STEPS, STEPS_HOLDER, Shape, TARGET,
    THRESHOLD, TLS, WHAT,
};
use engine::scenario::{self, Variables};
use engine::schema;
use runlog::metric::Metric;
use runlog::tags::Tags;
use runlog::threshold::Condition;

const MARKER: &str = "<!-- ";
const END: &str = "<!-- end -->";

/// What a metric counts or measures, in the order of the page.
const METRICS: &[(&str, &str)] = &[
    ("response_time", "Scheduled → last byte, of arrivals that got an answer: what a user would have felt"),
    ("schedule_lag", "Scheduled → sent, of arrivals that were sent"),
    ("http_req_duration", "Sent → last byte, of arrivals that got an answer: the service time"),
    (
        "http_req_blocked",
        "Opening a connection and its TLS handshake, of arrivals that were sent; 0 where a connection was open",
    ),
    ("http_req_connecting", "Opening a connection, where one was opened"),
    ("http_req_tls_handshaking", "The TLS handshake, where there was one"),
    ("http_req_sending", "Handing the request to the kernel, of arrivals that were sent: 0, one call takes all of it"),
    ("http_req_waiting", "Sent → first byte of the answer, where one came"),
    ("http_req_receiving", "First → last byte of the answer"),
    ("http_req_failed", "Arrivals without an answer, or with a status that was not expected"),
    ("http_reqs", "Arrivals"),
    ("checks", "Checks that passed, of those that were made"),
    ("iterations", "Iterations that were completed"),
    ("iteration_duration", "One iteration, think times included"),
    ("group_duration", "One pass through a `group`"),
    ("dropped_iterations", "Arrivals that were never sent"),
    ("vus", "Virtual users at work"),
    ("vus_max", "The most virtual users at work"),
    ("data_sent", "Bytes sent"),
    ("data_received", "Bytes received"),
];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the engine is in the workspace's folder").join("docs")
}

/// A cell of a table: a `|` in it would be the next cell's.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn table<'a>(keys: impl IntoIterator<Item = &'a Key>) -> String {
    let mut page =
        "| key | value | without it | example | what it says |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for key in keys {
        let without = match key.default {
            _ if key.is_required => "**an error**".to_owned(),
            Some(default) => format!("`{default}`"),
            None => String::new(),
        };
        let cells = [key.shape.to_string(), without, format!("`{}`", key.example), key.doc.to_owned()];
        let cells = cells.map(|text| cell(&text)).join(" | ");
        writeln!(page, "| `{}` | {cells} |", key.name).expect("a string takes everything");
    }
    page
}

fn steps() -> String {
    let part = |step: &keys::StepKeys| format!("### `{}`\n\n{}\n\n{}", step.name, step.doc, table(step.keys));
    STEPS.iter().map(part).collect::<Vec<_>>().join("\n")
}

fn executors() -> String {
    let part = |executor: &keys::ExecutorKeys| {
        let stage = executor.keys.iter().find_map(|key| match key.shape {
            Shape::ArrayOf(Shape::Table(_, keys)) => Some(format!("\nA stage:\n\n{}", table(*keys))),
            _ => None,
        });
        let stage = stage.unwrap_or_default();
        format!("### `{}`\n\n{}\n\n{}{stage}", executor.name, executor.doc, table(executor.keys))
    };
    EXECUTORS.iter().map(part).collect::<Vec<_>>().join("\n")
}

fn probes() -> String {
    let part = |kind: &keys::ProbeKeys| format!("### `{}`\n\n{}\n\n{}", kind.name, kind.doc, table(kind.keys));
    PROBES.iter().map(part).collect::<Vec<_>>().join("\n")
}

/// The aggregations of a metric, each with a bound that fits it: asked of the parser.
fn aggregations(metric: Metric) -> String {
    let mut fitting = Vec::new();
    for aggregation in ["p(95)", "avg", "min", "med", "max", "count", "rate", "value"] {
        let bounds = if aggregation == "rate" { ["1%", "100/s"] } else { ["500ms", "1000"] };
        let conditions = bounds.map(|bound| format!("{aggregation} < {bound}"));
        let fits = |text: &&String| text.parse::<Condition>().is_ok_and(|condition| condition.fits(metric).is_ok());
        fitting.extend(conditions.iter().find(fits).map(|text| format!("`{text}`")));
    }
    fitting.join(", ")
}

fn metrics() -> String {
    let unexplained = Metric::ALL.iter().find(|metric| METRICS.iter().all(|(name, _)| *name != metric.name()));
    assert!(unexplained.is_none(), "{} has no line in METRICS", unexplained.expect("one").name());
    let mut page = "| metric | what it is | conditions |\n| --- | --- | --- |\n".to_owned();
    for (name, doc) in METRICS {
        // The page tells of the metrics that there are.
        if let Ok(metric) = name.parse::<Metric>() {
            writeln!(page, "| `{name}` | {doc} | {} |", aggregations(metric)).expect("a string takes everything");
        }
    }
    page
}

fn generated(marker: &str) -> Option<String> {
    Some(match marker {
        "keys: file" => table(ROOT),
        "keys: target" => table(TARGET),
        "keys: tls" => table(TLS),
        "keys: setup" => table(STEPS_HOLDER),
        "keys: data" => table(DATA),
        "keys: request" => table(REQUEST),
        "keys: steps" => steps(),
        "keys: common" => table(COMMON.iter().chain(WHAT)),
        "keys: executors" => executors(),
        "keys: probe" => table(PROBE),
        "keys: probes" => probes(),
        "keys: selection" => table(SELECTION),
        "keys: threshold" => table(THRESHOLD),
        "metrics" => metrics(),
        _ => return None,
    })
}

/// The page with its tables made anew.
fn renewed(page: &str) -> String {
    let mut result = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        result.push_str(line);
        result.push('\n');
        let marker = line.strip_prefix(MARKER).and_then(|line| line.strip_suffix(" -->"));
        if let Some(marker) = marker {
            let table = generated(marker);
            write!(result, "\n{}\n{END}\n", table.expect(marker)).expect("a string takes everything");
            assert!(lines.any(|line| line == END), "`{marker}` has no end");
        }
    }
    result
}

#[test]
fn the_reference_has_the_tables_of_the_program() {
    let path = docs().join("scenario.md");
    let page = fs::read_to_string(&path).expect("the page");
    let renewed = renewed(&page);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, &renewed).expect("written");
    } else {
        assert!(page == renewed, "docs/scenario.md is not current: UPDATE_EXPECTED=1 writes its tables anew");
    }
}

/// Every scenario of the pages that is a whole file, with the page it is from.
fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for entry in fs::read_dir(docs()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).expect("text");
        let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
        let whole = blocks.filter(|block| block.contains("[target]"));
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        examples.extend(whole.map(|block| (name.clone(), block.to_owned())));
    }
    examples
}

#[test]
fn every_example_fits_the_schema() {
    let validator = jsonschema::draft202012::new(&schema::schema()).expect("a schema");
    let examples = examples();
    assert!(examples.len() > 3, "{}", examples.len());
    for (page, example) in examples {
        let file = toml::from_str(&example).expect(&page);
        let wrong: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{page}: {wrong:?} in\n{example}");
    }
}

#[test]
fn every_example_is_a_right_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("products.csv"), "id,name\nproduct-1,Lamp\n").expect("written");
    for (page, example) in examples() {
        let path = folder.path().join("example.toml");
        fs::write(&path, &example).expect("written");
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        if let Err(error) = scenario::load(&path, &variables, &Tags::new()) {
            panic!("{page}:\n{error}");
        }
    }
}
