//! What response times are made of: waiting to be sent, connecting, TLS, waiting for the first byte, receiving.

use runlog::statistics::Figures;
use runlog::summary::Group;
use runlog::units::Nanos;

use super::Analysis;
use super::busiest::Busiest;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Bars, Finding, Level, Line, Part, Section, Table, Unit, Value};

/// The mean of each phase, by request.
pub struct Phases;

impl Analysis for Phases {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let summary = &run.summary;
        if summary.total.service_time_ns.is_none() {
            return Ok(Vec::new());
        }
        let busiest = Busiest::of(summary);
        let shown: Vec<&Group> = busiest.places.iter().map(|&place| &summary.requests[place]).collect();
        let parts = vec![
            Part::Bars(bars(&shown, &busiest.note(summary))),
            Part::Table(table(summary.requests.iter().filter(|group| group.count > 0), &summary.total)),
            Part::Findings(vec![Finding::new(Level::Note, NOTE)]),
        ];
        Ok(vec![Section::new("Phases", parts)])
    }
}

const NOTE: &str = "the means add up where every arrival was answered: each is of those that came that far, but connecting \
                    and TLS are shared out to all that were sent, most of which found a connection open";

/// The phases, in the order in which they come.
const PHASES: [&str; 5] = ["waiting to be sent", "connect", "TLS", "first byte", "receiving"];

/// The mean of each phase in nanoseconds; nothing where no arrival came that far.
fn means(group: &Group) -> [Option<f64>; PHASES.len()] {
    let sent = group.lag_ns.map(|lag| lag.samples as f64);
    let mean = |figures: Option<Figures>| figures.map(|figures| figures.mean);
    let shared = |figures: Option<Figures>| {
        let sum = figures.map_or(0.0, |figures| figures.mean * figures.samples as f64);
        sent.map(|sent| sum / sent)
    };
    let (connect, tls) = (shared(group.connect_ns), shared(group.tls_ns));
    // A connection that is opened for an arrival is opened while that waits to be sent.
    let opening = connect.unwrap_or(0.0) + tls.unwrap_or(0.0);
    let waiting = mean(group.lag_ns).map(|lag| (lag - opening).max(0.0));
    let first_byte = mean(group.ttfb_ns);
    let receiving = mean(group.service_time_ns).zip(first_byte).map(|(service, first)| (service - first).max(0.0));
    [waiting, connect, tls, first_byte, receiving]
}

fn bars(groups: &[&Group], others: &str) -> Bars {
    let all: Vec<_> = groups.iter().map(|group| means(group)).collect();
    let part = |(place, name): (usize, &'static str)| {
        Line::new(name, all.iter().map(|means| means[place].map(f64::round)).collect())
    };
    let note =
        "Where the mean response time of each request goes, from the instant that the schedule says on.".to_owned();
    Bars {
        title: "Mean time by phase".into(),
        note: (note + others).into(),
        unit: Unit::Time,
        names: groups.iter().map(|group| group.request.clone().into()).collect(),
        parts: PHASES.into_iter().enumerate().map(part).collect(),
    }
}

fn table<'a>(groups: impl Iterator<Item = &'a Group>, total: &Group) -> Table {
    let numbers: Vec<&str> = PHASES.into_iter().chain(["connections opened", "mean to open one"]).collect();
    let mut table = Table::new(&["request"], &numbers);
    for group in groups {
        table.push(cells(group));
    }
    table.push_total(cells(total));
    table
}

fn cells(group: &Group) -> Vec<Value> {
    let time = |mean: Option<f64>| mean.map(|ns| Value::Time(Nanos(ns.round() as u64))).into();
    let opened = group.connect_ns;
    // Each connection with TLS has a handshake.
    let handshakes = group.tls_ns.map_or(0.0, |tls| tls.mean * tls.samples as f64);
    let opening = opened.map(|connect| connect.mean + handshakes / connect.samples as f64);
    std::iter::once(group.request.clone().into())
        .chain(means(group).map(time))
        .chain([Value::Count(opened.map_or(0, |connect| connect.samples)), time(opening)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::statistics::Samples;
    use runlog::summary::SHOWN;
    use runlog::tally::Counts;

    fn figures(samples: &[u64]) -> Option<Figures> {
        samples.iter().copied().collect::<Samples>().figures()
    }

    #[test]
    fn phases_add_up_to_the_mean_response_time() {
        let times = [
            figures(&[130, 50, 60]), // response
            figures(&[30, 40, 50]),  // service
            figures(&[20, 30, 40]),  // first byte
            figures(&[100, 10, 10]), // lag
            figures(&[60]),          // connect
            figures(&[21]),          // TLS
        ];
        assert_eq!(times.len(), SHOWN.len());
        let group = Group::new("a".to_owned(), &Counts::default(), &times, Nanos::from_secs(1));
        let means = means(&group).map(|mean| mean.expect("all of them"));
        assert_eq!(means.map(|mean| mean as u64), [13, 20, 7, 30, 10]);
        assert!((means.iter().sum::<f64>() - 80.0).abs() < 1e-9);
        assert_eq!(cells(&group)[6..], [Value::Count(1), Value::Time(Nanos(81))]);
    }

    #[test]
    fn what_never_came_that_far_has_no_phase() {
        let group = Group::new("a".to_owned(), &Counts::default(), &[None; SHOWN.len()], Nanos::ZERO);
        assert_eq!(means(&group), [None; PHASES.len()]);
    }
}
