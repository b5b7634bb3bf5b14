//! Baseline → text: the same for the same, and readable.

use std::fmt::{self, Display, Formatter};

use toml_writer::{ToTomlKey, ToTomlValue};

use super::{Baseline, Budget, Figure, MaxRegression, Saved, Time};

const INTRODUCTION: &str = "\
# A baseline saved by `drumfire-analyze baseline`; `drumfire-analyze gate` holds runs against it. `--update` puts new figures
# in place of these and keeps `time`, [max_regression] and [probes], but no comments. All keys are in docs/baselines.md.
";

impl Display for Baseline {
    /// As a file, which is read as the same baseline.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.saved.is_some() {
            writeln!(f, "{INTRODUCTION}")?;
        }
        if let Some(name) = &self.name {
            writeln!(f, "name = {}", name.to_toml_value())?;
        }
        if self.time != Time::default() {
            let name = Time::NAMES.iter().find(|(_, time)| *time == self.time).map_or("", |(name, _)| *name);
            writeln!(f, "time = {}", name.to_toml_value())?;
        }
        if let Some(saved) = &self.saved {
            write_saved(f, saved)?;
        }
        write_max_regression(f, &self.max_regression)?;
        for expected in &self.requests {
            write_figures(f, &format!("requests.{}", expected.request.to_toml_key()), &expected.figures)?;
        }
        if !self.total.is_empty() {
            write_figures(f, "total", &self.total)?;
        }
        write_budgets(f, &self.probes)
    }
}

fn write_saved(f: &mut Formatter<'_>, saved: &Saved) -> fmt::Result {
    writeln!(f, "\n[saved]\nruns = [")?;
    for run in &saved.runs {
        let (name, started) = (run.name.to_toml_value(), run.started_unix_ns);
        writeln!(f, "    {{ name = {name}, started_unix_ns = {started} }},")?;
    }
    writeln!(f, "]\ndrumfire_version = {}", saved.drumfire_version.to_toml_value())?;
    writeln!(f, "scenario_sha256 = {}", saved.scenario_sha256.to_toml_value())
}

fn write_max_regression(f: &mut Formatter<'_>, allowed: &MaxRegression) -> fmt::Result {
    if allowed.default.is_none() && allowed.of.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n[max_regression]")?;
    if let Some(share) = allowed.default {
        writeln!(f, "default = \"{}\"", super::Unit::Share.write(share))?;
    }
    for (measure, share) in &allowed.of {
        writeln!(f, "{measure} = \"{}\"", super::Unit::Share.write(*share))?;
    }
    Ok(())
}

fn write_figures(f: &mut Formatter<'_>, header: &str, figures: &[Figure]) -> fmt::Result {
    writeln!(f, "\n[{header}]")?;
    for figure in figures {
        writeln!(f, "{} = \"{}\"", figure.measure, figure.measure.unit().write(figure.value))?;
    }
    if figures.iter().any(|figure| figure.noise.is_some()) {
        writeln!(f, "[{header}.noise]")?;
    }
    for figure in figures {
        if let Some(noise) = figure.noise {
            writeln!(f, "{} = \"{}\"", figure.measure, super::Unit::Share.write(noise))?;
        }
    }
    Ok(())
}

/// Budgets of one metric stand beside each other, as they are read.
fn write_budgets(f: &mut Formatter<'_>, budgets: &[Budget]) -> fmt::Result {
    let mut before = None;
    for budget in budgets {
        let place = (&budget.probe, &budget.metric);
        if before != Some(place) {
            writeln!(f, "\n[probes.{}.{}]", budget.probe.to_toml_key(), budget.metric.to_toml_key())?;
            before = Some(place);
        }
        let number = |value: f64| match budget.unit {
            super::Unit::Number => value.to_toml_value(),
            unit => format!("\"{}\"", unit.write(value)),
        };
        let bounds = [("at_least", budget.at_least), ("at_most", budget.at_most)];
        let bounds: Vec<String> = bounds
            .into_iter()
            .filter_map(|(name, bound)| bound.map(|value| format!("{name} = {}", number(value))))
            .collect();
        writeln!(f, "{} = {{ {} }}", budget.measure, bounds.join(", "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::baseline::unit::significant;
    use crate::baseline::{Expected, Measure, SavedRun, parse};

    const REQUIREMENT: &str = include_str!("../../../baselines/requirement.toml");

    #[test]
    fn a_hand_written_baseline_is_written_as_it_was_read() {
        let baseline = parse("r.toml", REQUIREMENT).expect("a baseline");
        let text = baseline.to_string();
        assert_eq!(parse("again.toml", &text).expect("a baseline"), baseline, "{text}");
        assert!(text.contains("[probes.cache.hit_rate]\nmean = { at_least = \"85%\" }\n"), "{text}");
    }

    fn share() -> impl Strategy<Value = f64> {
        (0_u32..100_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0 / 100.0)
    }

    fn figures() -> impl Strategy<Value = Vec<Figure>> {
        let chosen = prop::sample::subsequence(Measure::OF_REQUESTS.to_vec(), 1..=9);
        let value = |measure: Measure| match measure {
            Measure::ErrorRate => share().boxed(),
            Measure::Throughput => (0.001_f64..1e9).prop_map(|rate| significant(rate, 6)).boxed(),
            _ => (1_u64..4_000_000_000_000).prop_map(|ns| ns as f64).boxed(),
        };
        let figure = move |measure: Measure| {
            (value(measure), prop::option::of(share())).prop_map(move |(value, noise)| Figure { measure, value, noise })
        };
        chosen.prop_flat_map(move |measures| measures.into_iter().map(figure).collect::<Vec<_>>())
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z_]{1,12}",
            "\\PC{0,20}",
            any::<String>(),
            prop::sample::select(vec!["noise", "total", "a.b", "\"", "'", "]\n[x]", "{{ }}", "\\u{0}", "#", ""])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn a_baseline_is_read_as_it_was_written(
            name_of_it in prop::option::of(name()),
            requests in prop::collection::btree_map(name(), figures(), 1..4),
            total in prop_oneof![Just(Vec::new()), figures()],
            service in any::<bool>(),
            runs in prop::collection::vec((name(), 0..i64::MAX as u64), 0..3),
            allowed in prop::option::of(share()),
        ) {
            let runs: Vec<SavedRun> =
                runs.into_iter().map(|(name, started_unix_ns)| SavedRun { name, started_unix_ns }).collect();
            let baseline = Baseline {
                name: name_of_it,
                time: if service { Time::Service } else { Time::Response },
                saved: (!runs.is_empty()).then(|| Saved {
                    runs,
                    drumfire_version: "0.1.0".to_owned(),
                    scenario_sha256: "ab".to_owned(),
                }),
                max_regression: MaxRegression { default: allowed, of: allowed.map(|s| (Measure::P99, s)).into_iter().collect() },
                requests: requests.into_iter().map(|(request, figures)| Expected { request, figures }).collect(),
                total,
                probes: Vec::new(),
            };
            let text = baseline.to_string();
            let again = parse("b.toml", &text).map_err(|invalid| TestCaseError::fail(format!("{invalid}\n{text}")))?;
            prop_assert_eq!(again.to_string(), text);
            prop_assert_eq!(again, baseline);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = parse("b.toml", &text).map_err(|invalid| invalid.to_string());
        }
    }
}
