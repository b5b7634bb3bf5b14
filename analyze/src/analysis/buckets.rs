//! The time axis: a run cut into at most some six hundred buckets, as many as a chart can show.

use runlog::units::Nanos;

/// The most buckets.
const MOST: u64 = 600;
/// Widths that people read well.
const WIDTHS: [Nanos; 12] = [
    Nanos::from_millis(100),
    Nanos::from_secs(1),
    Nanos::from_secs(2),
    Nanos::from_secs(5),
    Nanos::from_secs(10),
    Nanos::from_secs(15),
    Nanos::from_secs(30),
    Nanos::from_secs(60),
    Nanos::from_secs(120),
    Nanos::from_secs(300),
    Nanos::from_secs(600),
    Nanos::from_secs(3600),
];

/// Equal stretches of time from t=0 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// How long each is.
    pub width: Nanos,
    /// How many.
    pub count: usize,
}

impl Buckets {
    /// Covers a run of this length with buckets of at least this width.
    pub fn covering(elapsed: Nanos, least: Nanos) -> Self {
        let enough = |width: &Nanos| *width >= least && elapsed.0.div_ceil(width.0) <= MOST;
        let width = WIDTHS.into_iter().find(enough).unwrap_or(Nanos(elapsed.0.div_ceil(MOST)));
        // An arrival may end at the very last instant.
        Self { width, count: (elapsed.0 / width.0) as usize + 1 }
    }

    /// The place of the bucket that an instant falls into.
    pub fn place(&self, at: Nanos) -> u32 {
        // There are some six hundred.
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
    fn a_run_has_at_most_some_six_hundred_buckets_of_a_readable_width() {
        let tenth = Nanos::from_millis(100);
        for (elapsed, width) in [
            (Nanos::ZERO, tenth),
            (Nanos::from_secs(60), tenth),
            (Nanos::from_secs(61), Nanos::from_secs(1)),
            (Nanos::from_secs(3_600), Nanos::from_secs(10)),
            (Nanos::from_secs(86_400), Nanos::from_secs(300)),
            (Nanos(u64::MAX), Nanos(u64::MAX.div_ceil(MOST))),
        ] {
            let buckets = Buckets::covering(elapsed, tenth);
            assert_eq!(buckets.width, width, "{elapsed}");
            assert!(buckets.count as u64 <= MOST + 1, "{elapsed}");
            assert_eq!(buckets.place(elapsed) as usize, buckets.count - 1, "{elapsed}");
        }
    }

    #[test]
    fn buckets_are_no_narrower_than_asked_for() {
        let buckets = Buckets::covering(Nanos::from_secs(3), Nanos::from_secs(1));
        assert_eq!(buckets, Buckets { width: Nanos::from_secs(1), count: 4 });
    }
}
