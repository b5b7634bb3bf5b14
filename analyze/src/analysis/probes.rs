//! What was sampled from the system under test, on the time axis of the load.

use std::collections::BTreeMap;

use runlog::samples::ProbeSample;
use runlog::units::Nanos;

use super::Analysis;
use super::buckets::{Buckets, OF_PAGE};
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Axis, Chart, Finding, Level, Line, Part, Section, Table, Value};

/// The most charts.
const MOST_CHARTS: usize = 12;
/// The most lines of a chart.
const MOST_LINES: usize = 8;
/// The most lines of all charts together.
const MOST_LINES_IN_ALL: usize = 30;
/// The most rows of the table.
const MOST_ROWS: usize = 100;

/// Charts of what was sampled, and a table.
pub struct Probes;

impl Analysis for Probes {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let metrics = metrics(&run.log.probes);
        if metrics.is_empty() {
            return Ok(Vec::new());
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut lines = 0;
        for metric in metrics.iter().take(MOST_CHARTS) {
            let most = MOST_LINES.min(MOST_LINES_IN_ALL - lines);
            if most == 0 {
                break;
            }
            lines += metric.series.len().min(most);
            parts.push(Part::Chart(metric.chart(most, run.summary.run.elapsed_ns)));
        }
        let (charts, series) = (parts.len(), metrics.iter().map(|metric| metric.series.len()).sum());
        parts.push(Part::Table(table(&metrics)));
        let notes = left_out(metrics.len() - charts, series);
        if !notes.is_empty() {
            parts.push(Part::Findings(notes));
        }
        Ok(vec![Section::new("Probes of the target", parts)])
    }
}

/// A metric of a probe, with a series for each set of tags.
struct Metric<'a> {
    probe: &'a str,
    name: &'a str,
    series: BTreeMap<&'a str, Vec<&'a ProbeSample>>,
}

/// In the order in which they were first sampled; samples that are no number are left out.
fn metrics(samples: &[ProbeSample]) -> Vec<Metric<'_>> {
    let mut metrics: Vec<Metric<'_>> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.value.is_finite()) {
        let (probe, name) = (sample.probe.as_str(), sample.metric.as_str());
        let place = *places.entry((probe, name)).or_insert_with(|| {
            metrics.push(Metric { probe, name, series: BTreeMap::new() });
            metrics.len() - 1
        });
        metrics[place].series.entry(&sample.tags).or_default().push(sample);
    }
    metrics
}

impl Metric<'_> {
    fn chart(&self, most_lines: usize, elapsed: Nanos) -> Chart {
        let measure = Measure::of_name(self.name);
        let instants = Instants::of(self.series.values().flatten(), elapsed);
        let name = |tags: &str| if tags.is_empty() { self.name.to_owned() } else { tags.to_owned() };
        let lines = self.series.iter().take(most_lines);
        let lines =
            lines.map(|(tags, samples)| Line::new(name(tags), instants.means(samples, measure.factor()))).collect();
        let left_out = self.series.len().saturating_sub(most_lines);
        let note = match left_out {
            0 => String::new(),
            _ => format!("The first {most_lines} of {} series, by their tags.", self.series.len()),
        };
        Chart {
            title: format!("{}: {}", self.probe, self.name).into(),
            note: note.into(),
            axis: instants.axis(),
            unit: measure.axis(),
            stacked: false,
            lines,
        }
    }
}

/// Where samples are drawn: each at its own instant, or, where there are too many, the mean of those that are near.
enum Instants {
    Each(Vec<u64>),
    Together(Buckets),
}

impl Instants {
    fn of<'a>(samples: impl Iterator<Item = &'a &'a ProbeSample>, elapsed: Nanos) -> Self {
        let mut all: Vec<u64> = samples.map(|sample| sample.time_ns).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() as u64 <= OF_PAGE {
            return Self::Each(all);
        }
        let (first, last) = (all.first().copied().unwrap_or(0), all.last().copied().unwrap_or(0));
        // Twice as wide as samples are apart, so that one that is late leaves no gap.
        let apart = (last - first) / all.len() as u64;
        Self::Together(Buckets::covering(elapsed.max(Nanos(last)), Nanos(apart.saturating_mul(2).max(1)), OF_PAGE))
    }

    fn axis(&self) -> Axis {
        Axis::Time(match self {
            Self::Each(all) => all.iter().copied().map(Nanos).collect(),
            Self::Together(buckets) => buckets.middles(),
        })
    }

    /// The mean of the samples at each place, each times a factor; none where there is no sample.
    fn means(&self, samples: &[&ProbeSample], factor: f64) -> Vec<Option<f64>> {
        let (count, place): (usize, &dyn Fn(u64) -> usize) = match self {
            Self::Each(all) => (all.len(), &|at| all.partition_point(|&instant| instant < at)),
            Self::Together(buckets) => (buckets.count, &|at| buckets.place(Nanos(at)) as usize),
        };
        let mut sums = vec![(0.0, 0_u32); count];
        for sample in samples {
            let (sum, number) = &mut sums[place(sample.time_ns)];
            *sum += sample.value * factor;
            *number += 1;
        }
        sums.into_iter().map(|(sum, number)| (number > 0).then(|| shown(sum / f64::from(number)))).collect()
    }
}

/// To nine digits, which is more than a chart shows: a page need not carry the others.
fn shown(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}

fn table(metrics: &[Metric<'_>]) -> Table {
    let mut table = Table::new(&["probe", "metric", "tags"], &["samples", "first", "min", "mean", "max", "last"]);
    let all =
        metrics.iter().flat_map(|metric| metric.series.iter().map(move |(tags, samples)| (metric, tags, samples)));
    for (metric, tags, samples) in all.take(MOST_ROWS) {
        let values = || samples.iter().map(|sample| sample.value);
        let measure = Measure::of_name(metric.name);
        let mean = values().sum::<f64>() / samples.len() as f64;
        let figures = [
            samples.first().map(|sample| sample.value),
            values().reduce(f64::min),
            Some(mean),
            values().reduce(f64::max),
            samples.last().map(|sample| sample.value),
        ];
        let names = [metric.probe, metric.name, tags].map(|name| Value::from(name.to_owned()));
        let count = std::iter::once(Value::Count(samples.len() as u64));
        table.push(
            names
                .into_iter()
                .chain(count)
                .chain(figures.map(|figure| figure.map(|figure| measure.value(figure)).into()))
                .collect(),
        );
    }
    table
}

fn left_out(metrics: usize, series: usize) -> Vec<Finding> {
    let mut notes = Vec::new();
    if metrics > 0 {
        notes.push(Finding::new(Level::Note, "").count(metrics as u64).and(" further metrics have no chart"));
    }
    if series > MOST_ROWS {
        let note = Finding::new(Level::Note, "the table has the first ").count(MOST_ROWS as u64);
        notes.push(note.and(" of ").count(series as u64).and(" series; probes.csv has them all"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::Unit;

    fn sample(second: u64, metric: &str, tags: &str, value: f64) -> ProbeSample {
        let (probe, metric, tags) = ("app".to_owned(), metric.to_owned(), tags.to_owned());
        ProbeSample { time_ns: second * 1_000_000_000, probe, metric, tags, value }
    }

    #[test]
    fn a_metric_is_a_chart_and_its_tags_are_lines_with_gaps_where_there_was_no_sample() {
        let samples = [
            sample(1, "pool", "db=a", 5.0),
            sample(1, "pool", "db=b", 7.0),
            sample(2, "pool", "db=a", f64::NAN),
            sample(3, "pool", "db=a", 9.0),
        ];
        let metrics = metrics(&samples);
        assert_eq!(metrics.len(), 1);
        let chart = metrics[0].chart(MOST_LINES, Nanos::from_secs(4));
        assert_eq!((chart.title.as_ref(), chart.unit), ("app: pool", Unit::Count));
        assert_eq!(chart.axis, Axis::Time(vec![Nanos::from_secs(1), Nanos::from_secs(3)]));
        assert_eq!(
            chart.lines,
            [Line::new("db=a", vec![Some(5.0), Some(9.0)]), Line::new("db=b", vec![Some(7.0), None])]
        );
        let row = &table(&metrics).rows[0].cells[3..];
        assert_eq!(
            row,
            [
                Value::Count(2),
                Value::Number(5.0),
                Value::Number(5.0),
                Value::Number(7.0),
                Value::Number(9.0),
                Value::Number(9.0)
            ]
        );
    }

    #[test]
    fn nine_digits_are_shown() {
        for (value, expected) in [
            (0.0, 0.0),
            (1.0 / 7.0, 0.142_857_143),
            (-20.0 / 7.0, -2.857_142_86),
            (1_234_567_890.0, 1_234_567_890.0),
            (12_345_678_912.0, 12_345_678_900.0),
            (3.0, 3.0),
        ] {
            assert_eq!(shown(value).to_string(), expected.to_string(), "{value}");
        }
        assert!(shown(f64::MIN_POSITIVE).is_finite() && shown(f64::MAX).is_finite());
    }

    #[test]
    fn many_samples_are_put_together_without_gaps() {
        let samples: Vec<ProbeSample> =
            (0..4_000).map(|second| sample(second, "heap_bytes", "", second as f64)).collect();
        let chart = metrics(&samples)[0].chart(MOST_LINES, Nanos::from_secs(3_999));
        assert_eq!((chart.lines.len(), chart.unit), (1, Unit::Bytes));
        assert!(chart.lines[0].values.len() as u64 <= OF_PAGE + 1 && chart.lines[0].values.iter().all(Option::is_some));
        assert_eq!(chart.lines[0].values[0], Some(3.5), "the mean of the first eight");
    }

    #[test]
    fn however_much_was_sampled_the_page_stays_small() {
        let samples: Vec<ProbeSample> = (0..50)
            .flat_map(|metric| (0..20).map(move |tag| sample(tag, &format!("m{metric}"), &format!("t={tag}"), 1.0)))
            .collect();
        let metrics = metrics(&samples);
        assert_eq!(table(&metrics).rows.len(), MOST_ROWS);
        assert_eq!(metrics[0].chart(MOST_LINES, Nanos::from_secs(20)).lines.len(), MOST_LINES);
    }
}
