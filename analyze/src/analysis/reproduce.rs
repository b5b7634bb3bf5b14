//! How to see for oneself: the command that made the run, and those that read it.

use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section};

use super::Analysis;

/// The commands.
pub struct Reproduce;

impl Analysis for Reproduce {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let manifest = &run.log.manifest;
        let finding = |text: &'static str| Part::Findings(vec![Finding::new(Level::Note, text)]);
        let parts = vec![
            finding(
                "with the same seed, the same requests are made in the same order at the same scheduled times; what was a \
                 secret is redacted, and has to be put back",
            ),
            Part::Command(made_by(&manifest.command, manifest.seed)),
            finding("every figure is made from the rows of the run, which other programs can read as well"),
            Part::Command(shell(["drumfire-analyze", "report", &run.summary.run.directory])),
        ];
        Ok(vec![Section::new("How to reproduce it", parts)])
    }
}

/// The command that makes the same load, seed and all.
fn made_by(command: &[String], seed: u64) -> String {
    let is_run = command.get(1).is_some_and(|word| word == "run");
    let has_seed = command.iter().any(|word| word == "--seed" || word.starts_with("--seed="));
    let seed = seed.to_string();
    let added: &[&str] = if is_run && !has_seed { &["--seed", &seed] } else { &[] };
    shell(command.iter().map(String::as_str).chain(added.iter().copied()))
}

/// Words as a POSIX shell reads them: in single quotes where they have anything but letters, digits and what means
/// nothing to it.
fn shell<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let quoted = |word: &str| {
        let is_safe = !word.is_empty() && word.chars().all(is_plain);
        if is_safe { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<String> {
        command.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_seed_is_added_where_it_was_drawn() {
        assert_eq!(made_by(&words("drumfire run a.toml"), 7), "drumfire run a.toml --seed 7");
        assert_eq!(made_by(&words("drumfire run a.toml --seed 7"), 7), "drumfire run a.toml --seed 7");
        assert_eq!(made_by(&words("drumfire run a.toml --seed=7"), 7), "drumfire run a.toml --seed=7");
        assert_eq!(made_by(&words("drumfire hit http://a/?b=c"), 7), "drumfire hit 'http://a/?b=c'");
    }

    #[test]
    fn no_word_is_anything_else_to_a_shell() {
        let hostile = ["$(reboot)", "a b", "it's", "", "`x`", "~", "*", "a\nb", "#"];
        let output =
            std::process::Command::new("sh").args(["-c", &format!("printf '%s|' {}", shell(hostile))]).output();
        let text = String::from_utf8(output.expect("there is a shell").stdout).expect("UTF-8");
        assert_eq!(text, hostile.join("|") + "|");
    }
}
