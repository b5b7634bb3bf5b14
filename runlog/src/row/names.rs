//! The names of scenarios and requests as they stand in the rows.

use super::field::{Ends, Text};

/// The names of scenarios and requests: quoted where CSV wants it, once, before the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub(super) scenarios: List,
    pub(super) requests: List,
}

impl Names {
    /// The names in the order of their ids.
    pub fn new<'a>(scenarios: impl IntoIterator<Item = &'a str>, requests: impl IntoIterator<Item = &'a str>) -> Self {
        Self { scenarios: List::new(scenarios), requests: List::new(requests) }
    }
}

/// Names by their ids, and ids by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    names: Vec<Box<[u8]>>,
    /// Both ends of each name, and its length: all of a name that is no longer than both.
    ends: Vec<Ends>,
    /// Ids (one above, 0 for none) at the places that the names' hashes lead to, or the next free one behind.
    slots: Box<[u16]>,
}

impl List {
    fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<Box<[u8]>> = names.into_iter().map(quoted).collect();
        let mut list = Self {
            slots: vec![0; (4 * names.len()).next_power_of_two().max(8)].into(),
            ends: Vec::new(),
            names: Vec::new(),
        };
        for (id, name) in (1..).zip(&names) {
            let ends = Text::new(name, 0, name.len()).ends();
            let mut slot = list.slot(ends);
            while list.slots[slot] != 0 {
                slot = (slot + 1) % list.slots.len();
            }
            list.slots[slot] = id;
            list.ends.push(ends);
        }
        list.names = names;
        list
    }

    fn slot(&self, ends: Ends) -> usize {
        // The number of slots is a power of two.
        (ends.hash() >> 32) as usize & (self.slots.len() - 1)
    }

    pub(super) fn name(&self, id: u16) -> &[u8] {
        &self.names[usize::from(id)]
    }

    /// The id of a name; the first of those that have it.
    #[inline]
    pub(super) fn id(&self, text: Text<'_>) -> Option<u16> {
        let ends = text.ends();
        let is_it =
            |id: usize| ends == self.ends[id] && (text.len() <= Ends::BYTES || *self.names[id] == *text.bytes());
        // Most runs have one scenario.
        if self.names.len() == 1 {
            return is_it(0).then_some(0);
        }
        let mut slot = self.slot(ends);
        loop {
            let id = self.slots[slot].checked_sub(1)?;
            if is_it(usize::from(id)) {
                return Some(id);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }
}

/// A name as a CSV field on one line. Control characters, which no name should have, become spaces.
fn quoted(name: &str) -> Box<[u8]> {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.contains([',', '"']) || line.is_empty() || line.trim() != line {
        format!("\"{}\"", line.replace('"', "\"\"")).into_bytes().into()
    } else {
        line.into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_is_found_and_no_other(names in proptest::collection::btree_set("[a-c]{1,12}", 0..60), other in "[a-d]{0,13}") {
            let list = List::new(names.iter().map(String::as_str));
            let id = |name: &str| list.id(Text::new(name.as_bytes(), 0, name.len()));
            for (place, name) in (0..).zip(&names) {
                prop_assert_eq!(id(name), Some(place));
            }
            prop_assert_eq!(id(&other).is_some(), names.contains(&other));
        }
    }
}
