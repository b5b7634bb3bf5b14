//! Answers: how many with each status, and how long each route took.

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus::core::Collector as _;
use prometheus::{IntCounterVec, Opts, Registry, proto};

use super::{Latencies, LatencyFigures, Result, enrol};

/// All answers of this process. Routes and methods come from the shop's own lists, so that no client can make more of them.
#[derive(Debug)]
pub(crate) struct Requests {
    answers: IntCounterVec,
    durations: Latencies,
}

impl Requests {
    pub(super) fn enrolled(registry: &Registry) -> Result<Self> {
        let answers = Opts::new("shop_requests_total", "Answers by method, route and status");
        Ok(Self {
            answers: enrol(registry, IntCounterVec::new(answers, &["method", "route", "status"]))?,
            durations: Latencies::enrolled(
                registry,
                "shop_request_duration_seconds",
                "From a request's head to its answer, by method and route",
                &["method", "route"],
            )?,
        })
    }

    pub(crate) fn count(&self, method: &str, route: &str, status: &str, took: Duration) {
        self.answers.with_label_values(&[method, route, status]).inc();
        self.durations.observe(&[method, route], took);
    }

    /// The statuses that occurred, with their counts.
    pub(crate) fn by_status(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for metric in self.answers.collect().iter().flat_map(proto::MetricFamily::get_metric) {
            let status = metric.get_label().iter().find(|label| label.name() == "status");
            let status = status.map(|label| label.value().to_owned()).unwrap_or_default();
            *counts.entry(status).or_default() += metric.get_counter().get_value() as u64;
        }
        counts
    }

    /// The routes that were asked for, as `METHOD ROUTE`.
    pub(crate) fn by_route(&self) -> BTreeMap<String, LatencyFigures> {
        self.durations.figures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_add_up_by_status_and_by_route() {
        let requests = Requests::enrolled(&Registry::new()).unwrap();
        for (route, status) in [("/a", "200"), ("/b", "429"), ("/b", "200")] {
            requests.count("GET", route, status, Duration::from_millis(1));
        }
        assert_eq!(requests.by_status(), BTreeMap::from([("200".to_owned(), 2), ("429".to_owned(), 1)]));
        let counts: Vec<_> = requests.by_route().into_iter().map(|(route, figures)| (route, figures.count)).collect();
        assert_eq!(counts, [("GET /a".to_owned(), 1), ("GET /b".to_owned(), 2)]);
    }
}
