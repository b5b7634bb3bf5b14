//! `drumfire-analyze summary` on terminals of different widths.

use analyze::analysis;
use analyze::load;
use analyze::render::Renderer;
use analyze::render::terminal::Terminal;
use analyze::report::Report;
use runlog::row::{Names, RequestId, Row, ScenarioId};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::runs::FiftyRows;

fn report(run: &FiftyRows) -> Report {
    Report::of(load::load(&run.path()).expect("a run"), analysis::SUMMARY).expect("rows")
}

fn on_a_terminal(report: &Report, width: usize, colour: bool) -> String {
    let mut text = Vec::new();
    Terminal { width: Some(width), colour }.render(std::slice::from_ref(report), &mut text).expect("in memory");
    // The directory is another one in each test.
    let text = String::from_utf8(text).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.iter().position(|line| line.starts_with("directory")).expect("the directory");
    let to = lines.iter().position(|line| line.contains("Scenarios")).expect("the next section");
    [&lines[..from], &lines[to - 1..]].concat().join("\n")
}

/// Thirty requests, of which most differ only in the middle of a long name, some are wide, and one turns the line round.
fn crowded() -> FiftyRows {
    let run = FiftyRows::copied();
    let mut names: Vec<String> =
        (1..=26).map(|number| format!("POST /api/v2/tenants/{number}/orders/items/{{item}}/history")).collect();
    names.extend([
        "数据库查询请求与更新的详细历史记录".repeat(2),
        "emoji ❤️ 👩‍👩‍👧".to_owned(),
        "\u{202e}evil\u{200f}".to_owned(),
    ]);
    names.push("x".repeat(300));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for number in 0..1_800_u64 {
        let row = Row {
            scheduled_ns: number * 1_700_000,
            lag_ns: Some(1_000 + number % 7),
            duration_ns: Some(2_000_000 + number * number % 1_000_003 * 40),
            scenario: ScenarioId(0),
            request: RequestId((number % 30) as u16),
            status: if number % 97 == 0 { 503 } else { 200 },
            ..Row::default()
        };
        rows.extend_from_slice(&row.line(&Names::new(["steady", "burst"], names.iter().copied())));
    }
    run.replace_rows(&String::from_utf8(rows).expect("UTF-8"));
    run.edit_manifest(|manifest| {
        let request = manifest["requests"][0].clone();
        let named = names.iter().map(|name| {
            let mut request = request.clone();
            request["name"] = json!(name);
            request
        });
        manifest["requests"] = named.collect();
        manifest["thresholds"] = json!([]);
    });
    run
}

#[test]
fn a_run_on_sixty_columns() {
    insta::assert_snapshot!(on_a_terminal(&report(&FiftyRows::copied()), 60, false));
}

#[test]
fn a_run_on_eighty_columns_in_colour() {
    insta::assert_snapshot!(on_a_terminal(&report(&FiftyRows::copied()), 80, true).replace('\x1b', "␛"));
}

#[test]
fn a_run_on_two_hundred_columns() {
    insta::assert_snapshot!(on_a_terminal(&report(&FiftyRows::copied()), 200, false));
}

#[test]
fn thirty_requests_with_long_names_on_sixty_columns() {
    insta::assert_snapshot!(on_a_terminal(&report(&crowded()), 60, false));
}

#[test]
fn thirty_requests_with_long_names_on_eighty_columns() {
    insta::assert_snapshot!(on_a_terminal(&report(&crowded()), 80, false));
}

#[test]
fn no_line_is_wider_than_the_terminal_whatever_its_width() {
    let report = report(&crowded());
    for width in (40..=220).step_by(12) {
        for line in on_a_terminal(&report, width, false).lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn names_that_are_cut_are_still_told_apart() {
    let text = on_a_terminal(&report(&crowded()), 80, false);
    let table = text.split("\nRequests\n").nth(1).expect("the section").split("\n\n").next().expect("its table");
    let mut names: Vec<&str> = table.lines().filter_map(|line| line.split("  ").next()).collect();
    let all = names.len();
    assert_eq!(all, 32, "{table}");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{table}");
}
