//! How many virtual users were at work, looked at once a second.

use runlog::metric::Metric;
use runlog::threshold::Aggregation;

use crate::worker::report::Second;

/// What the looks came to.
#[derive(Debug)]
pub struct Gauges {
    /// The last figure of each worker.
    latest: Vec<u64>,
    vus: Looks,
    vus_max: Looks,
}

/// One figure, looked at again and again.
#[derive(Debug, Default)]
struct Looks {
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
    last: u64,
}

impl Gauges {
    /// For so many workers.
    pub fn new(workers: usize) -> Self {
        Self { latest: vec![0; workers], vus: Looks::default(), vus_max: Looks::default() }
    }

    /// Takes a worker's last second. With each second of the first one the others are looked at as well.
    pub fn hear(&mut self, second: &Second) {
        self.latest[second.seat.place] = second.vus;
        if second.seat.place == 0 {
            let vus = self.latest.iter().sum();
            self.vus.look(vus);
            self.vus_max.look(self.vus.max);
        }
    }

    /// The figure that a threshold is about; `None` where nobody has looked.
    pub fn value(&self, metric: Metric, aggregation: Aggregation) -> Option<f64> {
        let looks = if metric == Metric::VusMax { &self.vus_max } else { &self.vus };
        (looks.count > 0).then(|| match aggregation {
            Aggregation::Min => looks.min as f64,
            Aggregation::Max => looks.max as f64,
            Aggregation::Avg => looks.sum as f64 / looks.count as f64,
            _ => looks.last as f64,
        })
    }
}

impl Looks {
    fn look(&mut self, figure: u64) {
        self.min = if self.count == 0 { figure } else { self.min.min(figure) };
        self.max = self.max.max(figure);
        self.sum += figure;
        self.count += 1;
        self.last = figure;
    }
}
