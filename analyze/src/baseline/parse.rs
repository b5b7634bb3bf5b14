//! Text → baseline: every mistake is found at once, with its place.

use toml::de::DeTable;

use super::entry::{Entry, entries, keep};
use super::problem::{Invalid, Problem};
use super::{Baseline, Expected, Figure, MaxRegression, Measure, Saved, SavedRun, Time, probes};

const KEYS: [&str; 7] = ["name", "time", "saved", "max_regression", "requests", "total", "probes"];
const SAVED_KEYS: [&str; 3] = ["runs", "drumfire_version", "scenario_sha256"];
const RUN_KEYS: [&str; 2] = ["name", "started_unix_ns"];
/// The table beside a request's figures; what they have instead of their own.
const NOISE: &str = "noise";
const DEFAULT: &str = "default";

/// Reads the text of a baseline file, which messages call `file`.
///
/// # Errors
/// All that is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Baseline, Invalid> {
    let mut problems = Vec::new();
    let mut baseline = Baseline::default();
    match DeTable::parse(text) {
        Ok(table) => read(&entries(table.get_ref()), &mut baseline, &mut problems),
        Err(error) => {
            let at = error.span().unwrap_or_default();
            problems.push(Problem::new(at, format!("this is not TOML: {}", error.message())));
        }
    }
    if problems.is_empty() && baseline.requests.is_empty() && baseline.total.is_empty() && baseline.probes.is_empty() {
        let message =
            "there is nothing to hold a run against; write figures such as `[requests.NAME]` with `p95 = \"200ms\"`";
        problems.push(Problem::new(0..0, message));
    }
    if problems.is_empty() { Ok(baseline) } else { Err(Invalid::new(file, text, problems)) }
}

fn read(entries: &[Entry<'_>], baseline: &mut Baseline, problems: &mut Vec<Problem>) {
    for entry in entries {
        match entry.key {
            "name" => baseline.name = keep(entry.text("the name of a scenario"), problems).map(str::to_owned),
            "time" => baseline.time = keep(time(entry), problems).unwrap_or_default(),
            "saved" => baseline.saved = saved(entry, problems),
            "max_regression" => baseline.max_regression = max_regression(entry, problems),
            "requests" => baseline.requests = requests(entry, problems),
            "total" => baseline.total = figures(entry, problems),
            "probes" => baseline.probes = probes::budgets(entry, problems),
            unknown => problems.push(Problem::unknown(entry.at.clone(), unknown, "a baseline", &KEYS)),
        }
    }
}

fn time(entry: &Entry<'_>) -> Result<Time, Problem> {
    const EXPECTED: &str = "`\"response\"` (from the schedule, the usual one) or `\"service\"` (from the sending)";
    let text = entry.text(EXPECTED)?;
    let named = Time::NAMES.iter().find(|(name, _)| *name == text).map(|&(_, time)| time);
    named.ok_or_else(|| {
        Problem::new(entry.value_at.clone(), format!("there is no time `{text}`; it has to be {EXPECTED}"))
    })
}

fn saved(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Option<Saved> {
    let (mut runs, mut version, mut digest) = (None, None, None);
    for inner in keep(entry.table("a table"), problems)? {
        match inner.key {
            "runs" => runs = keep(saved_runs(&inner), problems),
            "drumfire_version" => version = keep(inner.text("a version"), problems).map(str::to_owned),
            "scenario_sha256" => digest = keep(inner.text("a digest"), problems).map(str::to_owned),
            unknown => problems.push(Problem::unknown(inner.at.clone(), unknown, "[saved]", &SAVED_KEYS)),
        }
    }
    let saved = runs.zip(version).zip(digest).map(|((runs, drumfire_version), scenario_sha256)| Saved {
        runs,
        drumfire_version,
        scenario_sha256,
    });
    if saved.is_none() {
        let message = format!(
            "[saved] has to have {}: it is written by `drumfire-analyze baseline`; leave it out of a hand-written file",
            SAVED_KEYS.join(", ")
        );
        problems.push(Problem::new(entry.at.clone(), message));
    }
    saved
}

fn saved_runs(entry: &Entry<'_>) -> Result<Vec<SavedRun>, Problem> {
    const EXPECTED: &str = "a list such as `[{ name = \"nightly\", started_unix_ns = 1767225600000000000 }]`";
    let list = entry.value.as_array().filter(|list| !list.is_empty()).ok_or_else(|| entry.wrong(EXPECTED))?;
    let mut runs = Vec::new();
    for run in list {
        let fields = run.get_ref().as_table().map(entries).ok_or_else(|| entry.wrong(EXPECTED))?;
        let (mut name, mut started_unix_ns) = (None, None);
        for field in fields {
            match field.key {
                "name" => name = Some(field.text("the name of a run directory")?.to_owned()),
                "started_unix_ns" => started_unix_ns = Some(field.integer("nanoseconds since the Unix epoch")?),
                unknown => return Err(Problem::unknown(field.at.clone(), unknown, "a run", &RUN_KEYS)),
            }
        }
        let run = name.zip(started_unix_ns).ok_or_else(|| entry.wrong(EXPECTED))?;
        runs.push(SavedRun { name: run.0, started_unix_ns: run.1 });
    }
    Ok(runs)
}

fn max_regression(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> MaxRegression {
    let mut all = MaxRegression::default();
    for inner in keep(entry.table("a table"), problems).unwrap_or_default() {
        let measure = Measure::named(inner.key, &Measure::OF_REQUESTS);
        if measure.is_none() && inner.key != DEFAULT {
            problems.push(unknown_measure(&inner, "[max_regression]", &[DEFAULT]));
        } else if let Some(share) = keep(inner.share(), problems) {
            all.set(measure, share);
        }
    }
    all
}

fn requests(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Vec<Expected> {
    let tables = keep(entry.table("a table of requests, such as `[requests.NAME]`"), problems).unwrap_or_default();
    let expected = |inner: &Entry<'_>| Expected { request: inner.key.to_owned(), figures: figures(inner, problems) };
    tables.iter().map(expected).collect()
}

/// The figures of a request or of all; that there are none is a mistake, too.
fn figures(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Vec<Figure> {
    let before = problems.len();
    let Some(inner) = keep(entry.table("a table of figures, such as `p95 = \"200ms\"`"), problems) else {
        return Vec::new();
    };
    let mut figures: Vec<Figure> = Vec::new();
    for one in inner.iter().filter(|one| one.key != NOISE) {
        let Some(value) = keep(figure(one, &place(entry)), problems) else { continue };
        if figures.iter().any(|other| other.measure == value.measure) {
            problems.push(Problem::new(one.at.clone(), format!("`{}` is here already, as `mean` or `avg`", one.key)));
        } else {
            figures.push(value);
        }
    }
    for table in inner.iter().filter(|one| one.key == NOISE) {
        for one in keep(table.table("a table of shares, such as `p95 = \"3%\"`"), problems).unwrap_or_default() {
            keep(noise(&one, &mut figures), problems);
        }
    }
    if figures.is_empty() && problems.len() == before {
        problems
            .push(Problem::new(entry.at.clone(), format!("`{}` has no figure, such as `p95 = \"200ms\"`", entry.key)));
    }
    figures
}

fn place(entry: &Entry<'_>) -> String {
    format!("the figures of `{}`", entry.key)
}

fn figure(entry: &Entry<'_>, place: &str) -> Result<Figure, Problem> {
    let measure =
        Measure::named(entry.key, &Measure::OF_REQUESTS).ok_or_else(|| unknown_measure(entry, place, &[NOISE]))?;
    let unit = measure.unit();
    let text = entry.text(&format!("{} in quotes", unit.expected()))?;
    let wrong = |message: String| Problem::new(entry.value_at.clone(), format!("`{}`: {message}", entry.key));
    let value = unit.read(text).map_err(|error| wrong(error.to_string()))?;
    match measure {
        Measure::ErrorRate if value > 1.0 => Err(wrong(format!("`{text}` is more than all"))),
        Measure::ErrorRate => Ok(Figure { measure, value, noise: None }),
        _ if value <= 0.0 => Err(wrong(format!("`{text}` is nothing; it has to be above zero"))),
        _ => Ok(Figure { measure, value, noise: None }),
    }
}

fn noise(entry: &Entry<'_>, figures: &mut [Figure]) -> Result<(), Problem> {
    let measure = Measure::named(entry.key, &Measure::OF_REQUESTS);
    let figure = figures.iter_mut().find(|figure| Some(figure.measure) == measure);
    let figure = figure.ok_or_else(|| {
        Problem::new(entry.at.clone(), format!("there is no figure `{}` here that this noise is of", entry.key))
    })?;
    figure.noise = Some(entry.share()?);
    Ok(())
}

fn unknown_measure(entry: &Entry<'_>, place: &str, besides: &[&'static str]) -> Problem {
    let mut known: Vec<&str> = Measure::OF_REQUESTS.iter().map(|measure| measure.name()).collect();
    known.extend(besides);
    Problem::unknown(entry.at.clone(), entry.key, place, &known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::unit::Unit;

    fn mistakes(text: &str) -> String {
        parse("b.toml", text).expect_err("a mistake").to_string()
    }

    #[test]
    fn the_baseline_of_the_requirement_can_be_written() {
        let text = include_str!("../../../baselines/requirement.toml");
        let baseline = parse("baselines/requirement.toml", text).expect("a baseline");
        let names: Vec<&str> = baseline.requests.iter().map(|expected| expected.request.as_str()).collect();
        assert_eq!(names, ["products_list", "products_search", "orders_create", "reports_generate"]);
        let list: Vec<(Measure, f64)> = baseline.requests[0].figures.iter().map(|f| (f.measure, f.value)).collect();
        let expected =
            [(Measure::P50, 50e6), (Measure::P95, 200e6), (Measure::P99, 500e6), (Measure::ErrorRate, 0.0001)];
        assert_eq!(list, expected);
        assert_eq!(baseline.requests[3].figures.last().map(|figure| figure.value), Some(0.01));
        let budgets: Vec<(&str, &str)> =
            baseline.probes.iter().map(|budget| (budget.metric.as_str(), budget.measure.name())).collect();
        let wanted = [
            ("pool_size", "max"),
            ("pool_active", "mean"),
            ("pool_wait_seconds", "p95"),
            ("simple_select_seconds", "p95"),
            ("complex_join_seconds", "p95"),
            ("aggregation_seconds", "p95"),
            ("hit_rate", "mean"),
            ("get_ms", "p95"),
            ("set_ms", "p95"),
        ];
        assert_eq!(budgets, wanted);
        assert_eq!((baseline.probes[2].unit, baseline.probes[2].at_most), (Unit::Time, Some(5e6)));
        assert_eq!((baseline.probes[6].unit, baseline.probes[6].at_least), (Unit::Share, Some(0.85)));
        assert_eq!((baseline.time, baseline.saved), (Time::Response, None));
    }

    #[test]
    fn the_example_of_the_reference_can_be_read() {
        let reference = include_str!("../../../docs/baselines.md");
        let example = reference.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let baseline = parse("docs/baselines.md", example).expect("a baseline");
        assert_eq!((baseline.requests.len(), baseline.total.len(), baseline.probes.len()), (1, 1, 3));
    }

    #[test]
    fn all_mistakes_are_said_at_once_with_their_places() {
        let text = r#"
name = 5
tme = "service"
[max_regression]
p95 = "10"
[requests.list]
p95 = 200
P50 = "50ms"
eror_rate = "1%"
error_rate = "101%"
throughput = "0/s"
[requests.list.noise]
p99 = "3%"
[requests.empty]
[probes.db.wait]
p95 = { at_most = "5ms" }
"#;
        let expected = r#"the baseline cannot be used:
  b.toml:2:8: `name` is a number without a unit; it has to be the name of a scenario
  b.toml:3:1: unknown key `tme` in a baseline; did you mean `time`? known here: name, time, saved, max_regression, requests, total, probes
  b.toml:5:7: `10` is not a percentage, such as `0.01%` or `10%`
  b.toml:7:7: `p95` is a number without a unit; it has to be a duration with its unit, such as `250ms` or `1.5s` in quotes
  b.toml:8:1: unknown key `P50` in the figures of `list`; did you mean `p50`? known here: p50, p90, p95, p99, p999, mean, max, error_rate, throughput, noise
  b.toml:9:1: unknown key `eror_rate` in the figures of `list`; did you mean `error_rate`? known here: p50, p90, p95, p99, p999, mean, max, error_rate, throughput, noise
  b.toml:10:14: `error_rate`: `101%` is more than all
  b.toml:11:14: `throughput`: `0/s` is nothing; it has to be above zero
  b.toml:13:1: there is no figure `p99` here that this noise is of
  b.toml:14:11: `empty` has no figure, such as `p95 = "200ms"`
  b.toml:16:7: `p95`: the name of `wait` does not say which unit it was sampled in, as `wait_ms` or `wait_seconds` would; write the limit as a number of its unit"#;
        assert_eq!(mistakes(text), expected);
    }

    #[test]
    fn what_holds_nothing_is_no_baseline() {
        assert!(mistakes("name = 'a'").contains("b.toml:1:1: there is nothing to hold a run against"));
        assert!(mistakes("= 1").contains("b.toml:1:1: this is not TOML"), "{}", mistakes("= 1"));
    }

    #[test]
    fn a_saved_table_is_whole_or_not_there() {
        let text = "[saved]\nruns = [{ name = 'a' }]\n[total]\np50 = '1ms'";
        assert!(
            mistakes(text).contains("b.toml:2:8: `runs` is a list; it has to be a list such as"),
            "{}",
            mistakes(text)
        );
        assert!(mistakes(text).contains("b.toml:1:2: [saved] has to have runs, drumfire_version, scenario_sha256"));
    }

    #[test]
    fn the_mean_is_known_by_two_names_but_is_there_once() {
        let baseline = parse("b.toml", "[total]\navg = '1ms'").expect("a baseline");
        assert_eq!(baseline.total[0].measure, Measure::Mean);
        assert!(mistakes("[total]\navg = '1ms'\nmean = '1ms'").contains("b.toml:3:1: `mean` is here already"));
    }
}
