//! A simulated run: Poisson arrivals at a service whose times are log-normal around a level that wanders from second to
//! second, with a stall now and then that holds up everybody who comes meanwhile.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;
use drumfire_tests::run::HEADER;
use drumfire_tests::written::{Manifest, Request, rows_file};

use crate::chance::Chance;
use crate::statistics::Spread;

/// Names of the requests, each with its part of the load and its median service time in ns.
const REQUESTS: [(&str, f64, f64); 3] = [("browse", 0.6, 5e6), ("search", 0.3, 12e6), ("order", 0.1, 30e6)];
/// Arrivals per second.
const RATE: u64 = 200;
/// How long a run lasts, in seconds.
const SECONDS: u64 = 120;
const SECOND_NS: f64 = 1e9;
/// The standard deviation of the logarithm of a service time within a second.
const SPREAD: f64 = 0.4;
/// How much of its level a second takes over from the one before: the coefficient of an AR(1) process.
const MEMORY: f64 = 0.8;
/// The standard deviation of the level over a long time, as a logarithm.
const WANDERING: f64 = 0.05;
/// The mean time between two stalls, in seconds.
const BETWEEN_STALLS_S: f64 = 30.0;
/// The shortest and the longest stall, in ns.
const STALL_NS: (f64, f64) = (20e6, 200e6);
/// One in so many answers has a status that nobody wants.
const ONE_ERROR_IN: u64 = 1_000;
/// The share of times, the largest, that a change in the tail is about.
const TAIL: f64 = 0.02;

/// What is different about the service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Nothing.
    None,
    /// All service times are so many times as long.
    All(f64),
    /// The longest of each request's service times, one in fifty, are so many times as long.
    Tail(f64),
}

/// An arrival, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// When it came, in ns since the start.
    pub scheduled_ns: f64,
    /// Which request, by its place.
    pub request: usize,
    /// By how much it was sent late, in ns.
    pub lag_ns: f64,
    /// How long the service took, in ns.
    pub service_ns: f64,
    /// The status of the answer.
    pub status: u16,
}

/// A simulated run.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    seed: u64,
    arrivals: Vec<Arrival>,
}

impl Simulated {
    /// A run of the service with this change; another seed (not 0) is another run of the same.
    pub fn new(seed: u64, change: Change) -> Self {
        let mut chance = Chance::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (levels, stalls) = (levels(&mut chance), stalls(&mut chance));
        let mut arrivals = Vec::with_capacity((RATE * SECONDS) as usize);
        let mut now = chance.exponential(SECOND_NS / RATE as f64);
        while now < SECONDS as f64 * SECOND_NS {
            let request = request(&mut chance);
            let level = levels[(now / SECOND_NS) as usize];
            let held_up =
                stalls.iter().find(|(start, end)| (start..end).contains(&&now)).map_or(0.0, |(_, end)| end - now);
            arrivals.push(Arrival {
                scheduled_ns: now,
                request,
                lag_ns: chance.exponential(5_000.0),
                service_ns: held_up + REQUESTS[request].2 * (level + SPREAD * chance.normal()).exp(),
                status: if chance.below(ONE_ERROR_IN) == 0 { 503 } else { 200 },
            });
            now += chance.exponential(SECOND_NS / RATE as f64);
        }
        change.make(&mut arrivals);
        Self { seed, arrivals }
    }

    /// Writes it as a run directory.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut rows = format!("{HEADER}\n");
        for (number, arrival) in self.arrivals.iter().enumerate() {
            let (name, ..) = REQUESTS[arrival.request];
            let (scheduled, lag) = (arrival.scheduled_ns as u64, arrival.lag_ns as u64);
            let (service, status, connection) = (arrival.service_ns as u64, arrival.status, number % 64);
            let first_byte = service - service / 10;
            let _ = writeln!(
                rows,
                "{scheduled},{lag},0,0,{first_byte},{service},steady,{name},{status},,0,151,2000,{connection},{connection}"
            );
        }
        let manifest = Manifest {
            name: "simulated".to_owned(),
            scenario: "steady".to_owned(),
            requests: REQUESTS.iter().map(|(name, ..)| Request::named(name)).collect(),
            seed: self.seed,
            rate: RATE,
            elapsed_ns: SECONDS * SECOND_NS as u64,
            rows: vec![self.arrivals.len() as u64],
        };
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join(rows_file(0)), rows)?;
        Ok(fs::write(folder.join("run.json"), manifest.json().to_string())?)
    }

    /// The level of each second as its times show it: the median of their logarithms, each over its request's median, because a
    /// mean would show little but the stalls.
    pub fn seen_levels(&self) -> Vec<f64> {
        let mut seconds = vec![Vec::new(); SECONDS as usize];
        for arrival in &self.arrivals {
            let level = (arrival.service_ns / REQUESTS[arrival.request].2).ln();
            seconds[(arrival.scheduled_ns / SECOND_NS) as usize].push(level);
        }
        seconds.into_iter().filter_map(Spread::of).map(|spread| spread.median).collect()
    }

    /// The service times of each request, sorted.
    pub fn sorted_service_ns(&self) -> Vec<Vec<f64>> {
        sorted(&self.arrivals)
    }
}

impl Change {
    fn make(self, arrivals: &mut [Arrival]) {
        match self {
            Self::None => {}
            Self::All(factor) => arrivals.iter_mut().for_each(|arrival| arrival.service_ns *= factor),
            Self::Tail(factor) => {
                let bounds: Vec<f64> = sorted(arrivals)
                    .iter()
                    .map(|times| times.get((times.len() as f64 * (1.0 - TAIL)) as usize).copied().unwrap_or(f64::MAX))
                    .collect();
                for arrival in arrivals.iter_mut().filter(|arrival| arrival.service_ns >= bounds[arrival.request]) {
                    arrival.service_ns *= factor;
                }
            }
        }
    }
}

fn sorted(arrivals: &[Arrival]) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); REQUESTS.len()];
    for arrival in arrivals {
        times[arrival.request].push(arrival.service_ns);
    }
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    times
}

/// The logarithm of the level of each second: an AR(1) process that has been going on for ever.
fn levels(chance: &mut Chance) -> Vec<f64> {
    let renewal = WANDERING * (1.0 - MEMORY * MEMORY).sqrt();
    let first = WANDERING * chance.normal();
    std::iter::successors(Some(first), |level| Some(MEMORY * level + renewal * chance.normal()))
        .take(SECONDS as usize)
        .collect()
}

/// When stalls begin and end, in ns.
fn stalls(chance: &mut Chance) -> Vec<(f64, f64)> {
    let mut stalls = Vec::new();
    let mut start = chance.exponential(BETWEEN_STALLS_S * SECOND_NS);
    while start < SECONDS as f64 * SECOND_NS {
        let end = start + STALL_NS.0 + (STALL_NS.1 - STALL_NS.0) * chance.unit();
        stalls.push((start, end));
        start = end + chance.exponential(BETWEEN_STALLS_S * SECOND_NS);
    }
    stalls
}

fn request(chance: &mut Chance) -> usize {
    let mut part = chance.unit();
    let place = REQUESTS.iter().position(|(_, share, _)| {
        part -= share;
        part < 0.0
    });
    place.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::*;
    use crate::statistics::autocorrelation;

    #[test]
    fn a_seed_is_one_run() {
        let run = Simulated::new(1, Change::None);
        assert_eq!(run, Simulated::new(1, Change::None));
        assert_ne!(run, Simulated::new(2, Change::None));
        let arrivals = run.arrivals.len() as f64;
        assert!((arrivals / (RATE * SECONDS) as f64 - 1.0).abs() < 0.03, "{arrivals}");
    }

    /// What is seen of a level is the level and the scatter of a median of 200 times, which has no memory.
    #[test]
    fn seconds_take_after_those_before() {
        let mean = |lag: usize| {
            let of_run = |seed| autocorrelation(&Simulated::new(seed, Change::None).seen_levels(), lag);
            (1..=40).filter_map(of_run).sum::<f64>() / 40.0
        };
        let scatter = FRAC_PI_2 * SPREAD * SPREAD / RATE as f64;
        let expected = |lag| MEMORY.powi(lag) * WANDERING * WANDERING / (WANDERING * WANDERING + scatter);
        for lag in [1, 2, 5] {
            let (seen, expected) = (mean(lag as usize), expected(lag));
            assert!((seen - expected).abs() < 0.1, "at {lag} s: {seen:.2}, and {expected:.2} was meant");
        }
    }

    #[test]
    fn a_change_of_all_times_is_one_of_every_percentile() {
        let (before, after) = (Simulated::new(5, Change::None), Simulated::new(5, Change::All(1.2)));
        for (before, after) in before.sorted_service_ns().iter().zip(after.sorted_service_ns()) {
            let at = before.len() * 95 / 100;
            assert!((after[at] / before[at] - 1.2).abs() < 1e-9);
        }
    }

    #[test]
    fn a_change_in_the_tail_leaves_all_below_it_alone() {
        let (before, after) = (Simulated::new(5, Change::None), Simulated::new(5, Change::Tail(1.5)));
        for (before, after) in before.sorted_service_ns().iter().zip(after.sorted_service_ns()) {
            let at = |hundredths: usize| before.len() * hundredths / 100;
            assert_eq!(before[..at(97)], after[..at(97)]);
            assert!((after[at(99)] / before[at(99)] - 1.5).abs() < 1e-9);
        }
    }
}
