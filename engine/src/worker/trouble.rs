//! What arrivals have failed of: error words, and statuses that were not wanted.

use runlog::outcome::Failure;
use runlog::row::Row;

/// Statuses are three digits.
const STATUSES: usize = 1000;

/// Counts of failed arrivals by what they failed of. Takes its memory once, and none to count.
#[derive(Debug, Clone)]
pub struct Trouble {
    failures: [u64; Failure::ALL.len()],
    statuses: Box<[u64]>,
}

impl Default for Trouble {
    fn default() -> Self {
        Self { failures: [0; Failure::ALL.len()], statuses: vec![0; STATUSES].into() }
    }
}

impl Trouble {
    /// Counts an arrival that has failed.
    pub fn count(&mut self, row: &Row) {
        match row.error {
            Some(failure) => self.failures[failure as usize] += 1,
            None => self.statuses[usize::from(row.status) % STATUSES] += 1,
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        let counts = self.failures.iter_mut().chain(&mut self.statuses);
        counts.zip(other.failures.iter().chain(&other.statuses)).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// Forgets all counts and keeps the memory.
    pub fn clear(&mut self) {
        self.failures.fill(0);
        self.statuses.fill(0);
    }

    /// What there is, in words (`timeout`, `status 503`), the most frequent first.
    pub fn by_frequency(&self) -> Vec<(String, u64)> {
        let failures = Failure::ALL.iter().zip(self.failures).filter(|(_, count)| *count > 0);
        let failures = failures.map(|(failure, count)| (failure.word().to_owned(), count));
        let statuses = self.statuses.iter().enumerate().filter(|(_, count)| **count > 0);
        let statuses = statuses.map(|(status, &count)| (format!("status {status}"), count));
        let mut counted: Vec<_> = failures.chain(statuses).collect();
        counted.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first() {
        let mut trouble = Trouble::default();
        let timeout = Row { error: Some(Failure::Timeout), ..Row::default() };
        let status = |status| Row { status, ..Row::default() };
        for row in [&timeout, &status(503), &status(503), &status(404)] {
            trouble.count(row);
        }
        let mut all = trouble.clone();
        all.add(&trouble);
        assert_eq!(
            all.by_frequency(),
            [("status 503", 4), ("timeout", 2), ("status 404", 2)].map(|(w, n)| (w.to_owned(), n))
        );
        all.clear();
        assert_eq!(all.by_frequency(), []);
    }
}
