//! A worker's place among the others.

/// Which of the workers this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Its place among the workers, from 0.
    pub place: usize,
    /// How many workers there are.
    pub of: usize,
    /// The processor it is pinned to.
    pub cpu: usize,
}

impl Seat {
    /// This worker's part of something that is shared out: parts differ by one at the most and add up.
    pub const fn part_of(&self, whole: u64) -> u64 {
        whole / self.of as u64 + if (self.place as u64) < whole % self.of as u64 { 1 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_out_adds_up() {
        for (whole, of) in [(10, 3), (3, 10), (512, 2), (0, 4)] {
            let parts: Vec<u64> = (0..of).map(|place| Seat { place, of, cpu: place }.part_of(whole)).collect();
            assert_eq!(parts.iter().sum::<u64>(), whole);
            assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1);
        }
    }
}
