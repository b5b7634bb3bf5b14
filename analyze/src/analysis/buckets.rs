//! The time axis: a run cut into equal buckets, as many as a chart can show.

use runlog::units::Nanos;

/// Equal stretches of time from t=0 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// How long each is.
    pub width: Nanos,
    /// How many.
    pub count: usize,
}

/// As many buckets as a chart of a page can show.
pub const OF_PAGE: u64 = 600;

impl Buckets {
    /// Covers a run of this length with at most so many buckets and one. Each is as long as a whole number of `pieces`:
    /// what is gathered piece by piece is put into buckets that have equally many.
    pub fn covering(elapsed: Nanos, piece: Nanos, most: u64) -> Self {
        let width = Nanos(piece.0.saturating_mul(elapsed.0.div_ceil(piece.0.saturating_mul(most)).max(1)));
        // An arrival may end at the very last instant.
        Self { width, count: (elapsed.0 / width.0) as usize + 1 }
    }

    /// The place of the bucket that an instant falls into.
    pub fn place(&self, at: Nanos) -> u32 {
        // There are some hundreds.
        ((at.0 / self.width.0) as usize).min(self.count - 1) as u32
    }

    /// The middle of each bucket: where its value is drawn.
    pub fn middles(&self) -> Vec<Nanos> {
        let half = Nanos(self.width.0 / 2);
        (0..self.count as u64).map(|place| Nanos(place.saturating_mul(self.width.0)).after(half)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_can_be_shown_and_none_is_made_of_fewer_pieces_than_another() {
        let tenth = Nanos::from_millis(100);
        for (elapsed, piece, width) in [
            (Nanos::ZERO, tenth, tenth),
            (Nanos::from_secs(60), tenth, tenth),
            (Nanos::from_secs(61), tenth, Nanos::from_millis(200)),
            (Nanos::from_secs(3), Nanos::from_secs(1), Nanos::from_secs(1)),
            (Nanos::from_secs(3_600), Nanos::from_secs(4), Nanos::from_secs(8)),
            (Nanos::from_secs(86_400), Nanos::from_secs(128), Nanos::from_secs(256)),
            (Nanos(u64::MAX), Nanos(1), Nanos(u64::MAX.div_ceil(OF_PAGE))),
        ] {
            let buckets = Buckets::covering(elapsed, piece, OF_PAGE);
            assert_eq!(buckets.width, width, "{elapsed}");
            assert!(buckets.count as u64 <= OF_PAGE + 1, "{elapsed}");
            assert_eq!(buckets.place(elapsed) as usize, buckets.count - 1, "{elapsed}");
        }
    }
}
