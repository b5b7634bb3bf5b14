//! Which name was probably meant by a misspelt one.

/// The known name that is most like `word`, where one is like enough.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Nobody misspells a name this long, and comparing takes the product of the lengths.
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.len().min(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A help text: the name that was probably meant, or the names there are.
pub(super) fn names<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone, nothing: &str) -> String {
    const MOST_SHOWN: usize = 20;
    if let Some(meant) = nearest(word, known.clone()) {
        return format!("did you mean `{meant}`?");
    }
    let list: Vec<&str> = known.clone().take(MOST_SHOWN).collect();
    match known.count() {
        0 => nothing.to_owned(),
        count if count > MOST_SHOWN => format!("there are {}, … ({count})", list.join(", ")),
        _ => format!("there are: {}", list.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["method", "path", "headers", "expect_status"];
        assert_eq!(nearest("metod", known), Some("method"));
        assert_eq!(nearest("Path", known), Some("path"));
        assert_eq!(nearest("expected_status", known), Some("expect_status"));
        assert_eq!(nearest("body", known), None);
        assert_eq!(nearest("bath", ["name", "math"]), Some("math"));
        assert_eq!(nearest("rate", ["name"]), None);
        assert_eq!(nearest("x", known), None);
    }

    #[test]
    fn without_a_likely_name_all_are_listed() {
        assert_eq!(names("zzz", ["a1", "b1"].into_iter(), "none"), "there are: a1, b1");
        assert_eq!(names("zzz", std::iter::empty(), "no requests"), "no requests");
    }
}
