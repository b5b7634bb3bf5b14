//! Chance with a seed: the same numbers every time.

/// xorshift64* (Marsaglia 2003, Vigna 2016): fast, and good enough for rows that nobody gambles with.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Chance that begins at a seed other than 0.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A whole number below a bound, which is below 2³².
    pub fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 32) * bound) >> 32
    }

    /// Between 0 and 1, neither of them.
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Of the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Of the exponential distribution with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut chance = Chance::new(7);
        let moments = |mut draw: Box<dyn FnMut() -> f64 + '_>| {
            let values: Vec<f64> = (0..100_000).map(|_| draw()).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64)
        };
        let (mean, variance) = moments(Box::new(|| chance.normal()));
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        let (mean, variance) = moments(Box::new(|| chance.exponential(3.0)));
        assert!((mean - 3.0).abs() < 0.05 && (variance - 9.0).abs() < 0.4, "{mean} {variance}");
    }
}
