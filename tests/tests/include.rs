//! Include: what several files share, and whose mistake it is.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use drumfire_tests::program::{Finished, drumfire};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

const SHARED: &str = r#"# What is shared.
[vars]
tier = "free"

[data.products]
file = "products.csv"
order = "sequential"

[requests.home]
path = "/home/{{ vars.tier }}"

[requests.product]
path = "/products/{{ data.products.id }}"

[flows]
browse = [{ request = "home" }, { request = "product" }, { request = "own" }]
"#;

/// A file that includes `shared.toml`.
fn including(url: &str) -> Scenario {
    Scenario::to(url)
        .key("include = [\"shared.toml\"]")
        .request("own", "path = \"/own/{{ vars.tier }}\"")
        .times(2, "browse")
}

#[test]
fn what_is_shared_is_as_if_it_stood_here() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("shared.toml", SHARED);
    scratch.write("products.csv", "id\n7\n8\n");
    scratch.drumfire_run("run", &including(&server.url()).text()).finish().assert_ran();
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let iteration = |id: u32| ["GET /home/free".to_owned(), format!("GET /products/{id}"), "GET /own/free".to_owned()];
    assert_eq!(lines, [iteration(7), iteration(8)].concat());
    assert_eq!(scratch.run("run").complete_rows().len(), 6);
}

#[test]
fn the_command_line_comes_before_what_is_shared() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("shared.toml", SHARED);
    scratch.write("products.csv", "id\n7\n");
    scratch.drumfire_run("run", &including(&server.url()).text()).args(["--var", "tier=pro"]).finish().assert_ran();
    assert_eq!(server.asked()[0].line, "GET /home/pro");
}

#[test]
fn files_may_stand_in_folders_and_be_several() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    fs::create_dir(scratch.join("parts")).expect("a folder can be made");
    scratch.write("parts/a.toml", "[requests.a]\npath = \"/a\"\n");
    scratch.write(
        "parts/b.toml",
        "[requests.b]\npath = \"/b\"\n[flows]\nboth = [{ request = \"a\" }, { request = \"b\" }]\n",
    );
    let text =
        Scenario::to(&server.url()).key("include = [\"parts/a.toml\", \"parts/b.toml\"]").times(1, "both").text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /a", "GET /b"]);
}

/// What is said of a shared file with `right` replaced by `wrong`.
#[track_caller]
fn refused(right: &str, wrong: &str) -> Finished {
    assert_eq!(SHARED.matches(right).count(), 1, "`{right}` stands once in the file");
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("shared.toml", &SHARED.replace(right, wrong));
    scratch.write("products.csv", "id\n7\n");
    let finished = scratch.drumfire_run("run", &including(&server.url()).text()).finish();
    finished.assert_code(2);
    let checked = drumfire().arg("check").arg(scratch.join("run.toml")).finish();
    assert_eq!(checked.code, Some(2), "{}", checked.account());
    assert_eq!(server.requests(), 0);
    finished
}

#[test]
fn a_mistake_in_a_shared_file_is_told_with_its_name_and_line() {
    for (right, wrong, place) in [
        ("path = \"/home/", "pth = \"/home/", "shared.toml:10:1"),
        ("{{ vars.tier }}", "{{ vars.teir }}", "shared.toml:10:"),
        ("{{ data.products.id }}", "{{ data.products.sku }}", "shared.toml:13:"),
        ("file = \"products.csv\"", "file = \"none.csv\"", "shared.toml:6:8"),
        ("order = \"sequential\"", "order = \"backwards\"", "shared.toml:7:9"),
        ("{ request = \"product\" }", "{ request = \"produkt\" }", "shared.toml:16:"),
        ("# What is shared.", "thresholds = []", "shared.toml:1:1"),
        ("# What is shared.", "include = [\"more.toml\"]", "shared.toml:1:1"),
        ("[flows]", "[flows", "shared.toml:15:"),
        ("[requests.home]", "[requests.own]", "shared.toml:9:"),
    ] {
        let finished = refused(right, wrong);
        finished.assert_says(place);
        assert!(!finished.stderr.contains("run.toml:"), "the mistake is there alone\n{}", finished.account());
    }
}

#[test]
fn a_shared_table_that_is_none_is_told() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("shared.toml", "requests = 5\nflows = { browse = [{ request = \"own\" }] }\n");
    let finished = scratch.drumfire_run("run", &including(&server.url()).text()).finish();
    finished.assert_code(2).assert_says("shared.toml:1:");
}

#[test]
fn a_mistake_here_is_told_with_this_files_name_and_line() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("shared.toml", SHARED);
    scratch.write("products.csv", "id\n7\n");
    let text = including(&server.url()).text();
    scratch.drumfire_run("run", &text.replace("/own/", "own/")).finish().assert_code(2).assert_says("run.toml:6:8");
}

#[test]
fn a_file_that_is_not_there_is_told_where_it_is_named() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let finished = scratch.drumfire_run("run", &including(&server.url()).text()).finish();
    finished.assert_code(2).assert_says("run.toml:1:12").assert_says("shared.toml");
    assert_eq!(finished.stderr.matches("run.toml:").count(), 1, "one message\n{}", finished.account());
}

#[test]
fn what_a_shared_file_says_of_variables_is_replaced_and_kept_secret() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let shared = SHARED.replace("\"/home/{{ vars.tier }}\"", "\"/home/x\"\nheaders = { X-Api-Key = \"${API_TOKEN}\" }");
    scratch.write("shared.toml", &shared);
    scratch.write("products.csv", "id\n7\n");
    let finished =
        scratch.drumfire_run("run", &including(&server.url()).text()).env("API_TOKEN", "s3cr3t-0f-all").finish();
    finished.assert_ran();
    assert!(String::from_utf8_lossy(&server.asked()[0].bytes).contains("s3cr3t-0f-all"));
    let manifest = scratch.run("run").manifest().to_string();
    assert!(!manifest.contains("s3cr3t-0f-all") && !finished.account().contains("s3cr3t-0f-all"), "{manifest}");
    assert!(manifest.contains("/home/x"), "what was shared is part of the record: {manifest}");
}
