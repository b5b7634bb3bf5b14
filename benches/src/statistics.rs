//! The few statistics of a bench: medians, spreads, nearest-rank percentiles, shares and autocorrelation.

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

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Of these.
    pub part: u32,
    /// Out of these.
    pub whole: u32,
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, is_part: bool) {
        self.part += u32::from(is_part);
        self.whole += 1;
    }

    /// Where the true share is with 95 % confidence (Wilson: Probable inference, 1927). None of none.
    pub fn interval(self) -> Option<(f64, f64)> {
        const Z: f64 = 1.959_963_985;
        let n = f64::from(self.whole);
        let share = f64::from(self.part) / n;
        let (middle, half) =
            (share + Z * Z / (2.0 * n), Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt());
        let scale = 1.0 + Z * Z / n;
        (self.whole > 0).then(|| (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0)))
    }
}

/// As `3 of 200: 1.5 % (0.5 – 4.3)`.
impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((low, high)) = self.interval() else { return out.write_str("–") };
        let percent = 100.0 * f64::from(self.part) / f64::from(self.whole);
        write!(out, "{} of {}: {percent:.1} % ({:.1} – {:.1})", self.part, self.whole, 100.0 * low, 100.0 * high)
    }
}

/// How much values take after those so many places before (Box and Jenkins 1970, 2.1). None where values do not differ.
pub fn autocorrelation(values: &[f64], lag: usize) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let products: f64 = values.iter().zip(values.get(lag..)?).map(|(one, other)| (one - mean) * (other - mean)).sum();
    (squares > 0.0).then(|| products / squares)
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

    #[test]
    fn a_share_is_told_with_how_sure_it_is() {
        // As in R: prop.test(2, 200, correct = FALSE).
        assert_eq!(Share { part: 2, whole: 200 }.to_string(), "2 of 200: 1.0 % (0.3 – 3.6)");
        assert_eq!(Share { part: 0, whole: 200 }.to_string(), "0 of 200: 0.0 % (0.0 – 1.9)");
        assert_eq!(Share::default().to_string(), "–");
    }

    #[test]
    fn what_goes_up_and_down_takes_after_itself() {
        let values = [1.0, -1.0].repeat(50);
        assert_eq!(autocorrelation(&values, 1), Some(-0.99));
        assert_eq!(autocorrelation(&values, 2), Some(0.98));
        assert_eq!((autocorrelation(&[3.0; 5], 1), autocorrelation(&[], 1)), (None, None));
    }
}
