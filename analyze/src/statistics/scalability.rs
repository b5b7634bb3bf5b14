//! How throughput grows with the number of instances: the Universal Scalability Law, fitted, with its intervals.
//!
//! X(N) = λN / (1 + σ(N − 1) + κN(N − 1)) (Gunther: A Simple Capacity Model of Massively Parallel Transaction Systems, 1993;
//! Guerrilla Capacity Planning, 2007). λ is the throughput of one, σ the share of the work that has to wait for others
//! (contention), κ what each pair of instances costs (coherency). Without κ throughput grows ever slower (Amdahl: Validity of the
//! Single Processor Approach, 1967); with it, it has a peak and falls behind.

use super::distribution::{Distribution, Interval, variance};

/// It takes measurements at so many numbers of instances: as many as the law has unknowns.
pub const LEAST_MEASUREMENTS: usize = 3;
/// The predicted peak is told up to so many times the largest number of instances that was measured.
const NEAR: f64 = 1.5;

/// What was measured with so many instances.
#[derive(Debug, Clone, Copy)]
pub struct Measurement<'a> {
    /// How many there were.
    pub instances: f64,
    /// The throughput, per second.
    pub per_second: f64,
    /// Logarithms of what resamples gave for it; their spread is that of the logarithm of the throughput.
    pub resamples: &'a [f64],
    /// Degrees of freedom of that spread.
    pub freedom: f64,
}

/// The law with its three numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Law {
    /// λ: the throughput of one instance, per second.
    pub rate: f64,
    /// σ: contention.
    pub contention: f64,
    /// κ: coherency.
    pub coherency: f64,
}

impl Law {
    /// The throughput of so many instances, per second.
    pub fn of(&self, instances: f64) -> f64 {
        let more = instances - 1.0;
        self.rate * instances / (1.0 + self.contention * more + self.coherency * instances * more)
    }

    /// How many instances have the highest throughput: √((1 − σ)/κ). `None` where more always have more.
    pub fn peak(&self) -> Option<f64> {
        let has_peak = self.coherency > 0.0 && self.contention < 1.0;
        has_peak.then(|| ((1.0 - self.contention) / self.coherency).sqrt().max(1.0))
    }

    /// The law through points of instances and throughput (per second) whose relative errors have the least squares.
    ///
    /// N/X is linear in the unknowns 1/λ, σ/λ and κ/λ. None of these is negative: of all ways to leave some of them at 0,
    /// the best without a negative one is the solution (Lawson, Hanson: Solving Least Squares Problems, 1974, chapter 23).
    /// `None` without points, or with one that is not positive.
    fn through(points: &[(f64, f64)]) -> Option<Self> {
        let is_usable = |&(instances, rate): &(f64, f64)| instances > 0.0 && rate > 0.0 && rate.is_finite();
        if points.is_empty() || !points.iter().all(is_usable) {
            return None;
        }
        // Columns of numbers near one are added up without losing digits.
        let most = points.iter().map(|point| point.0).fold(1.0, f64::max);
        let scales = [1.0, most, most * most];
        let row = |&(instances, rate): &(f64, f64)| {
            let all = [1.0, instances - 1.0, instances * (instances - 1.0)];
            std::array::from_fn(|column| all[column] / scales[column] * rate / instances)
        };
        let rows: Vec<[f64; 3]> = points.iter().map(row).collect();
        let solutions = [[true, true, true], [true, true, false], [true, false, true], [true, false, false]]
            .into_iter()
            .filter_map(|wanted| least_squares(&rows, wanted))
            .filter(|found| found[0] > 0.0 && found[1] >= 0.0 && found[2] >= 0.0);
        let best = solutions.min_by(|one, other| residue(&rows, one).total_cmp(&residue(&rows, other)))?;
        let [one, contention, coherency] = std::array::from_fn(|column| best[column] / scales[column]);
        Some(Self { rate: 1.0 / one, contention: contention / one, coherency: coherency / one })
    }
}

/// The unknowns that are wanted, so that each row times them is as near to 1 as can be; the others are 0. `None` where the rows
/// do not tell them apart.
fn least_squares(rows: &[[f64; 3]], wanted: [bool; 3]) -> Option<[f64; 3]> {
    let columns: Vec<usize> = (0..3).filter(|column| wanted[*column]).collect();
    let sum = |of: &dyn Fn(&[f64; 3]) -> f64| rows.iter().map(of).sum::<f64>();
    let mut system: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
    for &one in &columns {
        let products = columns.iter().map(|&other| sum(&|row| row[one] * row[other]));
        system.push(products.chain([sum(&|row| row[one])]).collect());
    }
    let solved = eliminated(system)?;
    let mut found = [0.0; 3];
    for (column, value) in columns.into_iter().zip(solved) {
        found[column] = value;
    }
    Some(found)
}

/// The solution of a system of linear equations, each with its right side last (Gauss, with the largest pivot first).
fn eliminated(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let count = system.len();
    for column in 0..count {
        let pivot = (column..count).max_by(|a, b| system[*a][column].abs().total_cmp(&system[*b][column].abs()))?;
        system.swap(column, pivot);
        if system[column][column].abs() < 1e-12 {
            return None;
        }
        let subtracted = system[column].clone();
        for (_, row) in system.iter_mut().enumerate().filter(|(place, _)| *place != column) {
            let factor = row[column] / subtracted[column];
            for (value, by) in row.iter_mut().zip(&subtracted) {
                *value -= factor * by;
            }
        }
    }
    Some((0..count).map(|row| system[row][count] / system[row][row]).collect())
}

/// The sum of the squared relative errors.
fn residue(rows: &[[f64; 3]], found: &[f64; 3]) -> f64 {
    rows.iter().map(|row| (1.0 - row.iter().zip(found).map(|(a, b)| a * b).sum::<f64>()).powi(2)).sum()
}

/// The law as it was fitted, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// Where λ lies.
    pub rate: Interval,
    /// Where σ lies; not below 0.
    pub contention: Interval,
    /// Where κ lies; not below 0.
    pub coherency: Interval,
    /// By how much measurements lie further from the law than their own noise explains: 1 where not. `None` where there are
    /// only as many as the law has unknowns, so that it goes through all of them.
    pub scatter: Option<f64>,
    /// The peak. `None` where κ may be 0, or the peak lies far beyond what was measured.
    pub peak: Option<Peak>,
}

/// Where throughput is highest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// With how many instances.
    pub instances: f64,
    /// Where that number lies.
    pub interval: Interval,
    /// The throughput there, per second.
    pub per_second: f64,
}

impl Fit {
    /// Fits the law, with intervals of this confidence. `None` with fewer than [`LEAST_MEASUREMENTS`] numbers of instances,
    /// or without resamples.
    ///
    /// Intervals come from fits to resampled throughputs. Where the measurements lie further from the law than their noise
    /// explains, what resamples vary by is widened as much (Birge: The Calculation of Errors by the Method of Least Squares,
    /// 1932), with the degrees of freedom of that scatter (Satterthwaite 1946).
    pub fn new(measurements: &[Measurement<'_>], confidence: f64) -> Option<Self> {
        let mut sorted: Vec<&Measurement<'_>> = measurements.iter().collect();
        sorted.sort_by(|one, other| one.instances.total_cmp(&other.instances));
        let distinct = sorted.chunk_by(|one, other| one.instances.total_cmp(&other.instances).is_eq()).count();
        let replicates = sorted.iter().map(|measurement| measurement.resamples.len()).min().unwrap_or(0);
        if distinct < LEAST_MEASUREMENTS || replicates == 0 {
            return None;
        }
        let points: Vec<(f64, f64)> = sorted.iter().map(|one| (one.instances, one.per_second)).collect();
        let law = Law::through(&points)?;
        let noise = Noise::of(&sorted, law);
        let laws: Vec<Law> = (0..replicates)
            .filter_map(|replicate| Law::through(&noise.resampled(&sorted, replicate, replicates)))
            .collect();
        let interval = |of: fn(&Law) -> f64| {
            let Interval { low, high } =
                Distribution::new(of(&law), laws.iter().map(of).collect(), noise.freedom).interval(confidence);
            Interval { low: low.max(0.0), high }
        };
        let coherency = interval(|law| law.coherency);
        let largest = points.iter().map(|point| point.0).fold(0.0, f64::max);
        let peak = law.peak().filter(|peak| coherency.low > 0.0 && *peak <= NEAR * largest);
        Some(Self {
            law,
            rate: interval(|law| law.rate),
            contention: interval(|law| law.contention),
            coherency,
            scatter: noise.scatter,
            peak: peak.map(|instances| Peak {
                instances,
                interval: peaks(&laws, instances, noise.freedom, confidence),
                per_second: law.of(instances),
            }),
        })
    }
}

/// Where the peak lies. Resamples without one have it at infinity.
fn peaks(laws: &[Law], found: f64, freedom: f64, confidence: f64) -> Interval {
    // On the scale of its inverse, which is 0 where there is none.
    let inverses = laws.iter().map(|law| law.peak().map_or(0.0, |peak| 1.0 / peak)).collect();
    let Interval { low, high } = Distribution::new(1.0 / found, inverses, freedom).interval(confidence);
    Interval { low: 1.0 / high, high: if low > 0.0 { 1.0 / low } else { f64::INFINITY } }
}

/// By how much measurements vary.
struct Noise {
    /// By how much resamples have to be stretched.
    stretch: f64,
    scatter: Option<f64>,
    freedom: f64,
    /// The mean of each measurement's resamples.
    means: Vec<f64>,
}

impl Noise {
    fn of(measurements: &[&Measurement<'_>], law: Law) -> Self {
        let variances: Vec<f64> = measurements.iter().map(|one| variance(one.resamples)).collect();
        let sum: f64 = variances.iter().sum();
        let shares = variances.iter().zip(measurements).map(|(variance, one)| variance.powi(2) / one.freedom.max(1.0));
        let squares: f64 = shares.sum();
        let own_freedom = if squares > 0.0 { sum * sum / squares } else { 1.0 };
        let means = measurements
            .iter()
            .map(|one| one.resamples.iter().sum::<f64>() / one.resamples.len().max(1) as f64)
            .collect();
        let beyond = measurements.len().saturating_sub(LEAST_MEASUREMENTS) as f64;
        if beyond < 1.0 {
            return Self { stretch: 1.0, scatter: None, freedom: own_freedom, means };
        }
        let distances = measurements.iter().zip(&variances).map(|(one, variance)| {
            let distance = (one.per_second / law.of(one.instances)).ln();
            if *variance > 0.0 { distance * distance / variance } else { 0.0 }
        });
        let scatter = (distances.sum::<f64>() / beyond).sqrt().max(1.0);
        // Of all that varies, so much is known from the measurements themselves, and the rest from their scatter.
        let own = 1.0 / scatter.powi(2);
        let freedom = 1.0 / ((1.0 - own).powi(2) / beyond + own * own / own_freedom);
        Self { stretch: scatter, scatter: Some(scatter), freedom, means }
    }

    /// Instances and throughput as a resample has them.
    fn resampled(&self, measurements: &[&Measurement<'_>], replicate: usize, replicates: usize) -> Vec<(f64, f64)> {
        let count = measurements.len();
        let point = |(place, one): (usize, &&Measurement<'_>)| {
            // Resampled with one seed, they drew the same places: taken apart, they do not move together.
            let drawn = one.resamples[(replicate + place * replicates / count) % replicates];
            (one.instances, one.per_second * (self.stretch * (drawn - self.means[place])).exp())
        };
        measurements.iter().enumerate().map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::chance::Chance;
    use crate::statistics::simulation::normal;

    const COUNTS: [f64; 6] = [1.0, 2.0, 4.0, 8.0, 12.0, 16.0];

    /// Throughputs as the law has them, each off by some noise, with resamples that know how much.
    fn measured(law: Law, counts: &[f64], noise: f64, seed: u64) -> Vec<(f64, f64, Vec<f64>)> {
        let mut chance = Chance::new(seed);
        let each = counts.iter().map(|&count| {
            let rate = law.of(count) * (noise * normal(&mut chance)).exp();
            let resamples = (0..400).map(|_| rate.ln() + noise * normal(&mut chance)).collect();
            (count, rate, resamples)
        });
        each.collect()
    }

    fn fit(measured: &[(f64, f64, Vec<f64>)]) -> Option<Fit> {
        let of =
            |(instances, per_second, resamples): &(f64, f64, Vec<f64>)| (*instances, *per_second, resamples.clone());
        let all: Vec<_> = measured.iter().map(of).collect();
        let measurements: Vec<Measurement<'_>> = all
            .iter()
            .map(|(instances, per_second, resamples)| Measurement {
                instances: *instances,
                per_second: *per_second,
                resamples,
                freedom: 30.0,
            })
            .collect();
        Fit::new(&measurements, 0.95)
    }

    #[test]
    fn the_throughputs_of_a_published_example_have_its_coefficients() {
        // The ray tracer of Guerrilla Capacity Planning, table 5.1 (also in the R package `usl`), fitted in another language
        // with the same weights:
        // python3, scipy.optimize.nnls(A, ones) with rows [1, N - 1, N (N - 1)] · X/N, then b/a and c/a.
        let points = [
            (1.0, 20.0),
            (4.0, 78.0),
            (8.0, 130.0),
            (12.0, 170.0),
            (16.0, 190.0),
            (20.0, 200.0),
            (24.0, 210.0),
            (28.0, 230.0),
            (32.0, 260.0),
            (48.0, 280.0),
            (64.0, 310.0),
        ];
        let law = Law::through(&points).expect("points");
        assert!((law.rate - RAYTRACER[0]).abs() < 1e-4, "{law:?}");
        assert!((law.contention - RAYTRACER[1]).abs() < 1e-6, "{law:?}");
        assert!((law.coherency - RAYTRACER[2]).abs() < 1e-8, "{law:?}");
    }

    const RAYTRACER: [f64; 3] = [21.746_235, 0.056_856_5, 3.454_758e-6];

    #[test]
    fn the_peak_is_where_one_more_brings_nothing() {
        let law = Law { rate: 100.0, contention: 0.05, coherency: 0.002 };
        let peak = law.peak().expect("a peak");
        assert!((peak - 21.794_495).abs() < 1e-6, "{peak}");
        assert!(law.of(peak) > law.of(peak - 0.1) && law.of(peak) > law.of(peak + 0.1));
        assert_eq!(Law { coherency: 0.0, ..law }.peak(), None);
    }

    #[test]
    fn too_few_numbers_of_instances_have_no_law() {
        let law = Law { rate: 100.0, contention: 0.05, coherency: 0.002 };
        assert_eq!(fit(&measured(law, &COUNTS[..2], 0.01, 1)), None);
        assert_eq!(fit(&measured(law, &[1.0, 1.0, 2.0, 2.0], 0.01, 1)), None);
        let through_all = fit(&measured(law, &COUNTS[..3], 0.01, 1)).expect("three");
        assert_eq!(through_all.scatter, None);
    }

    #[test]
    fn a_peak_is_told_only_where_it_is_certain_and_near() {
        let told = |coherency, noise| {
            fit(&measured(Law { rate: 500.0, contention: 0.03, coherency }, &COUNTS, noise, 3)).expect("a fit").peak
        };
        let peak = told(0.008, 0.01).expect("within what was measured");
        assert!(peak.interval.contains(11.01) && (peak.instances - 11.01).abs() < 1.0, "{peak:?}");
        assert_eq!(told(0.0, 0.01), None, "there is none");
        assert_eq!(told(0.0002, 0.0001), None, "it is far away");
        assert_eq!(told(0.002, 0.15), None, "nobody can tell");
    }

    /// How often, of so many series of measurements, the intervals of σ and κ have the true ones.
    fn coverage(law: Law, told: f64, true_noise: f64) -> [f64; 2] {
        let mut hits = [0, 0];
        for seed in 0..60 {
            let mut measured = measured(law, &COUNTS, true_noise, seed);
            // What they say of their own noise may be too little: runs differ by more than what is seen within each.
            for (_, rate, resamples) in &mut measured {
                let mean = rate.ln();
                for drawn in resamples.iter_mut() {
                    *drawn = mean + (*drawn - mean) * told / true_noise;
                }
            }
            let fit = fit(&measured).expect("a fit");
            hits[0] += usize::from(fit.contention.contains(law.contention));
            hits[1] += usize::from(fit.coherency.contains(law.coherency));
        }
        hits.map(|hits| f64::from(u32::try_from(hits).expect("few")) / 60.0)
    }

    #[test]
    fn intervals_have_the_true_numbers_about_as_often_as_they_say() {
        for law in [
            Law { rate: 100.0, contention: 0.05, coherency: 0.002 },
            Law { rate: 100.0, contention: 0.0, coherency: 0.0 },
        ] {
            for (told, noise) in [(0.02, 0.02), (0.004, 0.02)] {
                let found = coverage(law, told, noise);
                assert!(found.iter().all(|share| *share >= 0.85), "{law:?}, {told} of {noise}: {found:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_law_is_found_again(
            rate in 1.0_f64..1e6,
            contention in 0.0_f64..0.5,
            coherency in 0.0_f64..0.05,
            more in 0.0_f64..1e3,
        ) {
            let law = Law { rate, contention, coherency };
            let points: Vec<(f64, f64)> = COUNTS.iter().chain([&(16.0 + more)]).map(|&n| (n, law.of(n))).collect();
            let found = Law::through(&points).expect("points");
            prop_assert!((found.rate / rate - 1.0).abs() < 1e-6, "{:?}", found);
            prop_assert!((found.contention - contention).abs() < 1e-6, "{:?}", found);
            prop_assert!((found.coherency - coherency).abs() < 1e-6, "{:?}", found);
        }

        #[test]
        fn the_order_of_measurements_is_of_no_consequence(seed in 0_u64..1000, turned in 0_usize..6) {
            let mut all = measured(Law { rate: 100.0, contention: 0.1, coherency: 0.001 }, &COUNTS, 0.02, seed);
            let straight = fit(&all);
            all.rotate_left(turned);
            prop_assert_eq!(straight, fit(&all));
            all.reverse();
            prop_assert_eq!(straight, fit(&all));
        }

        #[test]
        fn a_fit_is_never_negative_and_lies_in_its_intervals(seed in 0_u64..1000, noise in 0.001_f64..0.3) {
            let law = Law { rate: 100.0, contention: 0.02, coherency: 0.0005 };
            let found = fit(&measured(law, &COUNTS, noise, seed)).expect("a fit");
            prop_assert!(found.law.contention >= 0.0 && found.law.coherency >= 0.0 && found.law.rate > 0.0);
            prop_assert!(found.rate.contains(found.law.rate));
            prop_assert!(found.contention.contains(found.law.contention));
            prop_assert!(found.coherency.contains(found.law.coherency));
        }
    }
}
