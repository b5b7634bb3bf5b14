//! JUnit XML of a gate's result: a test case for each figure of the baseline. In the form that both common schemas (the Ant
//! task's and Jenkins') take.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use runlog::text::printable;

use super::value::sentence;
use crate::gate::{Check, GateResult, Outcome};

/// The document.
pub fn junit(result: &GateResult) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let refused = usize::from(!result.refusals.is_empty());
    let failures = result.count(Outcome::is_failure);
    let skipped = result.count(|outcome| outcome == Outcome::NotEnoughData);
    let _ = writeln!(
        xml,
        "  <testsuite id=\"0\" package=\"drumfire\" name=\"{}\" hostname=\"{}\" timestamp=\"{}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"{refused}\" skipped=\"{skipped}\" time=\"0\">",
        escaped(&result.run.name),
        escaped(&result.run.host),
        timestamp(result.run.started_unix_ns),
        result.checks.len() + refused,
    );
    xml.push_str("    <properties>\n");
    for (name, value) in [("baseline", &result.baseline.file), ("run", &result.run.directory)] {
        let _ = writeln!(xml, "      <property name=\"{name}\" value=\"{}\"/>", escaped(value));
    }
    xml.push_str("    </properties>\n");
    if refused > 0 {
        let reasons = escaped(&result.refusals.join("; "));
        let _ = writeln!(xml, "    <testcase classname=\"measurement\" name=\"is valid\" time=\"0\">");
        let _ = writeln!(xml, "      <error type=\"refused\" message=\"{reasons}\"/>\n    </testcase>");
    }
    for check in &result.checks {
        write_case(&mut xml, check);
    }
    let said = escaped(&sentence(&result.headline().sentence));
    let warned: Vec<String> = result.warnings.iter().map(|warning| escaped(warning)).collect();
    let _ = writeln!(xml, "    <system-out>{said}</system-out>");
    let _ = writeln!(xml, "    <system-err>{}</system-err>", warned.join("\n"));
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn write_case(xml: &mut String, check: &Check) {
    let (class, name) = (escaped(&check.subject.name()), check.figure());
    // What is to be tested took no time of its own.
    let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"");
    let message = escaped(&sentence(&check.finding().sentence));
    let inner = match check.outcome {
        Outcome::Passed | Outcome::Better | Outcome::WithinNoise => return xml.push_str("/>\n"),
        Outcome::NotEnoughData => format!("<skipped message=\"{message}\"/>"),
        Outcome::Regressed | Outcome::Missing(_) => {
            format!("<failure type=\"{}\" message=\"{message}\">{message}</failure>", check.outcome.word())
        }
    };
    let _ = writeln!(xml, ">\n      {inner}\n    </testcase>");
}

/// An instant as the schemas want it: without fractions and without a zone, which is UTC.
fn timestamp(unix_ns: u64) -> String {
    let instant = UNIX_EPOCH + Duration::from_secs(unix_ns / 1_000_000_000);
    humantime::format_rfc3339_seconds(instant).to_string().trim_end_matches('Z').to_owned()
}

/// Text for an element or an attribute: no markup, and none of the characters that XML 1.0 does not have.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::baseline::Measure;
    use crate::baseline::measured::Interval;
    use crate::baseline::unit::Unit;
    use crate::gate::{Bound, Subject};

    fn check(interval: Option<Interval>, noise: Option<f64>) -> Check {
        Check {
            subject: Subject::Request { request: "list".to_owned() },
            measure: Measure::P95,
            unit: Unit::Time,
            baseline: 200e6,
            max_regression: 0.1,
            limit: 220e6,
            bound: Bound::AtMost,
            value: Some(231e6),
            change: Some(0.155),
            interval,
            noise,
            samples: 1000,
            outcome: Outcome::Regressed,
        }
    }

    #[test]
    fn a_failure_says_what_is_known_of_chance() {
        let said = |check: Check| sentence(&check.finding().sentence);
        let beginning = "list p95 was 231 ms (+15.50 %) against the baseline's 200 ms; allowed are +10.00 %";
        assert_eq!(said(check(None, None)), beginning);
        let interval = Some(Interval { low: 0.125, high: 0.2 });
        let beginning = format!("{beginning}; the difference lies between +12.50 % and +20.00 %");
        assert_eq!(said(check(interval, Some(0.031))), format!("{beginning}; noise 3.10 %"));
        let expected = beginning;
        assert_eq!(said(check(interval, None)), expected);
    }

    #[test]
    fn timestamps_are_those_of_the_schema() {
        assert_eq!(timestamp(1_767_225_600_999_999_999), "2026-01-01T00:00:00");
    }

    proptest! {
        #[test]
        fn text_is_neither_markup_nor_forbidden(text in any::<String>()) {
            let safe = escaped(&text);
            let forbidden = ['<', '>', '"', '\'', '\u{fffe}', '\u{ffff}'];
            prop_assert!(!safe.contains(forbidden));
            prop_assert!(!safe.chars().any(char::is_control));
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
            let known: usize = entities.iter().map(|entity| safe.matches(entity).count()).sum();
            prop_assert_eq!(safe.matches('&').count(), known);
        }
    }
}
