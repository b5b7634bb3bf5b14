//! Many tests at once: how small a p-value has to be where so many are looked at.

/// The largest p-value that is believed, so that of what is believed no more than this share is chance on average; of tests of
/// nothing, that share of looks believes anything at all. 0 where none is believed.
///
/// Benjamini, Hochberg: Controlling the False Discovery Rate, 1995; it holds for figures that go up and down together, too
/// (Benjamini, Yekutieli: The Control of the False Discovery Rate in Multiple Testing under Dependency, 2001).
pub fn believed(p_values: &[f64], share: f64) -> f64 {
    let mut sorted = p_values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let bound = |rank: usize| share * rank as f64 / sorted.len() as f64;
    (1..=sorted.len()).rev().find(|&rank| sorted[rank - 1] <= bound(rank)).map_or(0.0, bound)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fifteen p-values of the paper's example (section 3.2): at 0.05, the four smallest are believed.
    #[test]
    fn the_example_of_the_paper() {
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let level = believed(&p_values, 0.05);
        assert_eq!(p_values.iter().filter(|&&p| p <= level).count(), 4);
        assert!((level - 4.0 / 15.0 * 0.05).abs() < 1e-12);
    }

    #[test]
    fn one_test_is_believed_as_ever_and_none_of_none() {
        assert!((believed(&[0.01], 0.01) - 0.01).abs() < 1e-12);
        assert!(believed(&[0.011, 0.5], 0.01) <= 0.0);
        assert!(believed(&[], 0.01) <= 0.0);
    }

    proptest! {
        #[test]
        fn the_more_are_believed_the_higher_the_bound(p_values in prop::collection::vec(0.0_f64..0.2, 1..50)) {
            let level = believed(&p_values, 0.05);
            let count = p_values.iter().filter(|&&p| p <= level).count();
            prop_assert!((level - 0.05 * count as f64 / p_values.len() as f64).abs() < 1e-12 || count == 0);
        }
    }
}
