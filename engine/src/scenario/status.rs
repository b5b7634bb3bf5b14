//! Sets of HTTP statuses as people write them: `200`, `"2xx"`, `"200..299"`, `status in [200, 201]`.

/// Inclusive ranges of statuses.
pub type Statuses = Vec<(u16, u16)>;

const LOWEST: u16 = 100;
const HIGHEST: u16 = 999;

const EXPECTED: &str = "a status is a number from 100 to 999, a class such as `2xx` or a range such as `200..299`";

/// A status, a class or a range.
pub(super) fn parse_statuses(text: &str) -> Result<(u16, u16), String> {
    let text = text.trim();
    let error = || format!("`{text}` is no status: {EXPECTED}");
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (status(from).ok_or_else(error)?, status(to).ok_or_else(error)?);
        return if from <= to {
            Ok((from, to))
        } else {
            Err(format!("`{text}` is empty: the lower status comes first"))
        };
    }
    match text.as_bytes() {
        [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => {
            let class = u16::from(class - b'0') * 100;
            Ok((class, class + 99))
        }
        _ => status(text).map(|status| (status, status)).ok_or_else(error),
    }
}

fn status(text: &str) -> Option<u16> {
    let text = text.trim();
    (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
        .filter(|&status| status >= LOWEST)
}

/// A whole number as a status.
pub(super) fn status_of(number: i64) -> Result<(u16, u16), String> {
    parse_statuses(&number.to_string())
}

/// A check such as `status == 200`: the statuses that pass it.
pub(crate) fn parse_check(text: &str) -> Result<Statuses, String> {
    let error =
        || format!("`{text}` is no check: write one such as `status == 200`, `status < 500` or `status in [200, 201]`");
    let rest = text.trim().strip_prefix("status").ok_or_else(error)?;
    if let Some(list) = rest.trim_start().strip_prefix("in").filter(|list| list.starts_with([' ', '['])) {
        return parse_list(list.trim()).ok_or_else(error)?;
    }
    let rest = rest.trim_start();
    let sign = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(error)?;
    let operand = rest[sign.len()..].trim();
    let bound = status(operand)
        .ok_or_else(|| format!("`{operand}` is no status: `status {sign}` takes a number from 100 to 999"))?;
    let passing = match sign {
        "==" => vec![(bound, bound)],
        "!=" => vec![(LOWEST, bound - 1), (bound + 1, HIGHEST)],
        "<" => vec![(LOWEST, bound - 1)],
        "<=" => vec![(LOWEST, bound)],
        ">" => vec![(bound + 1, HIGHEST)],
        _ => vec![(bound, HIGHEST)],
    };
    let passing: Statuses = passing.into_iter().filter(|(from, to)| from <= to).collect();
    if passing.is_empty() { Err(format!("`{text}` can never pass: statuses go from 100 to 999")) } else { Ok(passing) }
}

/// `[200, 201]` or a single set; `None` where it is neither.
fn parse_list(text: &str) -> Option<Result<Statuses, String>> {
    let Some(inside) = text.strip_prefix('[') else {
        return Some(parse_statuses(text).map(|range| vec![range]));
    };
    let inside = inside.strip_suffix(']')?;
    Some(inside.split(',').map(parse_statuses).collect())
}

/// Whether a status is one of a set.
#[inline]
pub fn contains(statuses: &[(u16, u16)], status: u16) -> bool {
    statuses.iter().any(|&(from, to)| (from..=to).contains(&status))
}

/// Ranges as people read them: `200, 300..399`.
pub fn show(statuses: &[(u16, u16)]) -> String {
    let shown: Vec<String> = statuses
        .iter()
        .map(|&(from, to)| if from == to { from.to_string() } else { format!("{from}..{to}") })
        .collect();
    shown.join(", ")
}

/// A check of the status as people write it.
pub fn show_check(statuses: &[(u16, u16)]) -> String {
    match statuses {
        &[(from, to)] if from == to => format!("status == {from}"),
        statuses => format!("status in [{}]", show(statuses)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_classes_and_ranges() {
        assert_eq!(parse_statuses("200"), Ok((200, 200)));
        assert_eq!(parse_statuses("2xx"), Ok((200, 299)));
        assert_eq!(parse_statuses("200 .. 399"), Ok((200, 399)));
        for text in ["", "20", "099", "1000", "0xx", "2x", "399..200", "200..", "ok", "+20"] {
            assert!(parse_statuses(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_check_names_the_statuses_that_pass() {
        for (text, statuses) in [
            ("status == 200", vec![(200, 200)]),
            ("status==200", vec![(200, 200)]),
            ("status != 200", vec![(100, 199), (201, 999)]),
            ("status != 100", vec![(101, 999)]),
            ("status < 500", vec![(100, 499)]),
            ("status <= 500", vec![(100, 500)]),
            ("status > 500", vec![(501, 999)]),
            ("status >= 500", vec![(500, 999)]),
            ("status in [200, 201]", vec![(200, 200), (201, 201)]),
            ("status in[2xx]", vec![(200, 299)]),
            ("status in 200..299", vec![(200, 299)]),
        ] {
            assert_eq!(parse_check(text), Ok(statuses), "{text}");
        }
    }

    #[test]
    fn what_is_no_check_is_refused() {
        for text in [
            "",
            "status",
            "status = 200",
            "status == OK",
            "status < 100",
            "status > 999",
            "status in [",
            "status in []",
            "stat == 200",
            "status == 200 || status == 201",
        ] {
            assert!(parse_check(text).is_err(), "{text}");
        }
    }
}
