//! What shells and readers are told of the programs: completions in a real shell, and the manual as files.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::process::{Command, Stdio};

use drumfire_tests::program::{Program, analyze, drumfire};
use drumfire_tests::scratch::Scratch;

/// What bash would offer behind these words, the last of which is being typed.
fn offered(program: fn() -> Program, words: &[&str]) -> Vec<String> {
    /// Calls the function that the script has registered, as bash does.
    const ASK: &str = r#"
eval "$SCRIPT"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
[[ $(complete -p "$1") =~ \ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;
    let script = program().args(["completions", "bash"]).finish();
    let asked = Command::new("bash")
        .args(["--norc", "-c", ASK, "bash"])
        .args(words)
        .env("SCRIPT", &script.assert_code(0).stdout)
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    assert!(asked.stderr.is_empty(), "{}", String::from_utf8_lossy(&asked.stderr));
    String::from_utf8_lossy(&asked.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_their_values() {
    assert_eq!(offered(drumfire, &["drumfire", "do"]), ["doctor"]);
    assert_eq!(offered(drumfire, &["drumfire", "run", "--pac"]), ["--pacing"]);
    assert_eq!(offered(drumfire, &["drumfire", "run", "--pacing", ""]), ["precise", "balanced", "frugal"]);
    assert_eq!(offered(analyze, &["drumfire-analyze", "ga"]), ["gate"]);
    assert_eq!(offered(analyze, &["drumfire-analyze", "gate", "--max"]), ["--max-regression"]);
    assert_eq!(offered(analyze, &["drumfire-analyze", "diff", "--time", "s"]), ["service"]);
}

#[test]
fn the_manual_is_a_file_for_each_command_and_the_first_page_on_standard_output() {
    for (program, name) in [(drumfire as fn() -> Program, "drumfire"), (analyze, "drumfire-analyze")] {
        let scratch = Scratch::new();
        let folder = scratch.join("man/man1");
        program().args(["man", "--out"]).arg(&folder).finish().assert_code(0);
        let own = std::fs::read_to_string(folder.join(format!("{name}.1"))).expect("the program's page");
        assert_eq!(program().arg("man").finish().assert_code(0).stdout, own);
        let title = format!("\n.TH {name} 1 \"\" \"{name} {}\" Drumfire\n", env!("CARGO_PKG_VERSION"));
        assert!(own.contains(&title), "{own}");
        assert!(own.contains("\n.SH EXAMPLES\n.nf\n") && own.contains("\n.fi\n.SH EXIT STATUS\n.nf\n"), "{own}");
        assert!(folder.join(format!("{name}-man.1")).is_file());
    }
}
