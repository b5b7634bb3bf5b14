//! `drumfire-analyze report`.

use std::fs;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::ZlibDecoder;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::runs::{FiftyRows, NAME};

const HOSTILE: &str =
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\"'&amp;<a href=https://evil.example>";

fn page_of(run: &FiftyRows) -> String {
    let ran = run.analyze(&["report", NAME]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "fifty-rows/report.html\n", ""));
    fs::read_to_string(run.file("report.html")).expect("the page")
}

/// The page without what is in its scripts, and what is in them.
fn taken_apart(page: &str) -> (String, Vec<&str>) {
    let (mut markup, mut scripts, mut rest) = (String::new(), Vec::new(), page);
    while let Some((before, script)) = rest.split_once("<script") {
        let (attributes, script) = script.split_once('>').expect("a whole tag");
        let (script, after) = script.split_once("</script>").expect("an end");
        markup.push_str(before);
        markup.push_str(attributes);
        scripts.push(script);
        rest = after;
    }
    (markup + rest, scripts)
}

/// The library as the page unpacks it.
fn unpacked(packed: &str) -> String {
    let mut library = String::new();
    let deflated = BASE64.decode(packed.trim_start_matches('>').trim()).expect("base64");
    ZlibDecoder::new(deflated.as_slice()).read_to_string(&mut library).expect("deflated text");
    library
}

#[test]
fn the_page_says_what_was_found() {
    let page = page_of(&FiftyRows::copied());
    for said in [
        "Failed: 2 of 4 thresholds do not hold; the measurement is valid.",
        "http://127.0.0.1:8080",
        "env=test",
        "<td class=\"name\">search, all</td>",
        "<td class=\"number\" data-number=\"400000000\">400 ms</td>",
        "http_req_duration{request:list} p(95) &#60; 500ms",
        "response and service time cover the 45 answered arrivals; 5 of 50 got no answer",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn the_page_loads_nothing() {
    let page = page_of(&FiftyRows::copied());
    let (markup, scripts) = taken_apart(&page);
    assert_eq!(markup.matches("href=").count(), markup.matches("href=\"#").count(), "links lead to the page itself");
    for reference in ["src=", "url(", "@import", "<link", "<iframe", "<base", "http-equiv=\"refresh\""] {
        assert!(!markup.contains(reference), "{reference}");
    }
    assert_eq!(scripts.len(), 3, "the figures, the library and the script that draws them");
    let library = unpacked(scripts[1]);
    assert!(library.trim_start().starts_with("/**\n* plotly.js v3"), "the library alone");
    let hash = BASE64.encode(Sha256::digest(&library));
    assert!(
        markup.contains(&format!("sha256-{}", hash.replace('+', "&#43;"))) || markup.contains(&hash),
        "the policy knows it: {hash}"
    );
    assert!(
        markup.contains("content=\"default-src &#39;none&#39;; script-src &#39;sha256-"),
        "and a policy forbids it"
    );
    assert!(page.len() < 5 << 19, "{} bytes", page.len());
}

#[test]
fn a_hostile_name_is_only_a_name() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        for pointer in [
            "/name",
            "/target",
            "/tags/env",
            "/requests/0/name",
            "/requests/0/checks/0",
            "/thresholds/0/filter/request",
        ] {
            *manifest.pointer_mut(pointer).expect("a field") = json!(HOSTILE);
        }
        manifest["scenarios"][0]["name"] = json!(HOSTILE);
        manifest["ending"]["reason"] = json!(HOSTILE);
    });
    let quoted = format!("\"{}\"", HOSTILE.replace('"', "\"\""));
    for file in ["requests-00.csv", "requests-01.csv"] {
        run.edit(file, |text| {
            text.replace(",steady,", &format!(",{quoted},")).replace(",list,", &format!(",{quoted},"))
        });
    }
    let page = page_of(&run);
    let (markup, scripts) = taken_apart(&page);
    assert_eq!(scripts.len(), 3, "no script was added");
    for tag in ["<img", "<a href=https", "<!--", "alert(1)</"] {
        assert!(!markup.contains(tag), "{tag}");
    }
    assert!(markup.contains("alert(1)&#60;/script&#62;"), "the name is shown");
}

#[test]
fn the_figures_cannot_end_their_script() {
    let page = page_of(&FiftyRows::copied());
    let (_, scripts) = taken_apart(&page);
    assert!(!scripts[0].contains(['<', '>', '&']));
    let figures: serde_json::Value = serde_json::from_str(scripts[0]).expect("JSON");
    let figures = figures["figures"].as_array().expect("an array");
    assert_eq!(figures.len(), page.matches("class=\"chart\"").count());
    assert_eq!(figures.len(), 13);
}

#[test]
fn an_invalid_measurement_has_a_red_banner_and_is_still_reported() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": ["late"]}));
    let page = page_of(&run);
    assert!(page.contains("<p class=\"headline bad\"><span class=\"sign\" aria-hidden=\"true\">✕</span><span>Not valid: the generator was the limit"));
}

#[test]
fn a_run_without_a_row_has_a_page_too() {
    let run = FiftyRows::copied();
    run.replace_rows("");
    fs::remove_file(run.file("engine.csv")).expect("it was there");
    let page = page_of(&run);
    assert!(!page.contains("class=\"chart\""));
    assert!(page.len() < 1 << 20, "without charts there is no library: {} bytes", page.len());
}

#[test]
fn a_page_can_be_rewritten_and_put_elsewhere() {
    let run = FiftyRows::copied();
    let first = page_of(&run);
    assert_eq!(page_of(&run), first, "the same run gives the same page");
    let ran = run.analyze(&["report", NAME, NAME, "-o", "both.html"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "both.html\n"));
    let both = fs::read_to_string(run.path().with_file_name("both.html")).expect("the page");
    assert_eq!(both.matches("<article id=\"run-").count(), 2);
    assert_eq!(taken_apart(&both).1.len(), 3, "the library is there once");
}

#[test]
fn a_page_that_cannot_be_written_is_said() {
    let ran = FiftyRows::copied().analyze(&["report", NAME, "-o", "no/such/place.html"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.starts_with("drumfire-analyze: cannot write `no/such/place.html`: "), "{}", ran.err);
}
