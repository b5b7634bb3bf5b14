//! `drumfire-analyze gate`: a run held against a baseline, with a verdict for continuous integration.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use runlog::validity::Verdict;

use super::baseline::read_baseline;
use super::{print, write};
use crate::baseline::measured::measured;
use crate::baseline::{Baseline, MaxRegression, Measure, digest, unit};
use crate::compare;
use crate::failure::Failure;
use crate::gate::{self, BaselineOfGate, GateResult, OtherScenario, RunOfGate};
use crate::load::{self, Run};
use crate::render::junit::junit;
use crate::render::{Renderer, json, markdown::Markdown, terminal::Terminal};
use crate::report::Report;

/// `drumfire-analyze gate`.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// The run directory, or a summary file
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The baseline: a TOML file, hand-written or of `drumfire-analyze baseline`
    #[arg(short, long, value_name = "FILE")]
    baseline: PathBuf,
    /// How much worse than the baseline a figure may be: all (`15%`) or one (`p99=20%`); may be repeated [default: 10%, or
    /// what the baseline says]
    #[arg(long, value_name = "[FIGURE=]SHARE")]
    max_regression: Vec<Allowance>,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Also write JUnit XML, a test case for each figure
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Also write Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// How much worse one figure, or all, may be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Allowance {
    measure: Option<Measure>,
    share: f64,
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, share) = text.split_once('=').map_or((None, text), |(name, share)| (Some(name.trim()), share));
        let measure = name.map(|name| {
            Measure::named(name, &Measure::OF_REQUESTS).ok_or_else(|| {
                let known: Vec<&str> = Measure::OF_REQUESTS.iter().map(|measure| measure.name()).collect();
                format!("there is no figure `{name}`; there are {}", known.join(", "))
            })
        });
        let share = unit::share(share).map_err(|error| error.to_string())?;
        Ok(Self { measure: measure.transpose()?, share })
    }
}

/// Holds the run against the baseline, and writes what came of it wherever that was asked for.
///
/// # Errors
/// Where the baseline or the run cannot be read, do not belong together, or a file cannot be written.
pub fn run(asked: &GateArgs) -> Result<u8, Failure> {
    let baseline = read_baseline(&asked.baseline)?;
    let run = load::load(&asked.run)?;
    let mut allowed = MaxRegression::default();
    for allowance in &asked.max_regression {
        allowed.set(allowance.measure, allowance.share);
    }
    let result = held_against(&run, &baseline, &asked.baseline, &baseline.max_regression.overridden_by(&allowed))?;
    if let Some(path) = &asked.junit {
        write(path, junit(&result).as_bytes())?;
    }
    let summary = run.summary;
    if let Some(path) = &asked.markdown {
        let mut text = Vec::new();
        Markdown.render(
            &[Report { summary: summary.clone(), sections: result.with_verdict_first(), stages: Vec::new() }],
            &mut text,
        )?;
        write(path, &text)?;
    }
    let mut text = Vec::new();
    if asked.json {
        json::document(&result, &mut text)?;
    } else {
        Terminal::of_stdout()
            .render(&[Report { summary, sections: result.with_verdict_last(), stages: Vec::new() }], &mut text)?;
    }
    print(&text)?;
    Ok(result.exit_code())
}

/// What comes of a run under a baseline, which is named by its file.
///
/// # Errors
/// Where the run is of another scenario.
pub(super) fn held_against(
    run: &Run,
    baseline: &Baseline,
    file: &Path,
    allowed: &MaxRegression,
) -> Result<GateResult, OtherScenario> {
    gate::is_of_its_scenario(baseline, &run.log.manifest.name, &digest::of(&run.log.manifest))?;
    let mut measured = measured(&run.summary, &run.log.probes, baseline.time);
    compare::add_intervals(&mut measured, run, baseline);
    let of_run = RunOfGate {
        name: measured.scenario.clone(),
        directory: measured.name.clone(),
        host: run.log.manifest.host.name.clone(),
        started_unix_ns: measured.started_unix_ns,
        arrivals: measured.total.arrivals,
        unanswered: measured.total.arrivals - measured.total.answered,
        exact: measured.exact,
    };
    let of_baseline = BaselineOfGate {
        file: file.display().to_string(),
        name: baseline.name.clone(),
        saved_from_runs: baseline.saved.as_ref().map_or(0, |saved| saved.runs.len()),
        time: baseline.time,
    };
    let refusals = gate::reasons_to_refuse(&run.summary);
    if !refusals.is_empty() {
        return Ok(GateResult::refused(of_run, of_baseline, refusals));
    }
    let mut warnings = match run.summary.validity.verdict {
        Verdict::Suspect => run.summary.validity.reasons.clone(),
        _ => Vec::new(),
    };
    if !run.summary.run.by_hand.is_nothing() {
        warnings.push(run.summary.run.by_hand.to_string());
    }
    Ok(GateResult::judged(of_run, of_baseline, warnings, gate::judge(baseline, &measured, allowed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_are_for_all_or_for_one() {
        assert_eq!("15%".parse(), Ok(Allowance { measure: None, share: 0.15 }));
        assert_eq!("p99=20%".parse(), Ok(Allowance { measure: Some(Measure::P99), share: 0.20 }));
        assert_eq!("0.1".parse::<Allowance>(), Err("`0.1` is not a percentage, such as `0.01%` or `10%`".to_owned()));
        assert!(
            "p98=20%".parse::<Allowance>().is_err_and(|said| said.contains("there is no figure `p98`; there are p50"))
        );
    }
}
