//! What a report has, whatever draws it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use analyze::analysis;
use analyze::load::{self, Run};
use analyze::render::{Renderer, json::Json};
use analyze::report::Report;
use runlog::outcome::Failure;
use runlog::row::{Names, RequestId, Row, ScenarioId};
use serde_json::{Value, json};

use crate::runs::FiftyRows;

const SECOND: u64 = 1_000_000_000;

/// The sections of a report as programs get them.
fn sections_of(run: Run) -> Vec<Value> {
    let report = Report::of(run, analysis::REPORT).expect("rows");
    let mut text = Vec::new();
    Json.render(&[report], &mut text).expect("in memory");
    let document: Value = serde_json::from_slice(&text).expect("JSON");
    document["analyses"].as_array().expect("sections").clone()
}

fn sections_at(path: &Path) -> Vec<Value> {
    sections_of(load::load(path).expect("a run"))
}

fn titles(sections: &[Value]) -> Vec<&str> {
    sections.iter().map(|section| section["title"].as_str().expect("a title")).collect()
}

fn section<'a>(sections: &'a [Value], title: &str) -> &'a Value {
    sections
        .iter()
        .find(|section| section["title"] == title)
        .unwrap_or_else(|| panic!("{title}: {:?}", titles(sections)))
}

const PROBES: &str = "time_ns,probe,metric,tags,value\n\
    500000000,app,memory_bytes,,1000\n500000000,db,connections,state=idle,3\n500000000,db,connections,state=active,1\n\
    1500000000,app,memory_bytes,,3000\n1500000000,db,connections,state=idle,2\n1500000000,db,connections,state=active,2\n";

#[test]
fn what_there_is_to_a_run() {
    let run = FiftyRows::copied();
    fs::write(run.file("probes.csv"), PROBES).expect("writable");
    let mut text = String::new();
    for section in sections_at(Path::new(&run.path())) {
        writeln!(text, "{}", section["title"].as_str().expect("a title")).expect("in memory");
        for part in section["parts"].as_array().expect("parts") {
            // The run's folder is another one every time.
            let part = part.to_string().replace(&run.path().display().to_string(), "RUN");
            writeln!(text, "    {part}").expect("in memory");
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_summary_file_has_every_section_that_its_run_has() {
    let run = FiftyRows::copied();
    fs::write(run.file("probes.csv"), PROBES).expect("writable");
    let ran = run.analyze(&["summarize", "fifty-rows", "-o", "a.summary"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (of_rows, kept) = (sections_at(&run.path()), sections_at(&run.path().with_file_name("a.summary")));
    assert_eq!(titles(&of_rows), titles(&kept));
    for title in
        ["Over time", "How response times are spread", "Errors", "Percentiles", "Events", "Probes of the target"]
    {
        assert_eq!(section(&of_rows, title), section(&kept, title), "{title}");
    }
}

#[test]
fn what_an_older_summary_file_does_not_have_is_left_out_and_said() {
    let mut run = load::load(&FiftyRows::copied().path()).expect("a run");
    let mut windows = serde_json::to_value(&run.windows).expect("plain data");
    for since in ["statuses", "faults"] {
        assert!(windows.as_object_mut().expect("an object").remove(since).is_some(), "{since}");
    }
    run.windows = serde_json::from_value(windows).expect("an older one");
    let sections = sections_of(run);
    let over_time = section(&sections, "Over time").to_string();
    assert!(over_time.contains("before statuses and bytes were kept") && !over_time.contains("\"title\":\"Statuses\""));
    let errors = section(&sections, "Errors");
    assert_eq!(
        errors["parts"][0]["rows"][0],
        json!(["search, all", "timeout", 2, share(2, 12), null, null, null, null])
    );
    assert!(errors.to_string().contains("before that was kept"), "{errors}");
}

fn share(part: u64, whole: u64) -> Value {
    json!({ "value": part as f64 / whole as f64, "unit": "share" })
}

#[test]
fn errors_are_told_apart_by_request_and_have_their_first_and_last_instant() {
    let run = FiftyRows::copied();
    let row = Row { scenario: ScenarioId(0), request: RequestId(0), lag_ns: Some(5), ..Row::default() };
    let timeout = |at| Row { scheduled_ns: at, error: Some(Failure::Timeout), duration_ns: Some(100), ..row };
    let rows = [
        timeout(2 * SECOND),
        timeout(SECOND),
        Row { scheduled_ns: 7, lag_ns: None, error: Some(Failure::Dropped), ..row },
        Row { scheduled_ns: 9, status: 503, duration_ns: Some(100), ..row },
        Row { scheduled_ns: 9, status: 200, duration_ns: Some(100), ..row },
        // The other scenario's, of the same request.
        Row { scenario: ScenarioId(1), ..timeout(3 * SECOND) },
    ];
    run.replace_rows(&text_of(&rows));
    let sections = sections_at(&run.path());
    let started = 1_767_225_600_000_000_000_u64;
    let expected = |error: &str, count: u64, first: u64, last: u64| {
        let at = |ns: u64| json!({ "value": started + ns, "unit": "unix_ns" });
        let after = |ns: u64| json!({ "value": ns, "unit": "ns" });
        json!(["list", error, count, share(count, 6), after(first), after(last), at(first), at(last)])
    };
    let rows = section(&sections, "Errors")["parts"][0]["rows"].as_array().expect("rows").clone();
    assert_eq!(rows[0], expected("timeout", 3, SECOND + 105, 3 * SECOND + 105));
    assert_eq!(rows[1..], [expected("dropped", 1, 7, 7), expected("status 503", 1, 114, 114)]);
}

fn text_of(rows: &[Row]) -> String {
    let names = Names::new(["steady", "burst"], ["list", "search, all", "order"]);
    let lines: Vec<u8> = rows.iter().flat_map(|row| row.line(&names)).collect();
    String::from_utf8(lines).expect("UTF-8")
}

/// Four hours of thirty-five requests, with errors of many kinds, on four cores, with sixty metrics probed every second.
fn long_run() -> FiftyRows {
    const SECONDS: u64 = 4 * 3_600;
    let run = FiftyRows::copied();
    let requests: Vec<String> =
        (0..35).map(|request| format!("a request with a long name, the {request}th of them")).collect();
    run.edit_manifest(|manifest| {
        let request = manifest["requests"][0].clone();
        manifest["requests"] = requests
            .iter()
            .map(|name| {
                let mut request = request.clone();
                request["name"] = json!(name);
                request
            })
            .collect();
        manifest["ending"]["elapsed_ns"] = json!(SECONDS * SECOND);
    });
    let names = Names::new(["steady", "burst"], requests.iter().map(String::as_str));
    let mut rows = String::new();
    for number in 0..SECONDS * 3 {
        let row = Row {
            scheduled_ns: number * SECOND / 3,
            scenario: ScenarioId((number % 2) as u16),
            request: RequestId((number % 35) as u16),
            lag_ns: Some(number * 7_919 % 1_000_003),
            duration_ns: Some(1 + (number * 104_729 % 1_299_709) * (1 + number % 97) * 10),
            bytes_received: number * 31 % 100_003,
            bytes_sent: 317,
            ..Row::default()
        };
        let row = match number % 11 {
            0 => Row { error: Some(Failure::ALL[(number % Failure::ALL.len() as u64) as usize]), ..row },
            _ => Row { status: 200 + (number % 307) as u16, ..row },
        };
        rows.push_str(&String::from_utf8_lossy(&row.line(&names)));
    }
    run.replace_rows(&rows);
    let mut engine =
        fs::read_to_string(run.file("engine.csv")).expect("readable").lines().next().expect("a header").to_owned()
            + "\n";
    let mut probes = "time_ns,probe,metric,tags,value\n".to_owned();
    for second in 1..=SECONDS {
        let at = second * SECOND + second * 7_919 % 1_000_000;
        for core in 0..4 {
            let busy = second * 104_729 % SECOND;
            writeln!(
                engine,
                "{at},{core},3,3,0,0,{},{},{},{},2000,4500,{busy},{busy},1000000000,0",
                second % 7,
                second % 5,
                second % 3,
                second % 11
            )
            .expect("in memory");
        }
        if second % 10 == 0 {
            for metric in 0..20 {
                for tag in 0..3 {
                    writeln!(probes, "{at},app,metric_{metric},shard={tag},{}", second as f64 / 7.0)
                        .expect("in memory");
                }
            }
        }
    }
    fs::write(run.file("engine.csv"), engine).expect("writable");
    fs::write(run.file("probes.csv"), probes).expect("writable");
    run
}

#[test]
fn four_hours_of_thirty_five_requests_are_no_more_than_a_page_can_take() {
    let sections = sections_at(&long_run().path());
    let sizes: Vec<(&str, usize)> =
        titles(&sections).into_iter().zip(sections.iter().map(|section| section.to_string().len())).collect();
    let all = sizes.iter().map(|(_, size)| size).sum::<usize>();
    assert!(all < 600_000, "{all} bytes: {sizes:?}");
    assert!(all > 100_000, "something is drawn: {sizes:?}");
}
