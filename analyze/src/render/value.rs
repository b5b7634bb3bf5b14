//! Values as people read them: the same in every renderer.

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

/// Text whose characters that command a terminal, or turn the direction of what follows, are written out: `\u{1b}`.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                safe.extend(c.escape_unicode());
            }
            c if c.is_control() => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// An instant as `2026-01-01 00:00:00 UTC`.
fn utc(unix_ns: u64) -> String {
    let seconds = unix_ns / 1_000_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

/// The date of a day since the Unix epoch. Years are counted from March, so that the leap day is a year's last.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + if month <= 2 { 1 } else { 0 }, month, day)
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

    #[test]
    fn what_would_command_a_terminal_is_written_out() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\u{9b}c\u{202e}d"), "a\\u{1b}[2Jb\\r\\n\\u{9b}c\\u{202e}d");
        assert_eq!(printable("Größe → 5 µs"), "Größe → 5 µs");
    }
}
