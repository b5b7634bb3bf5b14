//! Pagination: which part of a list was asked for, and that part.

use serde::{Deserialize, Serialize};

/// The most items on one page.
const MAX_LIMIT: u32 = 100;

/// Which page; numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Asked")]
pub(crate) struct Paging {
    page: u32,
    limit: u32,
}

/// `?page=&limit=` as the client wrote it.
#[derive(Deserialize)]
struct Asked {
    #[serde(default = "first_page")]
    page: u32,
    #[serde(default = "usual_limit")]
    limit: u32,
}

const fn first_page() -> u32 {
    1
}

const fn usual_limit() -> u32 {
    20
}

impl TryFrom<Asked> for Paging {
    type Error = String;

    fn try_from(Asked { page, limit }: Asked) -> Result<Self, String> {
        if page == 0 {
            return Err("page: pages are counted from 1".into());
        }
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(format!("limit: expected 1 to {MAX_LIMIT}, not {limit}"));
        }
        Ok(Self { page, limit })
    }
}

/// A part of a list, and how long the whole list is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    #[serde(rename = "page")]
    number: u32,
    limit: u32,
    pub(crate) total: usize,
}

impl Paging {
    /// The page of `list`; empty behind its end.
    pub(crate) fn of<T: Clone>(self, list: &[T]) -> Page<T> {
        let (skipped, limit) = self.span();
        let rest = list.get(skipped..).unwrap_or_default();
        self.page_of(rest.iter().take(limit).cloned().collect(), list.len())
    }

    /// The page of what `matching` yields, which is read to its end for the total.
    pub(crate) fn of_matching<'a, T: Clone + 'a>(self, matching: impl Iterator<Item = &'a T>) -> Page<T> {
        let (skipped, limit) = self.span();
        let mut items = Vec::new();
        let mut total = 0;
        for item in matching {
            if total >= skipped && items.len() < limit {
                items.push(item.clone());
            }
            total += 1;
        }
        self.page_of(items, total)
    }

    /// How many items stand before the page, and the most that stand on it.
    pub(super) fn span(self) -> (usize, usize) {
        let limit = self.limit as usize;
        (limit.saturating_mul(self.page as usize - 1), limit)
    }

    /// The page of which the items are known.
    pub(super) fn page_of<T>(self, items: Vec<T>, total: usize) -> Page<T> {
        Page { items, number: self.page, limit: self.limit, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(json: &str) -> Result<Paging, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn without_numbers_it_is_the_first_twenty() {
        assert_eq!(paging("{}").unwrap(), Paging { page: 1, limit: 20 });
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for bad in [r#"{"page":0}"#, r#"{"limit":0}"#, r#"{"limit":101}"#, r#"{"page":-1}"#] {
            assert!(paging(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_follow_each_other_and_the_last_one_is_short() {
        let list: Vec<u32> = (0..25).collect();
        let items = |page| Paging { page, limit: 10 }.of(&list).items;
        assert_eq!([items(1), items(2), items(3)].concat(), list);
        assert_eq!(items(3).len(), 5);
        assert!(items(4).is_empty());
        assert!(items(u32::MAX).is_empty());
    }

    #[test]
    fn a_page_of_matches_is_the_page_of_the_list_of_matches() {
        let list: Vec<u32> = (0..100).collect();
        let even: Vec<u32> = list.iter().copied().filter(|n| n % 2 == 0).collect();
        for page in 1..=7 {
            let paging = Paging { page, limit: 9 };
            let lazily = paging.of_matching(list.iter().filter(|n| *n % 2 == 0));
            assert_eq!(lazily.items, paging.of(&even).items);
            assert_eq!(lazily.total, 50);
        }
    }
}
