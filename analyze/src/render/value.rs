//! Values as people read them: the same in every renderer.

use std::time::{Duration, UNIX_EPOCH};

use runlog::text::printable;
use runlog::units::{Nanos, Rate, Thousands};

use crate::section::Value;

/// From here on a change is shown as a multiple: ten times as much.
const MULTIPLE: f64 = 9.0;

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
        Value::Number(number) => three_or_whole(*number),
        Value::Time(span) => span.to_string(),
        Value::Between(from, to) => between(*from, *to),
        Value::Rate(rate) => rate.to_string(),
        Value::BetweenRates(from, to) => between_rates(*from, *to),
        Value::Share(share) => per_cent(*share),
        Value::BetweenShares(from, to) => {
            let from = per_cent(*from);
            format!("{} – {}", from.trim_end_matches(" %"), per_cent(*to))
        }
        Value::Change(change) if *change >= MULTIPLE => format!("×{}", Thousands((change + 1.0).round() as u64)),
        Value::Change(change) => format!("{:+.2} %", change * 100.0),
        Value::Bytes(bytes) => bytes.to_string(),
        Value::Instant(unix_ns) => utc(*unix_ns),
        Value::Passed(true) => "✓".to_owned(),
        Value::Passed(false) => "✗".to_owned(),
    }
}

/// A number: whole ones as they are, others to three significant digits or the units' place.
fn three_or_whole(number: f64) -> String {
    let sign = if number < 0.0 { "−" } else { "" };
    let size = number.abs();
    if size >= 999.5 || (size.fract() == 0.0 && size < 1e15) {
        return format!("{sign}{}", Thousands(size.round() as u64));
    }
    let digits = if size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else {
        2
    };
    if size >= 0.01 { format!("{sign}{size:.digits$}") } else { format!("{sign}{size:.2e}") }
}

/// Two spans of time, with their unit once where both have the same: `1.20 – 1.31 ms`.
fn between(from: Nanos, to: Nanos) -> String {
    let (from, to) = (from.to_string(), to.to_string());
    match (from.split_once(' '), to.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} – {to}"),
        _ => format!("{from} – {to}"),
    }
}

/// Two rates, with their unit once: `1,210 – 1,260/s`.
fn between_rates(from: Rate, to: Rate) -> String {
    let from = from.to_string();
    format!("{} – {to}", from.trim_end_matches("/s"))
}

/// Two decimals; of what is less than a tenth of a percent three significant digits, so that it is not shown as nothing.
fn per_cent(share: f64) -> String {
    let per_cent = share * 100.0;
    let is_tiny = per_cent > 0.0 && per_cent < 0.0995;
    // A number below 0.1 has at least one zero behind the point.
    let decimals = if is_tiny { (2.0 - per_cent.log10().floor()).min(9.0) as usize } else { 2 };
    format!("{per_cent:.decimals$} %")
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
    fn numbers_have_three_digits_or_are_whole() {
        for (number, text) in
            [(0.0, "0"), (12_345.6, "12,346"), (-2.0, "−2"), (12.34, "12.3"), (0.5, "0.50"), (0.000_123, "1.23e-4")]
        {
            assert_eq!(three_or_whole(number), text);
        }
    }

    #[test]
    fn two_values_of_one_unit_have_it_once() {
        assert_eq!(shown(&Value::between_rates(1_210.0, 1_260.0)), "1,210 – 1,260/s");
        assert_eq!(shown(&Value::BetweenShares(0.5, 0.625)), "50.00 – 62.50 %");
        assert_eq!(shown(&Value::Between(Nanos(1_200), Nanos(1_310))), "1.20 – 1.31 µs");
        assert_eq!(shown(&Value::between_rates(f64::NAN, 1.0)), "–");
    }

    #[test]
    fn small_shares_keep_their_digits() {
        for (share, text) in [
            (0.0, "0.00 %"),
            (0.1234, "12.34 %"),
            (0.001, "0.10 %"),
            (0.00011, "0.0110 %"),
            (0.000_001_234, "0.000123 %"),
            (1e-12, "0.000000000 %"),
        ] {
            assert_eq!(per_cent(share), text);
        }
    }

    #[test]
    fn changes_have_a_sign_and_large_ones_are_multiples() {
        let texts = [0.155, -0.5, 8.99, 9.0, 4165.7].map(|change| shown(&Value::Change(change)));
        assert_eq!(texts, ["+15.50 %", "-50.00 %", "+899.00 %", "×10", "×4,167"]);
    }

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
