//! The few statistics of a bench: medians, spreads and nearest-rank percentiles.

use std::fmt;

/// The least, the middle and the greatest of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The middle one; of an even number, half way between the two in the middle.
    pub median: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these values; none where there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max, middle) = (sorted.first()?, sorted.last()?, sorted.len() / 2);
        let odd = sorted.len() % 2 == 1;
        let median = if odd { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Some(Self { min, median, max })
    }
}

/// As `0.95 (0.93 – 0.97)`, to as many places as are asked for; as `0.95` where all values are the same.
impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = out.precision().unwrap_or(2);
        write!(out, "{:.places$}", self.median)?;
        if self.min < self.max {
            write!(out, " ({:.places$} – {:.places$})", self.min, self.max)?;
        }
        Ok(())
    }
}

/// The smallest of the sorted values that at least `percent` of them do not exceed. None of none.
pub fn percentile(sorted: &[u64], percent: f64) -> Option<u64> {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_least_the_middle_and_the_greatest() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { min: 1.0, median: 2.0, max: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0]), Some(Spread { min: 1.0, median: 2.5, max: 4.0 }));
        assert_eq!(Spread::of([]), None);
        let shown = |values: &[f64]| Spread::of(values.iter().copied()).map(|spread| format!("{spread:.1}"));
        assert_eq!(shown(&[1.0, 2.0, 4.0]), Some("2.0 (1.0 – 4.0)".to_owned()));
        assert_eq!(shown(&[2.0]), Some("2.0".to_owned()));
    }

    #[test]
    fn a_percentile_is_a_value_that_was_there() {
        let sorted: Vec<u64> = (1..=200).collect();
        assert_eq!(percentile(&sorted, 50.0), Some(100));
        assert_eq!(percentile(&sorted, 99.0), Some(198));
        assert_eq!(percentile(&sorted, 100.0), Some(200));
        assert_eq!(percentile(&[7], 1.0), Some(7));
        assert_eq!(percentile(&[], 50.0), None);
    }
}
