//! How large a difference is, whatever the number of samples: from the times of two sides in buckets.

use std::iter::Peekable;

use runlog::sketch::Sketch;

use super::matrix::middle_ns;

/// The conventional words for the size of Cliff's delta (Romano, Kromrey, Coraggio, Skowronek: Appropriate Statistics for
/// Ordinal Level Data, 2006).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Magnitude {
    /// Below 0.147.
    Negligible,
    /// Below 0.33.
    Small,
    /// Below 0.474.
    Medium,
    /// From 0.474.
    Large,
}

/// How two sets of times lie to each other. Times of one bucket count as equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Cliff's delta (Dominance Statistics: Ordinal Analyses to Answer Ordinal Questions, 1993): how much likelier it is that a
    /// time of the run is longer than one of the base than that it is shorter. From −1 (all shorter) to 1 (all longer).
    pub delta: f64,
    /// The distance of Kolmogorov and Smirnov: the largest share of times by which one side is ahead of the other anywhere.
    pub kolmogorov_smirnov: f64,
    /// The first Wasserstein distance of the logarithms, read as a factor: by what each time has to be multiplied or divided,
    /// on (geometric) average, to turn one side into the other. At least 1. Times below a nanosecond count as one.
    pub wasserstein_factor: f64,
}

impl Effect {
    /// How the times of a run lie to those of a base. `None` where either has none.
    pub fn new(base: &Sketch, run: &Sketch) -> Option<Self> {
        let (base_count, run_count) = (base.count() as f64, run.count() as f64);
        if base.is_empty() || run.is_empty() {
            return None;
        }
        let (mut base_below, mut run_below) = (0.0, 0.0);
        let mut effect = Self { delta: 0.0, kolmogorov_smirnov: 0.0, wasserstein_factor: 0.0 };
        let mut before_ns = 1.0_f64;
        for (bucket, base, run) in side_by_side(base, run) {
            let (base, run) = (f64::from(base) / base_count, f64::from(run) / run_count);
            let middle_ns = middle_ns(bucket).max(1.0);
            let ahead: f64 = run_below - base_below;
            effect.wasserstein_factor += ahead.abs() * (middle_ns / before_ns).ln();
            effect.delta += run * base_below - base * run_below;
            (base_below, run_below, before_ns) = (base_below + base, run_below + run, middle_ns);
            effect.kolmogorov_smirnov = effect.kolmogorov_smirnov.max((run_below - base_below).abs());
        }
        effect.wasserstein_factor = effect.wasserstein_factor.exp();
        Some(effect)
    }

    /// The probability that a time of the run is longer than one of the base, equal ones counted as half (Vargha, Delaney:
    /// A Critique and Improvement of the CL Common Language Effect Size Statistics, 2000).
    pub fn superiority(&self) -> f64 {
        f64::midpoint(self.delta, 1.0)
    }

    /// The word for the size of Cliff's delta.
    pub fn magnitude(&self) -> Magnitude {
        match self.delta.abs() {
            delta if delta < 0.147 => Magnitude::Negligible,
            delta if delta < 0.33 => Magnitude::Small,
            delta if delta < 0.474 => Magnitude::Medium,
            _ => Magnitude::Large,
        }
    }
}

/// The buckets that either side has, ascending, with how many times each side has there.
fn side_by_side(base: &Sketch, run: &Sketch) -> impl Iterator<Item = (usize, u32, u32)> {
    let (mut base, mut run) = (base.buckets().peekable(), run.buckets().peekable());
    std::iter::from_fn(move || {
        let heads = base.peek().into_iter().chain(run.peek());
        let bucket = heads.map(|&(bucket, _)| bucket).min()?;
        Some((bucket, take(&mut base, bucket), take(&mut run, bucket)))
    })
}

fn take(buckets: &mut Peekable<impl Iterator<Item = (usize, u32)>>, bucket: usize) -> u32 {
    buckets.next_if(|&(next, _)| next == bucket).map_or(0, |(_, count)| count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn effect(base: &[u64], run: &[u64]) -> Effect {
        let sketch = |times: &[u64]| times.iter().copied().collect::<Sketch>();
        Effect::new(&sketch(base), &sketch(run)).expect("times")
    }

    #[test]
    fn effects_are_those_that_another_tool_finds() {
        // python3: scipy.stats.ks_2samp(base, run).statistic, exp(scipy.stats.wasserstein_distance(log(base), log(run))), and
        // 2 * scipy.stats.mannwhitneyu(run, base).statistic / (len(base) * len(run)) - 1. Below 256 ns buckets are exact.
        let found = effect(&[10, 20, 20, 30, 40, 50], &[20, 30, 45, 60, 200]);
        assert!((found.delta - 0.5).abs() < 1e-6, "{found:?}");
        assert!((found.kolmogorov_smirnov - 13.0 / 30.0).abs() < 1e-6, "{found:?}");
        assert!((found.wasserstein_factor - 2.020_259).abs() < 1e-6, "{found:?}");
        assert_eq!(found.magnitude(), Magnitude::Large);
        assert!((found.superiority() - 0.75).abs() < 1e-6);
    }

    #[test]
    fn sides_without_times_have_no_effect() {
        assert_eq!(Effect::new(&Sketch::default(), &[1].into_iter().collect()), None);
    }

    #[test]
    fn the_words_are_the_conventional_ones() {
        let word = |delta| Effect { delta, kolmogorov_smirnov: 0.0, wasserstein_factor: 1.0 }.magnitude();
        assert_eq!(
            [0.0, -0.2, 0.4, -1.0].map(word),
            [Magnitude::Negligible, Magnitude::Small, Magnitude::Medium, Magnitude::Large]
        );
    }

    proptest! {
        #[test]
        fn cliffs_delta_counts_pairs(
            base in proptest::collection::vec(0_u64..200, 1..30),
            run in proptest::collection::vec(0_u64..200, 1..30),
        ) {
            let pairs = base.iter().flat_map(|base| run.iter().map(move |run| run.cmp(base) as i32));
            let counted = f64::from(pairs.sum::<i32>()) / (base.len() * run.len()) as f64;
            let (found, back) = (effect(&base, &run), effect(&run, &base));
            prop_assert!((found.delta - counted).abs() < 1e-9);
            prop_assert!((found.delta + back.delta).abs() < 1e-9);
            prop_assert!((found.kolmogorov_smirnov - back.kolmogorov_smirnov).abs() < 1e-9);
            prop_assert!((found.wasserstein_factor - back.wasserstein_factor).abs() < 1e-6);
        }

        #[test]
        fn times_that_are_all_scaled_are_that_factor_apart(
            times in proptest::collection::vec(1_000_000_u64..100_000_000, 1..60),
            percent in 105_u64..400,
        ) {
            let scaled: Vec<u64> = times.iter().map(|time| time * percent / 100).collect();
            let found = effect(&times, &scaled).wasserstein_factor * 100.0 / percent as f64;
            prop_assert!((found - 1.0).abs() < 0.009, "{found}");
        }
    }
}
