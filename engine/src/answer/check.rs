//! Checks: what has to hold of an answer, as people write it: `status == 200`, `json:/items/0/id exists`, `duration < 1s`.

use std::fmt;

use runlog::sign::Sign;
use runlog::units::{Bytes, Nanos};

use super::compare::{Comparison, word};
use super::content::Content;
use super::source::{Needs, Source};
use crate::scenario::status::{self, Statuses, parse_check};

/// What an exchange came to, as far as its row says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// The status.
    pub status: u16,
    /// Sent → last byte.
    pub duration: Nanos,
    /// Sent → first byte.
    pub ttfb: Nanos,
    /// Scheduled → last byte.
    pub response: Nanos,
}

/// Something that has to hold of an answer.
#[derive(Debug, Clone)]
pub enum Check {
    /// Its status is one of these.
    Status(Statuses),
    /// A time of it.
    Time(Time, Sign, Nanos),
    /// The length of its body, unpacked.
    Size(Sign, Bytes),
    /// A value in it.
    Value(Source, Comparison),
    /// That something else does not hold.
    Not(Box<Self>),
}

/// A time of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Sent → last byte.
    Duration,
    /// Sent → first byte.
    Ttfb,
    /// Scheduled → last byte.
    Response,
}

const TIMES: [(&str, Time); 3] =
    [("duration", Time::Duration), ("ttfb", Time::Ttfb), ("response_time", Time::Response)];

impl Check {
    /// Reads a check as people write it.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(rest) = word(text, "not") {
            return Self::parse(rest).map(|check| Self::Not(Box::new(check)));
        }
        if word(text, "status").is_some() {
            return parse_check(text).map(Self::Status);
        }
        for (name, time) in TIMES {
            if let Some(rest) = word(text, name) {
                let (sign, span) =
                    Sign::split(rest).ok_or_else(|| format!("`{text}` compares nothing: write `{name} < 1s`"))?;
                let span = span.parse().map_err(|error: runlog::units::UnitError| error.to_string())?;
                return Ok(Self::Time(time, sign, span));
            }
        }
        if let Some(rest) = word(text, "body") {
            return match word(rest, "size") {
                Some(rest) => size(text, rest),
                None => Comparison::parse(rest).map(|comparison| Self::Value(Source::Body, comparison)),
            };
        }
        let (source, comparison) = split(text).ok_or_else(|| unknown(text))?;
        let source = Source::parse(source)?;
        let comparison = Comparison::parse(comparison)?;
        if matches!(comparison, Comparison::Length(..)) && !matches!(source, Source::Json(_)) {
            return Err(format!("`{text}`: only a value of JSON has a length"));
        }
        Ok(Self::Value(source, comparison))
    }

    /// What of an answer it needs.
    pub fn needs(&self) -> Needs {
        match self {
            Self::Status(_) | Self::Time(..) => Needs::default(),
            Self::Size(..) => Needs { head: true, body: true },
            Self::Value(source, _) => source.needs(),
            Self::Not(check) => check.needs(),
        }
    }

    /// Whether it holds. What needs an answer's content does not hold without one, or where its body was cut: nor does the
    /// opposite of it.
    pub fn holds(&self, figures: &Figures, content: Option<&Content>) -> bool {
        match self {
            Self::Status(statuses) => status::contains(statuses, figures.status),
            Self::Time(time, sign, span) => {
                let took = match time {
                    Time::Duration => figures.duration,
                    Time::Ttfb => figures.ttfb,
                    Time::Response => figures.response,
                };
                sign.holds(&took, span)
            }
            Self::Size(sign, bytes) => {
                content.and_then(Content::whole_body).is_some_and(|body| sign.holds(&(body.len() as u64), &bytes.0))
            }
            Self::Value(source, comparison) => content.is_some_and(|content| value_holds(source, comparison, content)),
            Self::Not(check) => {
                let needs = check.needs();
                let is_seen = content.map_or(needs.is_nothing(), |content| !needs.body || !content.is_cut);
                is_seen && !check.holds(figures, content)
            }
        }
    }
}

fn value_holds(source: &Source, comparison: &Comparison, content: &Content) -> bool {
    match (source, comparison) {
        (Source::Json(pointer), _) => {
            let value = content.whole_body().and_then(|body| pointer.find(body));
            comparison.holds(value.as_ref())
        }
        (source, _) => comparison.holds_of_text(source.find(content).as_deref()),
    }
}

/// The source at the start of a check, and the comparison behind it: a source has no blanks but in a pattern.
fn split(text: &str) -> Option<(&str, &str)> {
    let (kind, _) = text.split_once(':')?;
    if !matches!(kind, "json" | "header" | "cookie") {
        return None;
    }
    let end = text.find(char::is_whitespace)?;
    Some((&text[..end], &text[end..]))
}

fn size(text: &str, rest: &str) -> Result<Check, String> {
    let (sign, bytes) =
        Sign::split(rest).ok_or_else(|| format!("`{text}` compares nothing: write `body size < 10KiB`"))?;
    let bytes = bytes.parse().map_err(|error: runlog::units::UnitError| error.to_string())?;
    Ok(Check::Size(sign, bytes))
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is no check: write one such as `status == 200`, `json:/items/0/id exists`, `header:Content-Type contains \
         \"json\"`, `body contains \"ok\"` or `duration < 1s`"
    )
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(statuses) => f.write_str(&status::show_check(statuses)),
            Self::Time(time, sign, span) => {
                let name = TIMES.iter().find(|(_, known)| known == time).map_or("", |(name, _)| name);
                write!(f, "{name} {sign} {span}")
            }
            Self::Size(sign, bytes) => write!(f, "body size {sign} {bytes}"),
            Self::Value(source, comparison) => write!(f, "{source} {comparison}"),
            Self::Not(check) => write!(f, "not {check}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(check: &str) -> bool {
        let figures = Figures {
            status: 201,
            duration: Nanos::from_millis(20),
            ttfb: Nanos::from_millis(10),
            response: Nanos::from_millis(30),
        };
        let head =
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Left: 7\r\nSet-Cookie: s=1\r\n\r\n".to_vec();
        let content = Content { head, body: br#"{"items": [{"id": 7}], "ok": true}"#.to_vec(), is_cut: false };
        Check::parse(check).expect(check).holds(&figures, Some(&content))
    }

    #[test]
    fn what_holds_holds() {
        for check in [
            "status == 201",
            "status in [200, 2xx]",
            "duration < 25ms",
            "ttfb <= 10ms",
            "response_time > 25ms",
            "json:/items/0/id == 7",
            "json:/items length >= 1",
            "json:/ok == true",
            "header:content-type contains \"json\"",
            "header:X-Left < 10",
            "cookie:s exists",
            "body contains \"items\"",
            "body matches \"\\\"id\\\": \\\\d\"",
            "body size < 10KiB",
            "not status == 200",
            "not json:/x exists",
        ] {
            assert!(holds(check), "{check}");
        }
    }

    #[test]
    fn what_does_not_hold_does_not() {
        for check in [
            "status == 200",
            "duration > 1s",
            "json:/x exists",
            "header:X exists",
            "body size > 1MiB",
            "cookie:t exists",
        ] {
            assert!(!holds(check), "{check}");
        }
        let without = Check::parse("body contains \"a\"").expect("a check").holds(&Figures::default(), None);
        assert!(!without, "without an answer");
        let cut = Content { is_cut: true, ..Content::default() };
        for check in ["body contains \"a\"", "not body contains \"a\"", "not json:/a exists"] {
            let check = Check::parse(check).expect("a check");
            assert!(!check.holds(&Figures::default(), Some(&cut)), "{check} of a body that was cut");
        }
    }

    #[test]
    fn what_is_no_check_is_refused_with_what_would_be_right() {
        for (text, wrong) in [
            ("", "is no check"),
            ("items > 0", "is no check"),
            ("json:items exists", "begins with `/`"),
            ("json:/items", "is no check"),
            ("duration < 5", "duration with its unit"),
            ("body size < 10", "with its unit"),
            ("header:X length > 1", "only a value of JSON"),
            ("status == OK", "no status"),
        ] {
            let error = Check::parse(text).expect_err(text);
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(not |status |json:/a |header:A |body |duration )?\\PC{0,16}") {
            if let Ok(check) = Check::parse(&text) {
                prop_assert!(Check::parse(&check.to_string()).is_ok(), "{} became {}", text, check);
            }
        }
    }
}
