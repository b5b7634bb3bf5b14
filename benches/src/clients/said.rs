//! Numbers out of what clients say.

use anyhow::{Context, ensure};

/// The whole number that ends where `suffix` starts, in the first line that has both.
///
/// # Errors
/// Where there is none.
pub fn number_before(text: &str, suffix: &str) -> anyhow::Result<u64> {
    let number = text.lines().find_map(|line| {
        let (before, _) = line.split_once(suffix)?;
        before.split_whitespace().last()?.parse().ok()
    });
    number.with_context(|| format!("there is no number before `{suffix}` in:\n{text}"))
}

/// The whole number behind `prefix`, in the first line that has both.
///
/// # Errors
/// Where there is none.
pub fn number_behind(text: &str, prefix: &str) -> anyhow::Result<u64> {
    let number = text.lines().find_map(|line| {
        let (_, behind) = line.split_once(prefix)?;
        behind.split_whitespace().next()?.parse().ok()
    });
    number.with_context(|| format!("there is no number behind `{prefix}` in:\n{text}"))
}

/// The number of answers that a client names in a list of lines such as `[200] 41876 responses`.
///
/// # Errors
/// Where it names another status: such a round is no comparison.
pub fn good_answers(client: &str, statuses: &str) -> anyhow::Result<u64> {
    let other = statuses.lines().find(|line| line.contains("responses") && !line.contains("[200]"));
    ensure!(other.is_none(), "some of {client}'s requests failed: {other:?}");
    number_before(statuses, " responses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_words() {
        let text = "12 apples\nin 3 baskets: 4\n";
        assert_eq!(number_before(text, " baskets").expect("a number"), 3);
        assert_eq!(number_behind(text, "baskets:").expect("a number"), 4);
        assert!(number_before(text, " pears").is_err());
    }
}
