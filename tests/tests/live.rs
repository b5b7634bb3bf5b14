//! The view of a run that somebody watches on a terminal: what it shows, what it leaves, and what its keys do.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::path::Path;

use drumfire_tests::alone::alone;
use drumfire_tests::patience::eventually;
use drumfire_tests::program::{built, drumfire};
use drumfire_tests::run::Run;
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::shop::Shop;
use drumfire_tests::terminal::Terminal;

/// Goods are asked for, 50 times a second.
fn goods(shop: &Shop, duration: &str) -> Scenario {
    Scenario::to(shop.url())
        .key("name = \"goods\"")
        .request("list", "path = \"/api/products?limit=5\"\nheaders = { Authorization = \"Bearer demo-enterprise\" }")
        .flow("browse", "[{ request = \"list\" }]")
        .load(
            "steady",
            &format!(
                "executor = \"constant-arrival-rate\"\nrate = \"50/s\"\nduration = \"{duration}\"\n\
                 max_connections = 16\nflow = \"browse\""
            ),
        )
        .table("[[thresholds]]\nmetric = \"http_req_failed\"\ncondition = \"rate <= 100%\"\nabort_on_fail = true")
}

/// The command line that runs a scenario into `run` and then says how it ended.
fn command(terminal: &Terminal, scenario: &Scenario) -> String {
    let file = terminal.join("load.toml");
    fs::write(&file, scenario.text()).expect("a file can be written in the temporary folder");
    let drumfire = built("drumfire").expect("the engine is built");
    let run = terminal.join("run");
    let [drumfire, file, run] = [&drumfire, &file, &run].map(|path| path.display().to_string());
    format!("clear; {drumfire} run {file} --out {run} --cores 0; echo \"code $?.\"")
}

/// How the terminal is set, as `stty` tells it.
fn settings(terminal: &Terminal, name: &str) -> String {
    let file = terminal.join(name);
    terminal.enter(&format!("stty -a > {0}.new; mv {0}.new {0}", file.display()));
    eventually("stty has told", || fs::read_to_string(&file).ok())
}

/// Waits until the run is over. Returns its exit code, and what is to be seen.
#[track_caller]
fn end(terminal: &Terminal) -> (u8, String) {
    let code = |screen: &str| screen.rsplit_once("code ")?.1.split_once('.')?.0.parse().ok();
    let screen = terminal.wait_until("the exit code", |screen| code(screen).is_some());
    (code(&screen).expect("there is one"), screen)
}

fn has_figures(screen: &str) -> bool {
    ["goods → http://", "q stops", "p99.9", "arrivals", "/s of 50/s scheduled", "steady", "stage 1 of 1", "so far"]
        .iter()
        .all(|text| screen.contains(text))
        && screen.contains('█')
}

#[test]
fn the_view_stands_below_what_was_there_and_makes_way_for_the_summary() {
    let (_turn, shop) = (alone(), Shop::open());
    // Both at once: each lasts long enough to be looked at.
    let terminals = [(80, 24), (200, 50)].map(|(columns, rows)| {
        let terminal = Terminal::open(columns, rows, &[]);
        let before = settings(&terminal, "before");
        let command = command(&terminal, &goods(&shop, "10s")).replace("clear;", "clear; echo stood above;");
        terminal.enter(&command);
        (terminal, before)
    });
    for (terminal, _) in &terminals {
        let screen = terminal.wait_until("figures", has_figures);
        assert!(screen.contains("http_req_failed rate <= 100%"), "{screen}");
        assert!(!terminal.has_cursor(), "the cursor does not blink in the middle of it");
        let coloured = terminal.coloured_screen();
        assert!(coloured.contains("\u{1b}[36m"), "the curve has a colour: {coloured}");
    }
    for (terminal, before) in &terminals {
        let (code, screen) = end(terminal);
        assert!(matches!(code, 0 | 3), "{screen}");
        let all = terminal.scrollback();
        assert!(all.contains("stood above\n500 arrivals in"), "the summary follows what was there: {all}");
        assert!(!all.contains("q stops"), "{all}");
        assert!(terminal.has_cursor());
        assert_eq!(settings(terminal, "after"), *before);
    }
}

#[test]
fn a_key_ends_the_run_in_order() {
    let (_turn, shop) = (alone(), Shop::open());
    for (key, what) in [("q", "key"), ("C-c", "signal")] {
        let terminal = Terminal::open(80, 24, &[]);
        let before = settings(&terminal, "before");
        terminal.enter(&command(&terminal, &goods(&shop, "50s")));
        terminal.wait_until("figures", has_figures);
        terminal.press("?");
        terminal.wait_for("Ctrl-Z suspends");
        terminal.press(key);
        let (code, screen) = end(&terminal);
        assert_eq!(code, 130, "{screen}");
        assert!(screen.contains(&format!("stopped by a {what}")), "{screen}");

        let run = Run::at(&terminal.join("run"));
        assert_eq!(run.ended(), "interrupted");
        assert!(run.complete_rows().len() >= 50, "there was a second of it");
        assert!(terminal.has_cursor());
        assert_eq!(settings(&terminal, "after"), before);
    }
}

#[test]
fn a_terminal_may_change_its_size() {
    let (_turn, shop) = (alone(), Shop::open());
    let mut terminal = Terminal::open(80, 24, &[]);
    terminal.enter(&command(&terminal, &goods(&shop, "50s")));
    terminal.wait_until("figures", has_figures);
    for (columns, rows, shows) in
        [(50, 20, "generator"), (20, 5, "errors"), (3, 2, "…"), (200, 50, "response time, p99"), (80, 24, "p99.9")]
    {
        terminal.resize(columns, rows);
        let screen = terminal.wait_until(shows, |screen| screen.lines().any(|line| line.contains(shows)));
        assert!(screen.lines().count() <= usize::from(rows), "{screen}");
    }
    terminal.wait_until("figures", has_figures);
    terminal.press("q");
    let (code, screen) = end(&terminal);
    assert_eq!(code, 130);
    assert!(screen.contains("INTERRUPTED after") && !screen.contains("q stops"), "{screen}");
    Run::at(&terminal.join("run")).complete_rows();
}

#[test]
fn a_run_that_is_suspended_gives_the_terminal_back_and_goes_on() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[]);
    let before = settings(&terminal, "before");
    terminal.enter(&command(&terminal, &goods(&shop, "50s")));
    terminal.wait_until("figures", has_figures);
    terminal.press("C-z");
    let screen = terminal.wait_for("Stopped");
    assert!(!screen.contains("q stops"), "{screen}");
    assert!(terminal.has_cursor());
    assert_eq!(settings(&terminal, "suspended"), before);

    terminal.enter("clear; bg; echo in the background");
    terminal.wait_for("in the background");
    assert_eq!(settings(&terminal, "background"), before, "there it does not touch the terminal");
    terminal.enter("fg; echo \"code $?.\"");
    terminal.wait_until("figures", has_figures);
    terminal.press("q");
    assert_eq!(end(&terminal).0, 130);
    assert_eq!(settings(&terminal, "after"), before);
    Run::at(&terminal.join("run")).complete_rows();
}

#[test]
fn a_run_in_the_background_ends_by_itself() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[]);
    let command =
        command(&terminal, &goods(&shop, "2s")).replace("clear; ", "clear; (").replace("code $?.\"", "code $?.\") &");
    terminal.enter(&command);
    let (_, screen) = end(&terminal);
    assert!(screen.contains("100 arrivals in") && !screen.contains("q stops"), "{screen}");
    assert_eq!(Run::at(&terminal.join("run")).ended(), "completed");
}

#[test]
fn a_terminal_that_goes_away_ends_the_run_in_order() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[]);
    terminal.enter(&command(&terminal, &goods(&shop, "50s")));
    terminal.wait_until("figures", has_figures);
    terminal.close();
    let run = Run::at(&terminal.join("run"));
    eventually("the run has an ending", || run.manifest().get("ending").map(drop));
    assert_eq!(run.ended(), "interrupted");
    run.complete_rows();
}

#[test]
fn what_there_is_to_say_stands_above_the_view() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[]);
    let scenario = goods(&shop, "50s").table(
        "[[probes]]\nname = \"gone\"\nkind = \"json\"\nurl = \"http://127.0.0.1:1/metrics\"\ninterval = \"1s\"\n\
         metrics = { memory = \"/memory\" }",
    );
    terminal.enter(&command(&terminal, &scenario));
    let screen =
        terminal.wait_until("a warning above figures", |screen| screen.contains("warning:") && has_figures(screen));
    let place = |text: &str| screen.lines().position(|line| line.contains(text));
    assert!(place("warning: probe `gone` fails") < place("goods → "), "{screen}");
    assert_eq!(screen.matches("goods → ").count(), 1, "{screen}");
    terminal.press("q");
    assert_eq!(end(&terminal).0, 130);
    assert!(terminal.scrollback().contains("warning: probe `gone` fails"));
}

#[test]
fn colours_are_left_out_for_those_who_want_none() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[("NO_COLOR", "1")]);
    terminal.enter(&command(&terminal, &goods(&shop, "50s")));
    terminal.wait_until("figures", has_figures);
    let coloured = terminal.coloured_screen();
    for colour in 30..38 {
        assert!(!coloured.contains(&format!("[{colour}m")), "{coloured}");
    }
    terminal.press("q");
    assert_eq!(end(&terminal).0, 130);
}

#[test]
fn where_nothing_can_be_redrawn_there_are_plain_lines() {
    let (_turn, shop) = (alone(), Shop::open());
    let terminal = Terminal::open(80, 24, &[("TERM", "dumb")]);
    terminal.enter(&command(&terminal, &goods(&shop, "8s")));
    let scratch = Scratch::new();
    let file = scratch.write("load.toml", &goods(&shop, "8s").text());
    let run = |out: &Path| drumfire().arg("run").arg(&file).args(["--cores", "0", "--out"]).arg(out);
    let piped = run(&scratch.join("piped")).start();
    let quiet = run(&scratch.join("quiet")).arg("--quiet").start();

    assert_has_lines(&end(&terminal).1);
    assert_has_lines(&piped.finish().assert_ran().stderr);
    let quiet = quiet.finish();
    assert!(!quiet.assert_ran().stderr.contains("of 8.00 s:"), "{}", quiet.account());
}

#[track_caller]
fn assert_has_lines(text: &str) {
    let line = text.lines().find(|line| line.contains(" of 8.00 s: ")).unwrap_or_default();
    assert!(line.contains("in flight") && line.contains("errors") && line.contains("p99"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("q stops"), "{text}");
}
