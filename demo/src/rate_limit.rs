//! Rate limits: so many requests per tier and second, counted exactly.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::tier::Tier;

const WINDOW: Duration = Duration::from_secs(1);

/// How many requests a tier may send in a second, where that is not what its account says: `TIER=N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub(crate) tier: Tier,
    pub(crate) requests_per_second: u32,
}

impl FromStr for RateLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (tier, limit) = text.split_once('=').ok_or("expected TIER=N, such as professional=100")?;
        let names = || Tier::ALL.map(|tier| tier.account().tier).join(", ");
        let tier = Tier::named(tier).ok_or_else(|| format!("there is no tier {tier:?}, only {}", names()))?;
        let requests_per_second = limit.parse().map_err(|_| format!("{limit:?} is no number of requests"))?;
        Ok(Self { tier, requests_per_second })
    }
}

/// One window for each tier, and how many requests it is for.
#[derive(Debug)]
pub(crate) struct RateLimits {
    windows: [Mutex<Window>; Tier::ALL.len()],
    requests_per_second: [u32; Tier::ALL.len()],
}

impl RateLimits {
    /// Those of the accounts, or others where they are named.
    pub(crate) fn new(others: &[RateLimit]) -> Self {
        let mut requests_per_second = Tier::ALL.map(|tier| tier.account().requests_per_second);
        for limit in others {
            requests_per_second[limit.tier as usize] = limit.requests_per_second;
        }
        Self { windows: Default::default(), requests_per_second }
    }

    /// How many requests `tier` may send in a second.
    pub(crate) const fn of(&self, tier: Tier) -> u32 {
        self.requests_per_second[tier as usize]
    }

    /// Whether `tier` may send one more request, `now` after the start.
    pub(crate) fn admits(&self, tier: Tier, now: Duration) -> bool {
        let mut window = self.windows[tier as usize].lock().unwrap_or_else(PoisonError::into_inner);
        window.admits(now, self.of(tier))
    }
}

/// A second and what was admitted in it. It opens with the first request after the one before has ended, not on the stroke
/// of a clock: a burst that is sent within a second is then never split over two windows.
#[derive(Debug, Default)]
struct Window {
    opened: Option<Duration>,
    admitted: u32,
}

impl Window {
    fn admits(&mut self, now: Duration, limit: u32) -> bool {
        // A request that read the clock before the one that opened the window is counted in it: the difference is then 0.
        if self.opened.is_none_or(|opened| now.saturating_sub(opened) >= WINDOW) {
            *self = Self { opened: Some(now), admitted: 0 };
        }
        let admitted = self.admitted < limit;
        self.admitted += u32::from(admitted);
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn admitted(window: &mut Window, times: impl Iterator<Item = Duration>) -> usize {
        times.filter(|&now| window.admits(now, 20)).count()
    }

    #[test]
    fn a_burst_gets_exactly_the_limit() {
        assert_eq!(admitted(&mut Window::default(), (0..70).map(|n| 990 * MS + n * MS / 100)), 20);
    }

    #[test]
    fn the_next_window_opens_a_second_after_the_last() {
        let mut window = Window::default();
        assert_eq!(admitted(&mut window, (0..70).map(|n| n * MS)), 20);
        assert!(!window.admits(Duration::from_nanos(999_999_999), 20));
        assert_eq!(admitted(&mut window, (1000..1070).map(|n| n * MS)), 20);
    }

    #[test]
    fn a_request_with_an_earlier_time_opens_no_window() {
        let mut window = Window::default();
        assert_eq!(admitted(&mut window, [5000 * MS; 20].into_iter()), 20);
        assert!(!window.admits(4999 * MS, 20));
        assert!(!window.admits(5000 * MS, 20));
    }

    #[test]
    fn tiers_do_not_use_up_each_others_requests() {
        let limits = RateLimits::new(&["professional=7".parse().unwrap()]);
        assert_eq!(Tier::ALL.map(|tier| limits.of(tier)), [20, 200, 7, 10_000]);
        for tier in Tier::ALL {
            let limit = limits.of(tier) as usize;
            assert_eq!((0..limit + 50).filter(|_| limits.admits(tier, MS)).count(), limit);
        }
    }

    #[test]
    fn what_is_no_limit_is_refused_with_what_would_be_one() {
        for (text, part) in [("free", "professional=100"), ("platinum=1", "starter"), ("free=-1", "no number")] {
            let refused = text.parse::<RateLimit>().unwrap_err();
            assert!(refused.contains(part), "{text}: {refused}");
        }
    }
}
