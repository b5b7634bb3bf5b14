//! How runs stand to what they are held against, in one sentence: which are worse, in what, and which are not.

use std::cmp::Reverse;

use super::standing::{Amount, Outcome, Standing, Worse};
use crate::baseline::unit::Unit;
use crate::section::{Finding, Level, Value};

/// So many runs, requests, or figures of one are named in a sentence.
const MOST_NAMED: usize = 3;

/// What runs are held against.
#[derive(Debug, Clone, Copy)]
pub enum Yardstick<'a> {
    /// A run of this label: differences count where chance alone does not make them.
    Run(&'a str),
    /// The baseline of this file: what counts is what it allows.
    Baseline(&'a str),
}

/// How all of these runs stand, in one sentence: the worst first, and in what it is worse.
pub fn sentence(mut standings: Vec<Standing>, than: Yardstick<'_>) -> Finding {
    standings.sort_by_key(|standing| Reverse((standing.worse_figures(), standing.better)));
    let outcomes = [Outcome::Worse, Outcome::Refused, Outcome::Unknown, Outcome::Better, Outcome::Even];
    let of = |outcome: Outcome| standings.iter().filter(|standing| standing.outcome() == outcome).collect::<Vec<_>>();
    let there: Vec<(Outcome, Vec<&Standing>)> =
        outcomes.into_iter().map(|outcome| (outcome, of(outcome))).filter(|(_, runs)| !runs.is_empty()).collect();
    let level = there.first().map_or(Level::Good, |(outcome, _)| outcome.level());
    let mut said = than.after(Finding::new(level, "Held against "));
    for (place, (outcome, runs)) in there.iter().enumerate() {
        said = said.and(if place > 0 { "; " } else { ", " }).and(than.word(*outcome));
        for (place, run) in runs.iter().take(MOST_NAMED).enumerate() {
            said = run.clause(match (place, outcome) {
                (0, _) => said,
                (_, Outcome::Worse) => said.and("; "),
                _ => said.and(", "),
            });
        }
        said = and_more(said, runs.len(), "run");
    }
    said.and(".")
}

/// How many are not named.
fn and_more(said: Finding, all: usize, what: &'static str) -> Finding {
    match all.saturating_sub(MOST_NAMED) as u64 {
        0 => said,
        1 => said.and(" and 1 more ").and(what),
        more => said.and(" and ").count(more).and(" more ").and(what).and("s"),
    }
}

impl Standing {
    /// The run alone, as a sentence of its own.
    pub fn sentence(&self, than: Yardstick<'_>) -> Finding {
        let begun = |words: &'static str| Finding::new(self.outcome().level(), words);
        let said = match self.outcome() {
            Outcome::Refused => than.after(begun("Not held against ")).and(": the measurement is not one to judge by"),
            Outcome::Unknown => than.after(begun("Not enough data to hold any figure against ")),
            Outcome::Even => than.after(begun("No figure of ").count(self.figures as u64).and(than.differs())),
            Outcome::Better => self.of_all(than.after(begun("Better than ")).and(" in ").count(self.better as u64)),
            Outcome::Worse => self.how_much_worse(than.after(begun("Worse than ")).and(" in ")),
        };
        said.and(".")
    }

    /// `3 of 24 figures: p50 and p95 of total (up to +20.00 %), p99 of list (+31.00 %), and better in 2`.
    fn how_much_worse(&self, said: Finding) -> Finding {
        let mut said = self.of_all(said.count(self.worse_figures())).and(": ");
        for (place, worse) in self.worse.iter().take(MOST_NAMED).enumerate() {
            said = worse.named(if place > 0 { said.and(", ") } else { said });
        }
        said = and_more(said, self.worse.len(), "request");
        if self.better > 0 { said.and(", and better in ").count(self.better as u64) } else { said }
    }

    /// The run in a sentence of several.
    fn clause(&self, said: Finding) -> Finding {
        let said = said.and(self.run.clone());
        match self.outcome() {
            Outcome::Worse => self.how_much_worse(said.and(" in ")),
            Outcome::Better => self.of_all(said.and(" in ").count(self.better as u64)),
            Outcome::Even | Outcome::Unknown | Outcome::Refused => said,
        }
    }

    fn of_all(&self, said: Finding) -> Finding {
        said.and(" of ").count(self.figures as u64).and(" figures")
    }
}

impl Worse {
    /// `p50 and p95 of list (up to +20.00 %)`: the largest change of times, or that of the only figure.
    fn named(&self, said: Finding) -> Finding {
        let names: Vec<&str> = self.figures.iter().map(|(measure, _)| measure.name()).collect();
        let names = match names.split_last() {
            Some((_, others)) if others.len() >= MOST_NAMED => {
                let more = names.len() - MOST_NAMED;
                format!("{} and {more} more of the figures", names[..MOST_NAMED].join(", "))
            }
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => names.concat(),
        };
        let said = said.and(names).and(" of ").and(self.subject.clone());
        match self.figures.as_slice() {
            [(_, Amount::Change(only))] => said.and(" (").and(Value::Change(*only)).and(")"),
            figures if figures.iter().all(|(_, amount)| *amount == Amount::Missing) => said.and(" (missing)"),
            _ => match self.largest() {
                Some(largest) => said.and(" (up to ").and(Value::Change(largest)).and(")"),
                None => said,
            },
        }
    }

    /// The largest change of times: those of shares and rates are not to be held against it.
    fn largest(&self) -> Option<f64> {
        let of_times = self.figures.iter().filter(|(measure, _)| measure.unit() == Unit::Time);
        let changes = of_times.filter_map(|(_, amount)| if let Amount::Change(by) = amount { Some(*by) } else { None });
        changes.reduce(f64::max)
    }
}

impl Outcome {
    const fn level(self) -> Level {
        match self {
            Self::Worse | Self::Refused => Level::Bad,
            Self::Unknown => Level::Warning,
            Self::Better | Self::Even => Level::Good,
        }
    }
}

impl Yardstick<'_> {
    fn after(self, said: Finding) -> Finding {
        match self {
            Self::Run(label) => said.and(label.to_owned()),
            Self::Baseline(file) => said.and("the baseline ").and(file.to_owned()),
        }
    }

    /// What no figure does where nothing is wrong.
    const fn differs(self) -> &'static str {
        match self {
            Self::Run(_) => " differs by more than chance from ",
            Self::Baseline(_) => " is worse than allowed by ",
        }
    }

    /// What precedes the runs of an outcome.
    const fn word(self, outcome: Outcome) -> &'static str {
        match (outcome, self) {
            (Outcome::Worse, _) => "worse: ",
            (Outcome::Better, _) => "better: ",
            (Outcome::Even, Self::Run(_)) => "no different beyond chance: ",
            (Outcome::Even, Self::Baseline(_)) => "no worse than allowed: ",
            (Outcome::Unknown, _) => "not enough data: ",
            (Outcome::Refused, _) => "not to be judged: ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Measure;
    use crate::render::terminal::Terminal;
    use crate::section::{Part, Section};

    fn standing(run: &str, worse: &[(&str, Measure, Amount)], better: usize) -> Standing {
        let run = run.to_owned();
        let mut standing = Standing { run, figures: 24, worse: Vec::new(), better, unknown: 0, refused: false };
        for (subject, measure, amount) in worse {
            standing.add(subject, *measure, *amount);
        }
        standing
    }

    fn said(finding: Finding) -> String {
        let mut text = Vec::new();
        let section = Section::new("", vec![Part::Headline(finding)]);
        Terminal { width: Some(10_000), colour: false }.sections(&[section], &mut text).expect("memory");
        String::from_utf8(text).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    const SLOWER: Amount = Amount::Change(0.2);

    #[test]
    fn a_run_alone_is_said_to_be_worse_in_what() {
        let base = Yardstick::Run("base");
        let worse = [
            ("total", Measure::P50, Amount::Change(0.1)),
            ("total", Measure::P99, SLOWER),
            ("total", Measure::Throughput, Amount::Change(-0.5)),
            ("list", Measure::ErrorRate, Amount::Change(0.03)),
            ("search", Measure::P50, Amount::Missing),
            ("search", Measure::P95, Amount::Missing),
            ("search", Measure::P99, Amount::Missing),
            ("search", Measure::ErrorRate, Amount::Missing),
            ("order", Measure::P50, SLOWER),
            ("pay", Measure::P50, SLOWER),
        ];
        for (standing, expected) in [
            (
                standing("b", &worse, 1),
                "✗ Worse than base in 10 of 24 figures: p50, p99 and throughput of total (up to +20.00 %), error_rate of list \
                 (+3.00 %), p50, p95, p99 and 1 more of the figures of search (missing) and 2 more requests, and better in 1.",
            ),
            (standing("b", &[], 3), "✓ Better than base in 3 of 24 figures."),
            (standing("b", &[], 0), "✓ No figure of 24 differs by more than chance from base."),
            (Standing { unknown: 24, ..standing("b", &[], 0) }, "! Not enough data to hold any figure against base."),
        ] {
            assert_eq!(said(standing.sentence(base)), expected);
        }
    }

    #[test]
    fn of_several_runs_the_worst_comes_first() {
        let two = [("total", Measure::P50, SLOWER), ("total", Measure::P95, SLOWER)];
        let all = vec![
            standing("even", &[], 0),
            standing("bad", &two[..1], 0),
            standing("good", &[], 2),
            Standing { refused: true, ..standing("refused", &[], 0) },
            standing("worst", &two, 0),
        ];
        assert_eq!(
            said(sentence(all.clone(), Yardstick::Run("base"))),
            "✗ Held against base, worse: worst in 2 of 24 figures: p50 and p95 of total (up to +20.00 %); bad in 1 of 24 \
             figures: p50 of total (+20.00 %); not to be judged: refused; better: good in 2 of 24 figures; no different beyond \
             chance: even."
        );
        let same = vec![all[0].clone(); 5];
        assert_eq!(
            said(sentence(same, Yardstick::Baseline("b.toml"))),
            "✓ Held against the baseline b.toml, no worse than allowed: even, even, even and 2 more runs."
        );
    }
}
