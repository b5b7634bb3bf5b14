//! What a program prints: a number, lines of `name=value`, or a JSON object.

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Program, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::unix::pipe;
use tokio::time::sleep;

use super::json::number;
use super::{LONGEST_OUTPUT, MOST_VALUES, Probe, Sample, bounded};
use crate::clock::Clock;
use crate::scenario::Text;

/// What a number that stands alone is a value of.
const ALONE: &str = "value";
/// The most bytes of its complaints that are kept.
const LONGEST_COMPLAINT: usize = 4 << 10;

/// The longest wait between two looks whether it has ended.
const LONGEST_STEP: Duration = Duration::from_millis(50);

/// Runs a program.
pub struct Command {
    words: &'static [Text],
}

impl Command {
    /// Of these words.
    pub fn new(words: &'static [Text]) -> Self {
        Self { words }
    }
}

impl Probe for Command {
    async fn look(&mut self, _clock: &Clock) -> Result<Vec<Sample>, String> {
        values(&self.run().await?)
    }
}

/// A child that is gone when nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both say no where it has ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Command {
    /// What the program prints.
    async fn run(&self) -> Result<Vec<u8>, String> {
        let Some((program, arguments)) = self.words.split_first() else { return Ok(Vec::new()) };
        let failed = |error: std::io::Error| format!("`{}` cannot be run: {error}", program.shown);
        let mut command = Program::new(&program.real);
        command.args(arguments.iter().map(|word| &word.real));
        // In a group of its own: an interrupt at the terminal is for the run, which ends its probes.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut running = Running(command.spawn().map_err(failed)?);
        let printed = reader(running.0.stdout.take().map(OwnedFd::from)).map_err(failed)?;
        let complaints = reader(running.0.stderr.take().map(OwnedFd::from)).map_err(failed)?;
        let (printed, complaints) =
            tokio::join!(read_up_to(printed, LONGEST_OUTPUT + 1), read_up_to(complaints, LONGEST_COMPLAINT));
        let printed = printed.map_err(failed)?;
        if printed.len() > LONGEST_OUTPUT {
            return Err(format!("it printed more than {} MiB", LONGEST_OUTPUT >> 20));
        }
        let status = ended(&mut running.0).await.map_err(failed)?;
        if status.success() {
            return Ok(printed);
        }
        let complaints = complaints.unwrap_or_default();
        let first = String::from_utf8_lossy(&complaints).lines().next().map(bounded).unwrap_or_default();
        let colon = if first.is_empty() { "" } else { ": " };
        Err(format!("it ended with {status}{colon}{first}"))
    }
}

fn reader(end: Option<OwnedFd>) -> std::io::Result<pipe::Receiver> {
    end.ok_or_else(|| std::io::Error::other("it has no output")).and_then(pipe::Receiver::from_owned_fd)
}

async fn read_up_to(end: impl AsyncRead + Unpin, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    end.take(most as u64).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Waits for the end of a child that has said everything, which is near: it is looked for again and again, in steps that
/// double. To be told of it would take a signal, which interrupts workers.
async fn ended(child: &mut Child) -> std::io::Result<ExitStatus> {
    let mut step = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        sleep(step).await;
        step = (step * 2).min(LONGEST_STEP);
    }
}

/// The values that were printed.
fn values(printed: &[u8]) -> Result<Vec<Sample>, String> {
    let text = std::str::from_utf8(printed).map_err(|_| "what it printed is not UTF-8".to_owned())?.trim();
    let samples = if let Some(value) = finite(text) {
        vec![Sample::plain(ALONE, value)]
    } else if text.starts_with('{') {
        of_object(text)?
    } else {
        text.lines().filter(|line| !line.trim().is_empty()).map(of_line).collect::<Result<_, _>>()?
    };
    match samples.len() {
        0 => Err("it printed no value".to_owned()),
        many if many > MOST_VALUES => Err(format!("it printed {many} values: at most {MOST_VALUES} are kept")),
        _ => Ok(samples),
    }
}

fn of_object(text: &str) -> Result<Vec<Sample>, String> {
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("what it printed is not JSON: {error}"))?;
    Ok(object.iter().filter_map(|(name, value)| Some(Sample::plain(&bounded(name), number(value)?))).collect())
}

fn of_line(line: &str) -> Result<Sample, String> {
    let pair = line.split_once('=').map(|(name, value)| (name.trim(), finite(value.trim())));
    match pair {
        Some((name, Some(value))) if !name.is_empty() => Ok(Sample::plain(&bounded(name), value)),
        _ => Err(format!("it printed `{}`, which is not name=value with a number", bounded(line))),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(pairs: &[(&str, f64)]) -> Vec<Sample> {
        pairs.iter().map(|(name, value)| Sample::plain(name, *value)).collect()
    }

    #[test]
    fn a_number_lines_and_an_object_are_understood() {
        assert_eq!(values(b" 42.5\n"), Ok(plain(&[("value", 42.5)])));
        assert_eq!(values(b"queue = 3\n\nworkers=8\n"), Ok(plain(&[("queue", 3.0), ("workers", 8.0)])));
        assert_eq!(values(br#"{ "a": 1, "up": true, "name": "x" }"#), Ok(plain(&[("a", 1.0), ("up", 1.0)])));
    }

    #[test]
    fn what_is_none_of_them_is_a_failure() {
        for printed in [&b""[..], b"hello", b"a=b", b"=1", b"{", b"{\"a\": \"b\"}", b"\xff", b"nan", b"a=inf"] {
            assert!(values(printed).is_err(), "{printed:?}");
        }
    }

    fn run(words: &[&str]) -> Result<Vec<Sample>, String> {
        let text = |word: &&str| {
            let mut text = Text::default();
            text.real.push_str(word);
            text
        };
        let words: Vec<Text> = words.iter().map(text).collect();
        let mut command = Command::new(words.leak());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let clock = Clock::starting_in(runlog::units::Nanos::ZERO);
        runtime.block_on(command.look(&clock))
    }

    #[test]
    fn a_program_is_run_without_a_shell() {
        assert_eq!(run(&["printf", "a=%d\\nb=$HOME", "1"]), values(b"a=1\nb=$HOME"));
        assert_eq!(run(&["echo", "7"]), Ok(plain(&[("value", 7.0)])));
    }

    #[test]
    fn an_exit_code_that_is_not_zero_is_a_failure_with_its_complaint() {
        let error = run(&["sh", "-c", "echo 1; echo no such queue >&2; exit 3"]).expect_err("a failure");
        assert_eq!(error, "it ended with exit status: 3: no such queue");
        assert!(run(&["/no/such/program"]).expect_err("a failure").contains("cannot be run"));
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read(printed in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = values(&printed);
        }
    }
}
