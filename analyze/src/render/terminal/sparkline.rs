//! Lines that are a single row high.

use crate::section::Unit;

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Times that are spread further than this are drawn by their order of magnitude: next to the longest, nothing else would
/// have a height.
const WIDE: f64 = 100.0;

/// Values that are drawn a row high, a mark each.
pub(super) struct Sparkline {
    /// The marks; where there is no value, a space.
    pub(super) marks: String,
    /// The lowest value.
    pub(super) lowest: f64,
    /// The highest.
    pub(super) highest: f64,
}

impl Sparkline {
    /// Values in at most so many marks. Where there are more values than marks, each stands for the highest of its own, so
    /// that no peak is lost. `None` without values.
    pub(super) fn new(values: &[Option<f64>], unit: Unit, most: usize) -> Option<Self> {
        let finite = || values.iter().flatten().copied().filter(|value| value.is_finite());
        let lowest = finite().reduce(f64::min)?;
        let highest = finite().reduce(f64::max)?;
        let is_wide = unit == Unit::Time && lowest > 0.0 && highest / lowest > WIDE;
        // Heights are proportional, so that what is level looks level.
        let (from, to) = if is_wide { (lowest.ln(), highest.ln()) } else { (lowest.min(0.0), highest) };
        let mark = |value: f64| mark(if is_wide { value.ln() } else { value }, from, to);
        let marks = grouped(values, most).map(|value| value.map_or(' ', mark)).collect();
        Some(Self { marks, lowest, highest })
    }
}

/// The highest value of each of at most so many groups.
fn grouped(values: &[Option<f64>], most: usize) -> impl Iterator<Item = Option<f64>> {
    let groups = values.len().min(most.max(1));
    (0..groups).map(move |group| {
        let of_group = &values[group * values.len() / groups..(group + 1) * values.len() / groups];
        of_group.iter().flatten().copied().filter(|value| value.is_finite()).reduce(f64::max)
    })
}

fn mark(value: f64, from: f64, to: f64) -> char {
    let share = if to > from { (value - from) / (to - from) } else { 0.0 };
    let height = (share * HEIGHTS.len() as f64).ceil() as usize;
    HEIGHTS[height.clamp(1, HEIGHTS.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64], unit: Unit, most: usize) -> String {
        let values: Vec<Option<f64>> = values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
        Sparkline::new(&values, unit, most).expect("values").marks
    }

    #[test]
    fn heights_are_in_proportion() {
        assert_eq!(drawn(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], Unit::Count, 80), "▁▁▂▃▄▅▆▇█");
        assert_eq!(drawn(&[100.0, 101.0, 99.0], Unit::PerSecond, 80), "███");
        assert_eq!(drawn(&[0.0, 0.0], Unit::Count, 80), "▁▁");
        assert_eq!(drawn(&[-1.0, 0.0, 1.0], Unit::Number, 80), "▁▄█");
    }

    #[test]
    fn times_that_are_far_apart_are_drawn_by_their_order_of_magnitude() {
        assert_eq!(drawn(&[1e6, 1e7, 1e8, 1e9], Unit::Time, 80), "▁▃▆█");
        assert_eq!(drawn(&[1e6, 1e7], Unit::Time, 80), "▁█");
    }

    #[test]
    fn gaps_stay_blank_and_peaks_stay() {
        assert_eq!(drawn(&[1.0, f64::NAN, 1.0], Unit::Count, 80), "█ █");
        assert_eq!(drawn(&[1.0, 8.0, 1.0, 1.0, f64::NAN, f64::NAN], Unit::Count, 3), "█▁ ");
        assert_eq!(drawn(&[2.0; 7], Unit::Count, 3).chars().count(), 3);
        assert!(Sparkline::new(&[None, Some(f64::INFINITY)], Unit::Count, 3).is_none());
        assert!(Sparkline::new(&[], Unit::Count, 3).is_none());
    }
}
