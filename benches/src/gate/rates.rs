//! How often gate and diff said what, by what had changed.

use std::collections::BTreeMap;
use std::path::Path;

use super::pair::{DiffSaid, GateSaid, Pair};
use super::simulated::{Change, Simulated};
use crate::report::Section;
use crate::statistics::{Share, Spread, autocorrelation};
use crate::table::Table;

/// What is changed, in words and in the simulation.
const SETTINGS: [(&str, Change); 5] = [
    ("nothing", Change::None),
    ("all times + 5 %", Change::All(1.05)),
    ("all times + 10 %", Change::All(1.10)),
    ("all times + 20 %", Change::All(1.20)),
    ("the largest 2 % of times + 50 %", Change::Tail(1.5)),
];

/// What was said of all pairs of a setting.
#[derive(Debug, Default)]
struct Tally {
    gate_failed: Share,
    diff_worse: Share,
    diff_better: Share,
    regressed: BTreeMap<String, u32>,
    /// Why there was no verdict.
    failures: Vec<String>,
}

impl Tally {
    fn add_gate(&mut self, said: GateSaid) {
        self.gate_failed.add(said.failed);
        for measure in said.regressed {
            *self.regressed.entry(measure).or_default() += 1;
        }
    }

    fn add_diff(&mut self, said: DiffSaid) {
        self.diff_worse.add(said.worse);
        self.diff_better.add(said.better);
    }

    fn row(&self, name: &str) -> Vec<String> {
        let regressed: Vec<String> =
            self.regressed.iter().map(|(measure, pairs)| format!("{measure} {pairs}")).collect();
        let regressed = if regressed.is_empty() { "–".to_owned() } else { regressed.join(", ") };
        let shares = [self.gate_failed, self.diff_worse, self.diff_better].map(|share| share.to_string());
        [vec![name.to_owned()], shares.to_vec(), vec![regressed]].concat()
    }
}

/// Has the analysis judge so many pairs of each setting; `each` is told how far it is.
///
/// # Errors
/// Where a pair cannot be written, or a folder for it not be made.
pub fn section(analyze: &Path, pairs: u32, mut each: impl FnMut(&str, u32)) -> anyhow::Result<Section> {
    let mut table =
        Table::new(["what changed", "gate failed", "diff: worse", "diff: better", "pairs by what regressed"]);
    let mut remarks = Vec::new();
    for (name, change) in SETTINGS {
        let mut tally = Tally::default();
        for number in 0..pairs {
            each(name, number);
            let folder = tempfile::tempdir()?;
            let pair = Pair::written(analyze, folder.path(), u64::from(number), change)?;
            match pair.gate() {
                Ok(said) => tally.add_gate(said),
                Err(error) => tally.failures.push(format!("{error:#}")),
            }
            match pair.diff() {
                Ok(said) => tally.add_diff(said),
                Err(error) => tally.failures.push(format!("{error:#}")),
            }
        }
        if let Some(first) = tally.failures.first() {
            remarks.push(format!("{name}: {} times there was no verdict, first because {first}", tally.failures.len()));
        }
        table.push(tally.row(name));
    }
    Ok(Section {
        title: "How often the gate is wrong".to_owned(),
        words: format!(
            "{pairs} pairs of simulated runs of each kind: two minutes of 200 arrivals per second, three requests, log-normal \
             times whose level follows an AR(1) process from second to second, stalls, one error in a thousand. The first \
             run is saved as the baseline, the second held against it. {} Shares with their 95 % confidence interval \
             (Wilson). Goals: the gate fails for nothing in 1 % of pairs at the most, and for 20 % in 99 % at the least.",
            measured_autocorrelation(pairs),
        ),
        tables: vec![table],
        remarks,
    })
}

/// How much the seconds of these very runs take after each other, in words.
fn measured_autocorrelation(pairs: u32) -> String {
    let runs = (0..u64::from(pairs)).map(|pair| Simulated::new(2 * pair + 1, Change::None).seen_levels());
    let levels: Vec<Vec<f64>> = runs.collect();
    let at = |lag| {
        let spread = Spread::of(levels.iter().filter_map(|levels| autocorrelation(levels, lag)));
        spread.map_or_else(|| "–".to_owned(), |spread| spread.to_string())
    };
    format!(
        "The autocorrelation of the level of a second, as measured, is {} to the next second, {} over five and {} over twenty.",
        at(1),
        at(5),
        at(20)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_pairs_is_counted() {
        let mut tally = Tally::default();
        let regressed = vec!["p95".to_owned(), "p99".to_owned()];
        tally.add_gate(GateSaid { failed: true, regressed });
        tally.add_gate(GateSaid { failed: false, regressed: Vec::new() });
        tally.add_diff(DiffSaid { worse: true, better: false });
        let row = tally.row("nothing");
        assert!(row[1].starts_with("1 of 2: 50.0 %") && row[2].starts_with("1 of 1"), "{row:?}");
        assert_eq!(row[4], "p95 1, p99 1");
    }
}
