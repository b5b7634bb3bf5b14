//! How much of everything a scenario may have: every queue and table of a run has a bound that is known before it.

use runlog::tags::Tags;
use runlog::units::Nanos;

use super::document::Entry;
use super::error::{Problem, Problems};

/// The largest scenario file, in bytes.
pub const LARGEST_FILE: u64 = 16 << 20;

/// The longest name of anything, in bytes: names stand in every row.
pub const LONGEST_NAME: usize = 100;

/// The most requests, flows or scenarios: their places are numbers of 16 bits.
pub const MOST_OF_A_KIND: usize = u16::MAX as usize;

/// The most headers of a request: servers refuse more.
pub const MOST_HEADERS: usize = 100;

/// The most redirects that are followed: browsers give up at 20.
pub const MOST_REDIRECTS: u32 = 20;

/// The most virtual users, and the most connections, of one scenario.
pub const MOST_CONNECTIONS: u32 = 1_000_000;

/// The most requests that may be on their way over one connection at once.
pub const DEEPEST_PIPELINE: u32 = 1024;

/// The highest arrival rate of one scenario, per second.
pub const HIGHEST_RATE: f64 = 10_000_000.0;

/// The longest span of time that a scenario can ask for.
pub const LONGEST_TIME: Nanos = Nanos::from_secs(366 * 86_400);

/// Whether a text can be the name of something.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a name cannot be empty".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("a name has at most {LONGEST_NAME} bytes, this one has {}", name.len()));
    }
    match name.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("a name cannot hold the control character {}", c.escape_default())),
        None => Ok(()),
    }
}

/// Whether keys can be names, and are not too many for ids.
pub(super) fn check_names(what: &str, entries: &[Entry], problems: &mut Problems) {
    for entry in entries {
        let checked = check_name(&entry.key);
        problems.keep(
            checked.map_err(|error| Problem::new(entry.key_span, error).expected(format!("the name of a {what}"))),
        );
    }
    if let Some(entry) = entries.get(MOST_OF_A_KIND) {
        let message = format!("there are more than {MOST_OF_A_KIND} {what}s");
        problems.add(Problem::new(entry.key_span, message).expected("one too many"));
    }
}

/// Whether a placeholder can say the name of this variable.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_variable_name(name: &str) -> Result<(), String> {
    let good = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if good && !name.is_empty() && name.len() <= LONGEST_NAME {
        return Ok(());
    }
    Err(format!("`{name}` cannot be the name of a variable"))
}

/// Whether a tag can be attached to something.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_tag(name: &str, value: &str) -> Result<(), String> {
    if matches!(name, "request" | "scenario") {
        return Err(format!("a tag cannot be named `{name}`: thresholds filter by that word already"));
    }
    check_name(name).and_then(|()| check_name(value)).map_err(|error| format!("tag `{}`: {error}", name.escape_debug()))
}

/// Tags that are added to others and take their place where the names are the same.
pub(super) fn with_tags(mut tags: Tags, others: &Tags) -> Tags {
    tags.extend(others.iter().map(|(name, value)| (name.clone(), value.clone())));
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_on_one_line() {
        assert_eq!(check_name("orders, \"created\" ✓"), Ok(()));
        for name in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_tag("request", "x").is_err());
        assert!(check_tag("tier", "").is_err());
    }
}
