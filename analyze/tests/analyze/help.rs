//! The help of every command, as a newcomer reads it: what it looks like, and that its examples are right.

use analyze::cli::Cli;
use analyze::manual;
use clap::{Command, CommandFactory, Parser, ValueEnum};

/// How wide the terminal of the golden files is.
const WIDTH: usize = 80;

/// Every command there is, the program first.
fn commands() -> Vec<Command> {
    let mut program = Cli::command().term_width(WIDTH).disable_help_subcommand(true);
    program.build();
    std::iter::once(&program).chain(program.get_subcommands()).cloned().collect()
}

/// What a command is called in the names of files.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// The examples of a command: a line each, those that go on in the next joined, without comments.
fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let block = text.strip_prefix("Examples:\n").and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let joined = block.replace(" \\\n", " ");
    joined.lines().map(str::trim).filter(|line| !line.starts_with('#')).map(ToOwned::to_owned).collect()
}

/// The words of a command line, as far as they are for this program: what is redirected, piped or substituted is not.
fn words(example: &str) -> Vec<String> {
    let example = example.strip_prefix("eval \"$(").and_then(|rest| rest.strip_suffix(")\"")).unwrap_or(example);
    let words = shlex::split(example).expect("a line that a shell can read");
    words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | "&")).collect()
}

#[test]
fn the_help_of_every_command_reads_like_this() {
    for mut command in commands() {
        let help = command.render_long_help().to_string();
        insta::assert_snapshot!(name(&command), help);
        let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert!(wide.is_empty(), "wider than a terminal: {wide:#?}");
    }
}

#[test]
fn every_command_has_examples_and_all_are_taken() {
    for command in commands() {
        let examples = examples(&command);
        assert!(!examples.is_empty(), "`{}` has no examples", name(&command));
        for example in examples {
            if let Err(error) = Cli::try_parse_from(words(&example)) {
                panic!("an example of `{}` is refused: {example}\n{error}", name(&command));
            }
        }
    }
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let files: Vec<String> = manual::pages(Cli::command()).into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, commands().iter().map(|command| format!("{}.1", name(command))).collect::<Vec<_>>());
    let of_gate = manual::pages(Cli::command()).into_iter().find(|(file, _)| file == "drumfire-analyze-gate.1");
    insta::assert_snapshot!("page_of_gate", of_gate.expect("a page").1);
}

#[test]
fn every_shell_gets_a_script_with_every_command() {
    for shell in clap_complete::Shell::value_variants() {
        let script = String::from_utf8(manual::completions(&mut Cli::command(), *shell)).expect("a text");
        for command in commands() {
            assert!(script.contains(command.get_name()), "{shell}: nothing of `{}`", name(&command));
        }
        assert!(script.contains("max-regression"), "{shell}: no flags");
    }
}
