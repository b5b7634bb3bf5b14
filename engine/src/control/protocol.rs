//! What is said over the control socket: one line of JSON in, one line of JSON out.

use serde::{Deserialize, Serialize};

/// The version of the protocol. Raised where an older side would misunderstand.
pub const VERSION: u32 = 1;
/// The longest line that is listened to, in bytes.
pub const LONGEST_REQUEST: usize = 4_096;
/// The longest line that comes back, in bytes.
pub const LONGEST_ANSWER: usize = 65_536;

/// The least and the most that a rate may be scaled to: whoever writes `150` means 150 %.
pub const FACTORS: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// What a run is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Request {
    /// How it is doing.
    Status,
    /// To stand still.
    Pause,
    /// To go on.
    Resume,
    /// To make so many times the arrivals that were planned.
    Rate(f64),
    /// To end.
    Stop,
}

/// A request as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "version")]
    version: u32,
    command: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    factor: Option<f64>,
}

const fn version() -> u32 {
    VERSION
}

impl Request {
    /// The request that a line is.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(line)
            .map_err(|error| format!("this is no request: {error}; write one such as {{\"command\":\"status\"}}"))?;
        if written.version != VERSION {
            return Err(format!("the protocol is of version {VERSION}, and not of version {}", written.version));
        }
        let request = match written.command.as_str() {
            "status" => Self::Status,
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "stop" => Self::Stop,
            "rate" => {
                let factor =
                    written.factor.ok_or("`rate` needs a `factor`, such as {\"command\":\"rate\",\"factor\":1.5}")?;
                return checked(factor).map(Self::Rate).ok_or_else(|| wrong_factor(&factor.to_string()));
            }
            _ => return Err("there is no such command: there are status, pause, resume, rate and stop".to_owned()),
        };
        if written.factor.is_some() { Err("only `rate` has a `factor`".to_owned()) } else { Ok(request) }
    }

    /// The line that it is written as, with its end.
    pub fn line(self) -> String {
        let (command, factor) = match self {
            Self::Status => ("status", None),
            Self::Pause => ("pause", None),
            Self::Resume => ("resume", None),
            Self::Rate(factor) => ("rate", Some(factor)),
            Self::Stop => ("stop", None),
        };
        let written = Written { version: VERSION, command: command.to_owned(), factor };
        // Words and numbers can be written.
        serde_json::to_string(&written).unwrap_or_default() + "\n"
    }
}

/// A factor as people write it: `1.5`, or `150%`.
///
/// # Errors
/// Where it is none, in words.
pub fn factor(text: &str) -> Result<f64, String> {
    let (number, of) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let factor = number.trim().parse::<f64>().ok().map(|number| number / of);
    factor.and_then(checked).ok_or_else(|| wrong_factor(text))
}

fn checked(factor: f64) -> Option<f64> {
    FACTORS.contains(&factor).then_some(factor)
}

fn wrong_factor(text: &str) -> String {
    format!(
        "`{text}` is no factor: write a number from {} to {} such as `1.5`, or `150%`; \
         to send nothing for a while, `pause`",
        FACTORS.start(),
        FACTORS.end()
    )
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The version of the protocol.
    pub version: u32,
    /// Whether it was done, or was so already.
    pub ok: bool,
    /// What a person is told: what was done, or why it was not.
    pub said: String,
    /// When it takes effect on all cores, since t=0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ns: Option<u64>,
    /// How the load is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// How a load is doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The name of the run.
    pub name: String,
    /// `running`, `paused` or `stopping`.
    pub state: &'static str,
    /// Since t=0.
    pub elapsed_ns: u64,
    /// How long the schedule lasts, without pauses.
    pub planned_ns: u64,
    /// How far the schedule has come.
    pub schedule_ns: u64,
    /// How long the load stood still, so far.
    pub paused_ns: u64,
    /// How many times the planned rate is followed.
    pub factor: f64,
    /// Arrivals per second that the open scenarios are to bring now; absent where all are closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_scheduled_per_s: Option<f64>,
    /// Arrivals of the open model per second, in the last second.
    pub rate_arrived_per_s: f64,
    /// Arrivals that were done per second in the last second.
    pub rate_done_per_s: f64,
    /// Requests on their way at the end of it.
    pub in_flight: u64,
    /// Arrivals that waited for a connection then.
    pub backlog: u64,
    /// Virtual users that were at work then.
    pub vus: u64,
    /// Arrivals that are done.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub errors: u64,
    /// How often the load was changed by hand.
    pub changes: usize,
    /// How the thresholds stand.
    pub thresholds: Thresholds,
}

/// How the thresholds stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// How many there are.
    pub total: usize,
    /// Those that do not hold by now. Only some are looked at before the end.
    pub failing: Vec<String>,
}

impl Answer {
    /// It was done, or is so already.
    pub fn done(said: impl Into<String>) -> Self {
        Self { version: VERSION, ok: true, said: said.into(), at_ns: None, status: None }
    }

    /// It cannot be done.
    pub fn refused(said: impl Into<String>) -> Self {
        Self { ok: false, ..Self::done(said) }
    }

    /// The line that it is written as, with its end.
    pub fn line(&self) -> String {
        // Words and numbers can be written.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        for request in [Request::Status, Request::Pause, Request::Resume, Request::Rate(1.5), Request::Stop] {
            assert_eq!(Request::read(request.line().trim_end().as_bytes()), Ok(request));
        }
        assert_eq!(Request::read(b"{\"command\":\"rate\",\"factor\":2}"), Ok(Request::Rate(2.0)));
    }

    #[test]
    fn what_is_no_request_is_told_why() {
        for (line, wrong) in [
            ("", "this is no request"),
            ("pause", "this is no request"),
            ("{}", "missing field `command`"),
            ("[1]", "this is no request"),
            ("{\"command\":\"explode\"}", "status, pause, resume, rate and stop"),
            ("{\"command\":\"pause\",\"for\":\"10s\"}", "unknown field `for`"),
            ("{\"command\":\"pause\",\"factor\":2}", "only `rate`"),
            ("{\"command\":\"rate\"}", "needs a `factor`"),
            ("{\"command\":\"rate\",\"factor\":0}", "is no factor"),
            ("{\"command\":\"rate\",\"factor\":1e999}", "this is no request"),
            ("{\"command\":\"rate\",\"factor\":150}", "150%"),
            ("{\"version\":2,\"command\":\"status\"}", "of version 1"),
        ] {
            let error = Request::read(line.as_bytes()).expect_err(line);
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_factor_is_a_number_or_a_percentage() {
        assert_eq!((factor("1.5"), factor("150%"), factor("25 %")), (Ok(1.5), Ok(1.5), Ok(0.25)));
        for text in ["", "%", "x", "0", "-1", "0%", "150", "nan", "inf", "1.5x"] {
            assert!(factor(text).is_err_and(|error| error.contains("is no factor")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_a_request_or_an_error(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::read(&line);
        }
    }
}
