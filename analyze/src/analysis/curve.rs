//! The percentile curve: how long the slowest tenth, hundredth, thousandth of the answers took.

use runlog::metric::Metric;
use runlog::sketch::Sketch;
use runlog::units::Percentile;
use runlog::windows::Window;

use super::Analysis;
use super::busiest::Busiest;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Axis, Chart, Line, Mark, Part, Section, Unit};

/// The percentile curves of the run.
pub struct Curve;

impl Analysis for Curve {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.windows.is_empty() {
            return Ok(Vec::new());
        }
        let total = run.windows.whole(|_| true);
        if sketch(&total, Metric::ResponseTime).is_none_or(Sketch::is_empty) {
            return Ok(Vec::new());
        }
        let mut parts = vec![Part::Chart(both_times(&total))];
        parts.extend(by_request(run, &total).map(Part::Chart));
        Ok(vec![Section::new("Percentiles", parts)])
    }
}

/// The percentiles of the curve: of every further nine, nine steps; and the quarters.
fn shares() -> Vec<Percentile> {
    const WHOLE: u32 = 100_000_000;
    let steps = |nine: u32| (2..=10).rev().map(move |left| WHOLE - left * 10_u32.pow(7 - nine));
    let quarters = [WHOLE / 4, WHOLE / 4 * 3, WHOLE / 20 * 19];
    let mut all: Vec<u32> = (0..8).flat_map(steps).chain(quarters).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().filter_map(Percentile::from_millionths).collect()
}

fn sketch(of: &Window, metric: Metric) -> Option<&Sketch> {
    of.times_of(metric).map(|times| times.sketch)
}

/// The percentiles of a metric, as far up as there are enough samples to be sure of them.
fn values(of: &Window, metric: Metric, shares: &[Percentile]) -> Vec<Option<f64>> {
    let Some(times) = of.times_of(metric) else { return vec![None; shares.len()] };
    let samples = times.sketch.count();
    let is_sure = |share: Percentile| share <= Percentile::P50 || share.samples_needed() <= samples;
    let value = |&share: &Percentile| times.percentile(share).filter(|_| is_sure(share)).map(|ns| ns as f64);
    shares.iter().map(value).collect()
}

fn both_times(total: &Window) -> Chart {
    let note = "Response time is what users felt, from the instant that the schedule says; service time begins at the \
                sending, as most tools measure. Where the lines part, answers were late because others were: what is \
                not seen by those who wait for an answer before they send on (coordinated omission). As far up as \
                there are samples for, to within 0.8 %.";
    let shares = shares();
    let lines = vec![
        Line::new("response time", values(total, Metric::ResponseTime, &shares)),
        Line::new("service time", values(total, Metric::HttpReqDuration, &shares)).drawn(Mark::Dashed),
    ];
    chart("Response time and service time", note.to_owned(), &shares, lines)
}

/// A line for each of the busiest requests, and one of all; nothing where there is only one.
fn by_request(run: &Run, total: &Window) -> Option<Chart> {
    let busiest = Busiest::of(&run.summary);
    if busiest.places.len() < 2 {
        return None;
    }
    let shares = shares();
    let all = Line::new("all", values(total, Metric::ResponseTime, &shares)).drawn(Mark::Dashed);
    let mut lines = vec![all];
    for &place in &busiest.places {
        let window = run.windows.whole(run.is_of_request(place));
        let name = run.summary.requests[place].request.clone();
        lines.push(Line::new(name, values(&window, Metric::ResponseTime, &shares)));
    }
    let note = "Of the answered arrivals, as far up as there are samples for, to within 0.8 %.".to_owned();
    Some(chart("Response time by request", note + &busiest.note(&run.summary), &shares, lines))
}

/// A chart over as many of the shares as any line has a value for.
fn chart(title: &'static str, note: String, shares: &[Percentile], mut lines: Vec<Line>) -> Chart {
    let known = |line: &Line| line.values.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let length = lines.iter().map(known).max().unwrap_or(0);
    for line in &mut lines {
        line.values.truncate(length);
    }
    let axis = Axis::Percentile(shares[..length].iter().map(|share| share.as_quantile()).collect());
    Chart { title: title.into(), note: note.into(), axis, unit: Unit::Time, stacked: false, lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::windows::METRICS;

    #[test]
    fn every_further_nine_has_as_many_steps_as_the_one_before() {
        let shares: Vec<String> = shares().iter().map(ToString::to_string).collect();
        assert_eq!(shares[..5], ["0", "10", "20", "25", "30"]);
        for nines in ["75", "90", "95", "99", "99.9", "99.95", "99.99", "99.999", "99.9999", "99.99999"] {
            assert!(shares.iter().any(|share| share == nines), "{nines} in {shares:?}");
        }
        assert_eq!(shares.last().map(String::as_str), Some("99.999998"));
        assert_eq!(shares.len(), 74);
    }

    #[test]
    fn the_curve_ends_where_samples_no_longer_carry_it() {
        let mut window = Window::default();
        let place = METRICS.iter().position(|&metric| metric == Metric::ResponseTime).expect("it is kept");
        // One to three hundred nanoseconds: below 256 every value has a bucket of its own.
        window.times[place] = (1..=300).collect();
        window.longest_ns[place] = 300;
        let shares = shares();
        let values = values(&window, Metric::ResponseTime, &shares);
        let at = |name: &str| values[shares.iter().position(|share| share.to_string() == name).expect("a share")];
        assert_eq!((at("0"), at("25"), at("50"), at("80")), (Some(1.0), Some(75.0), Some(150.0), Some(240.0)));
        // p99 takes 299 samples, and p99.1 more.
        assert_eq!((at("99"), at("99.1")), (Some(297.0), None));
        let chart = chart("", String::new(), &shares, vec![Line::new("", values)]);
        assert_eq!(
            chart.axis,
            Axis::Percentile(shares[..chart.lines[0].values.len()].iter().map(|share| share.as_quantile()).collect())
        );
        assert!(chart.lines[0].values.last().is_some_and(Option::is_some));
    }
}
