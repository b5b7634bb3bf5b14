//! How response times are spread, over time: what percentiles hide, such as two bands of which one is a cache's.

use runlog::metric::Metric;
use runlog::sketch;
use runlog::units::Nanos;
use runlog::windows::Window;

use super::Analysis;
use super::buckets::OF_PAGE;
use super::timeline::Timeline;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{HeatMap, Part, Section};

/// The most windows, so that each can still be seen.
const MOST_WINDOWS: usize = 120;
/// The most bands of times.
const MOST_BANDS: usize = 60;

/// The heat map of response times.
pub struct Heat;

impl Analysis for Heat {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.windows.is_empty() {
            return Ok(Vec::new());
        }
        let map = heat_map(&Timeline::of(run, OF_PAGE));
        Ok(map.map(|map| Section::new("How response times are spread", vec![Part::HeatMap(map)])).into_iter().collect())
    }
}

/// How many times each bucket of a sketch has in a window.
fn buckets(window: &Window) -> impl Iterator<Item = (usize, u32)> {
    window.times_of(Metric::ResponseTime).into_iter().flat_map(|times| times.sketch.buckets())
}

/// From the band of the shortest time to that of the longest. Bands are whole buckets of sketches, so that every time is
/// counted in the band that it is in. Nothing without times.
fn heat_map(of: &Timeline) -> Option<HeatMap> {
    let has_times = || of.windows.iter().flat_map(buckets).map(|(bucket, _)| bucket);
    let (first, last) = (has_times().min()?, has_times().max()?);
    let buckets_of_band = (last - first + 1).div_ceil(MOST_BANDS);
    let bands = (last - first) / buckets_of_band + 1;
    let together = of.windows.len().div_ceil(MOST_WINDOWS);
    let mut counts = vec![vec![0_u64; of.windows.len().div_ceil(together)]; bands];
    for (place, windows) in of.windows.chunks(together).enumerate() {
        for (bucket, count) in windows.iter().flat_map(buckets) {
            counts[(bucket - first) / buckets_of_band][place] += u64::from(count);
        }
    }
    let width = of.buckets.width.0.saturating_mul(together as u64);
    let at = (0..counts[0].len() as u64).map(|place| Nanos(place.saturating_mul(width).saturating_add(width / 2)));
    Some(HeatMap {
        title: "Response time, over time".into(),
        note: "How many of the answered arrivals that were scheduled at that time took how long: the stronger the \
               colour, the more."
            .into(),
        at: at.collect(),
        bands: (0..bands).map(|band| Nanos(sketch::lowest(first + band * buckets_of_band))).collect(),
        highest: Nanos(sketch::highest(last)),
        counts,
    })
}

#[cfg(test)]
mod tests {
    use super::super::buckets::Buckets;
    use super::*;
    use proptest::prelude::*;
    use runlog::sketch::Sketch;
    use runlog::windows::METRICS;

    /// A window of a second for each list of response times.
    fn timeline(windows: &[Vec<u64>]) -> Timeline {
        let place = METRICS.iter().position(|&metric| metric == Metric::ResponseTime).expect("it is kept");
        let window = |times: &Vec<u64>| {
            let mut window = Window::default();
            window.times[place] = times.iter().copied().collect::<Sketch>();
            window
        };
        let buckets = Buckets { width: Nanos::from_secs(1), count: windows.len() };
        Timeline { buckets, windows: windows.iter().map(window).collect() }
    }

    proptest! {
        #[test]
        fn every_time_is_counted_in_its_window_and_its_band(
            windows in proptest::collection::vec(proptest::collection::vec((any::<u64>(), 0_u32..50).prop_map(|(ns, shift)| ns >> shift), 0..20), 1..400)
        ) {
            let Some(map) = heat_map(&timeline(&windows)) else {
                prop_assert!(windows.iter().all(Vec::is_empty));
                return Ok(());
            };
            prop_assert!(map.bands.len() <= MOST_BANDS && map.at.len() <= MOST_WINDOWS && map.bands.is_sorted());
            let together = windows.len().div_ceil(MOST_WINDOWS);
            for (band, counts) in map.counts.iter().enumerate() {
                let from = map.bands[band].0;
                let to = map.bands.get(band + 1).map_or(map.highest.0, |next| next.0 - 1);
                for (place, times) in windows.chunks(together).enumerate() {
                    let counted = times.iter().flatten().filter(|ns| (from..=to).contains(*ns)).count();
                    prop_assert_eq!(counts[place], counted as u64);
                }
            }
            // Nothing empty above or below.
            for band in [map.counts.first(), map.counts.last()].into_iter().flatten() {
                prop_assert!(band.iter().any(|&count| count > 0));
            }
        }
    }
}
