//! Names for what had none: made of what there is, and unique.

use std::collections::{HashMap, HashSet};

use crate::scenario::limits;

/// Names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// The number to try next behind a name.
    next: HashMap<String, u64>,
}

impl Names {
    /// A name like the one wanted that is not taken yet, and is from now on: `get_a`, `get_a_2`, `get_a_3`.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        /// In bytes; leaves room for a number within the longest name.
        const LONGEST: usize = 80;
        let wanted = &wanted[..wanted.floor_char_boundary(LONGEST)];
        if self.taken.insert(wanted.to_owned()) {
            return wanted.to_owned();
        }
        let next = self.next.entry(wanted.to_owned()).or_insert(2);
        loop {
            let name = format!("{wanted}_{next}");
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// A text as a name can be: without control characters and not too long; `other` where nothing is left of it.
pub(super) fn plain(text: &str, other: &str) -> String {
    let mut name: String = text.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(limits::LONGEST_NAME));
    if name.trim().is_empty() { other.to_owned() } else { name }
}

/// A text in letters, digits and `_`, in small letters; `other` where nothing is left of it.
pub(super) fn identifier(text: &str, other: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    if joined.is_empty() { other.to_owned() } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::default();
        let given: Vec<String> = ["a", "a", "a_2", "a", "b"].into_iter().map(|name| names.unique(name)).collect();
        assert_eq!(given, ["a", "a_2", "a_2_2", "a_3", "b"]);
    }

    #[test]
    fn an_identifier_has_letters_and_digits() {
        assert_eq!(identifier("GET /api/v1/Shop-Items/{id}", "x"), "get_api_v1_shop_items_id");
        assert_eq!(identifier("/ü/", "root"), "root");
    }
}
