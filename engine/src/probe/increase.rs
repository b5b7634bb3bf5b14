//! How much a counter grew between two looks.

/// The growth from one reading of a counter to the next. One that is lower than before has begun anew at zero, as after a
/// restart: what it says then is what it grew by.
pub fn increase(before: f64, now: f64) -> f64 {
    if now >= before { now - before } else { now }
}

/// So much within so many seconds; nothing where no time has passed.
pub fn per_second(increase: f64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| increase / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_fell_has_begun_anew() {
        assert_eq!(increase(100.0, 130.0), 30.0);
        assert_eq!(increase(100.0, 7.0), 7.0);
        assert_eq!(per_second(30.0, 2.0), Some(15.0));
        assert_eq!(per_second(30.0, 0.0), None);
    }
}
