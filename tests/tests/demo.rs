//! The demo: one command from nothing to a report.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::pack::Played;
use drumfire_tests::program::{analyze, drumfire};
use drumfire_tests::run::Run;
use drumfire_tests::scratch::Scratch;

#[test]
fn the_demo_leaves_a_run_and_a_report_and_nothing_running() {
    let _turn = alone();
    let scratch = Scratch::new();
    let out = scratch.join("demo");
    let ended = drumfire().arg("demo").arg("--out").arg(&out).finish();
    assert!(matches!(ended.code, Some(0 | 3 | 99)), "{}", ended.account());

    let run = Run::at(find(&out, "run.json").parent().expect("a file is in a folder"));
    let played = Played { ended, run };
    // Whether the shop is fast enough is up to the machine.
    played.assert_code_of_its_books();
    let run = &played.run;
    let rows = run.complete_rows();
    assert_eq!(run.ended(), "completed");
    assert!(rows.iter().any(|row| row.status == 200), "the shop answered");
    assert_is_a_page_of_its_own(&find(&out, ".html"));

    let target = run.manifest()["target"].as_str().expect("the run has a target").to_owned();
    let address = target.trim_start_matches("http://").trim_end_matches('/');
    assert!(TcpStream::connect(address).is_err(), "the shop is closed when the demo is over");
}

#[test]
fn a_report_of_a_run_is_one_file_that_needs_no_network() {
    let scratch = Scratch::new();
    let nginx = Nginx::serving(HELLO);
    scratch.drumfire_hit("run", &nginx.url()).args(["-n", "100", "-c", "2"]).finish().assert_ran();
    let report = scratch.join("report.html");
    analyze().arg("report").arg(scratch.join("run")).arg("-o").arg(&report).finish().assert_code(0);
    assert_is_a_page_of_its_own(&report);
}

#[track_caller]
fn assert_is_a_page_of_its_own(path: &Path) {
    let page = fs::read_to_string(path).expect("the report is a text");
    let page = page.to_ascii_lowercase();
    assert!(page.trim_start().starts_with("<!doctype html"), "{} is a page", path.display());
    assert!(page.trim_end().ends_with("</html>"), "{} is whole", path.display());
    let markup = without_scripts(&page);
    for loads in ["src=\"http", "src='http", "src=\"//", "<link", "@import", "url(http", "<iframe"] {
        assert!(!markup.contains(loads), "{} loads something from elsewhere: {loads}", path.display());
    }
}

/// A page without what is in its scripts, which may speak of addresses without going there. Their tags stay.
fn without_scripts(page: &str) -> String {
    let mut parts = page.split("<script");
    let mut markup = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (tag, rest) = part.split_once('>').unwrap_or((part, ""));
        let (_, behind) = rest.split_once("</script").unwrap_or_default();
        markup.extend(["<script", tag, ">", behind]);
    }
    markup
}

/// The only file below a folder whose name ends so.
#[track_caller]
fn find(folder: &Path, end: &str) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the demo made its folder") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                found.push(path);
            }
        }
    }
    assert_eq!(found.len(), 1, "one file that ends with {end}: {found:?}");
    found.remove(0)
}
