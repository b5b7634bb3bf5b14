//! The law as JSON, and as a chart beside what was measured.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::Scaling;
use crate::section::{Axis, Chart, Line, Mark, Unit};
use crate::statistics::distribution::Interval;
use crate::statistics::scalability::{Fit, Law};

impl Serialize for Fit {
    /// The law's numbers, each with its interval.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let estimate =
            |value: f64, Interval { low, high }: Interval| json!({ "value": value, "interval": [low, high] });
        let document = json!({
            "lambda_per_s": estimate(self.law.rate, self.rate),
            "sigma": estimate(self.law.contention, self.contention),
            "kappa": estimate(self.law.coherency, self.coherency),
            "scatter": self.scatter,
            "peak": self.peak.map(|peak| json!({
                "instances": estimate(peak.instances, peak.interval),
                "throughput_per_s": peak.per_second,
            })),
        });
        document.serialize(to)
    }
}

/// So many places lines are drawn at, at the most.
const PLACES: usize = 64;

impl Scaling {
    /// Throughput by the number of instances, with what linear growth and the law would give.
    pub(super) fn throughput_chart(&self) -> Chart {
        let places = self.places();
        let measured = |place: &f64| {
            let found = self.configurations.iter().find(|one| is_same(one.instances, *place));
            found.map(|one| one.throughput_per_s.value)
        };
        let of_each = self.configurations.first().map_or(0.0, |first| first.throughput_per_s.value / first.instances);
        let mut lines = vec![
            Line::new("measured", places.iter().map(measured).collect()).drawn(Mark::Points),
            Line::new("linear", places.iter().map(|place| Some(of_each * place)).collect()).drawn(Mark::Dashed),
        ];
        if let Some(Fit { law, .. }) = self.law {
            let fitted = |law: Law| places.iter().map(|place| Some(law.of(*place))).collect();
            lines.push(Line::new("Universal Scalability Law", fitted(law)));
        }
        self.chart("Throughput by instances", NOTE.into(), Unit::PerSecond, places, lines)
    }

    /// Response times by the number of instances.
    pub(super) fn times_chart(&self) -> Chart {
        let places: Vec<f64> = self.configurations.iter().map(|one| one.instances).collect();
        let line = |(place, name): (usize, &'static str)| {
            let values = self.configurations.iter().map(|one| Some(one.response_time_ns[place]?.value));
            Line::new(name, values.collect())
        };
        let lines = ["p50", "p95", "p99"].into_iter().enumerate().map(line).collect();
        let note = "Of the steady part of the runs, to within 0.8 %; where there are answers enough.";
        self.chart("Response time by instances", note.into(), Unit::Time, places, lines)
    }

    fn chart(
        &self,
        title: &'static str,
        note: Cow<'static, str>,
        unit: Unit,
        values: Vec<f64>,
        lines: Vec<Line>,
    ) -> Chart {
        let axis = Axis::Amount { of: self.by.clone().into(), values };
        Chart { title: title.into(), note, axis, unit, stacked: false, lines }
    }

    /// What was measured, and whole numbers up to there, or as many as can be drawn.
    fn places(&self) -> Vec<f64> {
        let mut places: Vec<f64> = self.configurations.iter().map(|one| one.instances).collect();
        let most = places.last().copied().unwrap_or(1.0);
        let step = (most / PLACES as f64).ceil().max(1.0);
        places.extend((1..).map(|place| f64::from(place) * step).take_while(|place| *place < most));
        places.sort_by(f64::total_cmp);
        places.dedup_by(|one, other| is_same(*one, *other));
        places
    }
}

fn is_same(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_eq()
}

const NOTE: &str = "Answers per second that were as wanted, in the steady part of the runs. Dashed: as many times the throughput of the \
                    fewest instances as there are more of them.";
