//! Values as people read them: the same in every renderer.

use std::time::{Duration, UNIX_EPOCH};

use runlog::text::printable;
use runlog::units::Thousands;

use crate::section::Value;

/// Values put together, as people read them.
pub fn sentence(values: &[Value]) -> String {
    values.iter().map(shown).collect()
}

/// A value as people read it.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Absent => "–".to_owned(),
        Value::Text(text) => printable(text),
        Value::Count(count) => Thousands(*count).to_string(),
        Value::Time(span) => span.to_string(),
        Value::Rate(rate) => rate.to_string(),
        Value::Share(share) => format!("{:.2} %", share * 100.0),
        Value::Bytes(bytes) => bytes.to_string(),
        Value::Instant(unix_ns) => utc(*unix_ns),
        Value::Passed(true) => "✓".to_owned(),
        Value::Passed(false) => "✗".to_owned(),
    }
}

/// An instant as `2026-01-01 00:00:00 UTC`.
fn utc(unix_ns: u64) -> String {
    let instant = UNIX_EPOCH + Duration::from_nanos(unix_ns);
    humantime::format_rfc3339_seconds(instant).to_string().replace('T', " ").replace('Z', " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_dates_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_827_696, "2000-02-29 12:34:56 UTC"),
            (1_767_225_600, "2026-01-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(seconds * 1_000_000_000), text);
        }
    }
}
