//! The run so far as a line of points, in memory that has a bound: the longer the run, the further apart they are.

use runlog::units::{Nanos, Rate};

/// The most points that are kept.
const MOST: usize = 512;

/// How a stretch of time was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Requests that were done in it.
    pub rate: Rate,
    /// The 99th percentile of the response times, the highest of its seconds; `None` without an answer.
    pub p99: Option<Nanos>,
}

impl Point {
    /// Several stretches of one length as one; nothing where there are none.
    pub fn of_all(points: &[Self]) -> Option<Self> {
        let mean = points.iter().map(|point| point.rate.as_per_second()).sum::<f64>() / points.len() as f64;
        Some(Self { rate: Rate::per_second(mean)?, p99: points.iter().filter_map(|point| point.p99).max() })
    }
}

/// The points so far, the oldest first; all but the last of one length.
#[derive(Debug, Clone)]
pub struct History {
    points: Vec<Point>,
    /// How many seconds a point stands for.
    step: usize,
    /// The seconds that are to be the next point.
    gathered: Vec<Point>,
}

impl Default for History {
    fn default() -> Self {
        Self { points: Vec::new(), step: 1, gathered: Vec::new() }
    }
}

impl History {
    /// Adds a second.
    pub fn push(&mut self, second: Point) {
        self.gathered.push(second);
        if self.gathered.len() < self.step {
            return;
        }
        self.points.extend(Point::of_all(&self.gathered));
        self.gathered.clear();
        if self.points.len() == MOST {
            self.points = self.points.chunks(2).filter_map(Point::of_all).collect();
            self.step *= 2;
        }
    }

    /// All points so far.
    pub fn points(&self) -> Vec<Point> {
        self.points.iter().copied().chain(Point::of_all(&self.gathered)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(rate: u32, p99: u64) -> Point {
        Point { rate: Rate::per_second(rate.into()).expect("a rate"), p99: (p99 > 0).then_some(Nanos(p99)) }
    }

    #[test]
    fn a_short_run_has_a_point_for_each_second() {
        let mut history = History::default();
        for (rate, p99) in [(10, 5), (20, 0), (30, 7)] {
            history.push(second(rate, p99));
        }
        assert_eq!(history.points(), [second(10, 5), second(20, 0), second(30, 7)]);
    }

    #[test]
    fn the_points_of_a_long_run_have_a_bound_and_keep_its_worst() {
        let mut history = History::default();
        for number in 0..10_000 {
            history.push(second(10, if number == 4_321 { 99 } else { 1 }));
            assert!(history.points().len() <= MOST);
        }
        let points = history.points();
        assert!(points.len() >= MOST / 2, "{}", points.len());
        assert_eq!(points.iter().filter(|point| point.p99 == Some(Nanos(99))).count(), 1);
        assert!(points.iter().all(|point| (point.rate.as_per_second() - 10.0).abs() < 1e-9));
    }
}
