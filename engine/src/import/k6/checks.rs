//! Checks of k6 that are simple enough to be carried over: `(r) => r.status === 200`.

use super::super::javascript::tokens::{Kind, Token, tokens};
use super::super::javascript::{Literal, Node};
use crate::scenario::limits;

/// A check as a scenario writes it.
///
/// # Errors
/// Where it cannot be carried over: why not.
pub(super) fn check(name: &str, node: &Node) -> Result<String, String> {
    limits::check_name(name)?;
    let Literal::Unknown(source) = &node.value else { return Err("it is no function".to_owned()) };
    let tokens = tokens(source);
    comparison(&tokens).ok_or_else(|| "it is more than a comparison of a status or a duration".to_owned())
}

fn comparison(tokens: &[Token]) -> Option<String> {
    let arrow = tokens.iter().position(|token| token.kind == Kind::Sign("=>"))?;
    let parameter = tokens[..arrow].iter().find_map(word)?;
    let (operand, [sign, number]) = tokens[arrow + 1..].split_last_chunk::<2>()?;
    let Kind::Sign(sign) = sign.kind else { return None };
    let Kind::Number(number) = number.kind else { return None };
    let sign = match sign {
        "===" | "==" => "==",
        "!==" | "!=" => "!=",
        "<" | "<=" | ">" | ">=" => sign,
        _ => return None,
    };
    let mut names = operand.iter();
    if word(names.next()?)? != parameter {
        return None;
    }
    let mut path = Vec::new();
    while let Some(dot) = names.next() {
        if !matches!(dot.kind, Kind::Sign("." | "?.")) {
            return None;
        }
        path.push(word(names.next()?)?);
    }
    match path.as_slice() {
        ["status"] if is_status(sign, number) => Some(format!("status {sign} {number}")),
        ["timings", "duration"] if !matches!(sign, "==" | "!=") && number > 0.0 => {
            Some(format!("duration {sign} {number}ms"))
        }
        ["timings", "waiting"] if !matches!(sign, "==" | "!=") && number > 0.0 => {
            Some(format!("ttfb {sign} {number}ms"))
        }
        _ => None,
    }
}

/// Whether a status can be held against a number and pass.
fn is_status(sign: &str, number: f64) -> bool {
    number.fract() == 0.0
        && match sign {
            "<" => (101.0..=999.0).contains(&number),
            ">" => (100.0..=998.0).contains(&number),
            _ => (100.0..=999.0).contains(&number),
        }
}

fn word(token: &Token) -> Option<&str> {
    match &token.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_of_statuses_and_times_are_checks() {
        let of = |source: &str| check("c", &Node { line: 1, value: Literal::Unknown(source.to_owned()) }).ok();
        for (source, wanted) in [
            ("(r) => r.status === 201", Some("status == 201")),
            ("res => res.status < 500", Some("status < 500")),
            ("(r) => r.timings.duration < 1000", Some("duration < 1000ms")),
            ("(r) => r.status === 200 && r.body", None),
            ("(r) => other.status === 200", None),
            ("(r) => r.status < 100", None),
            ("(r) => r.json().ok === 1", None),
            ("r", None),
            ("=> = 1", None),
        ] {
            assert_eq!(of(source).as_deref(), wanted, "{source}");
        }
    }
}
