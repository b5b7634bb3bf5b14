//! Reading `[[probes]]`: each by its kind, every mistake with its place.

use runlog::units::Nanos;
use tokio_postgres::config::SslMode;

use super::{Database, Endpoint, Probe, Question, Sampling};
use crate::json::Pointer;
use crate::probe::{Preset, Selection, SeriesType};
use crate::scenario::document::{Entry, Node, Table};
use crate::scenario::error::{Problem, Problems};
use crate::scenario::feeder::word;
use crate::scenario::http::{self, Scheme, Url};
use crate::scenario::interpolate::Text;
use crate::scenario::keys::{PROBES, SELECTION, any_probe};
use crate::scenario::target::Target;
use crate::scenario::workload::positive_span;
use crate::scenario::{limits, request, secrets, suggest};

const DEFAULT_INTERVAL: Nanos = Nanos::from_secs(1);
const DEFAULT_TIMEOUT: Nanos = Nanos::from_secs(5);
/// Who looks more often disturbs.
const SHORTEST_INTERVAL: Nanos = Nanos::from_millis(10);

/// Reads `[[probes]]`.
pub(in crate::scenario) fn probes(
    nodes: &[Node],
    target: Option<&Target>,
    problems: &mut Problems,
) -> Option<Vec<Probe>> {
    let mut names: Vec<&str> = Vec::new();
    let read = nodes.iter().map(|node| {
        let probe = probe(node, target, problems);
        if let Some(name) = node.table("").ok().and_then(|table| table.get("name"))
            && let Ok(text) = name.str("")
        {
            if names.contains(&text) {
                let problem = name.problem(format!("there are two probes `{text}`")).expected("the second one");
                problems.add(problem.help("rows and thresholds tell probes apart by their names"));
            }
            names.push(text);
        }
        probe
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

fn probe(node: &Node, target: Option<&Target>, problems: &mut Problems) -> Option<Probe> {
    let table = problems.keep(node.table("a probe as a table"))?;
    let name = problems.keep(table.require("a probe", "name", "such as `\"app\"`", name));
    let kind =
        problems.keep(table.require("a probe", "kind", "such as `\"json\"`", |node| node.str("a kind of probe")));
    let interval = problems.keep(table.read("interval", interval));
    let timeout = problems.keep(table.read("timeout", positive_span));
    let tags = request::tags(table, problems);
    let place = name.as_ref().map_or_else(|| "a probe".to_owned(), |name| format!("probe `{name}`"));
    let Some(known) = kind.and_then(|kind| PROBES.iter().find(|known| known.name == kind)) else {
        table.know(&place, any_probe(), problems);
        if let (Some(kind), Some(node)) = (kind, table.get("kind")) {
            let names = PROBES.iter().map(|kind| kind.name);
            let problem = node.problem(format!("there is no kind of probe `{kind}`")).expected("unknown kind");
            problems.add(problem.help(suggest::names(kind, names, "")));
        }
        return None;
    };
    table.know(&format!("{place} of kind `{}`", known.name), known.all(), problems);
    let reading = Reading { table, place: &place, target };
    let sampling = reading.sampling(known.name, problems);
    Some(Probe {
        name: name?,
        sampling: sampling?,
        interval: interval?.unwrap_or(DEFAULT_INTERVAL),
        timeout: timeout?.unwrap_or(DEFAULT_TIMEOUT),
        tags: tags?,
    })
}

fn name(node: &Node) -> Result<String, Problem> {
    let name = node.str("a name as a string")?;
    limits::check_name(name).map_err(|error| node.problem(error).expected("not a name"))?;
    if name.contains('.') {
        let problem = node.problem("the name of a probe holds no `.`").expected("not a name");
        return Err(problem.help("thresholds name what it samples `PROBE.METRIC`"));
    }
    Ok(name.to_owned())
}

fn interval(node: &Node) -> Result<Nanos, Problem> {
    let interval = positive_span(node)?;
    if interval < SHORTEST_INTERVAL {
        let problem = node.problem(format!("a probe looks every {SHORTEST_INTERVAL} at the most"));
        return Err(problem.expected("too often"));
    }
    Ok(interval)
}

/// A probe that is being read.
struct Reading<'a> {
    table: &'a Table,
    place: &'a str,
    target: Option<&'a Target>,
}

impl Reading<'_> {
    fn sampling(&self, kind: &str, problems: &mut Problems) -> Option<Sampling> {
        match kind {
            "json" => {
                let endpoint = self.required_endpoint(problems);
                let metrics = self.metrics("such as `{ memory_mb = \"/process/memory_mb\" }`", problems, pointer);
                Some(Sampling::Json { endpoint: endpoint?, metrics: metrics? })
            }
            "prometheus" => {
                let endpoint = self.required_endpoint(problems);
                let metrics = self.metrics("such as `{ rps = \"http_requests_total\" }`", problems, selection);
                Some(Sampling::Prometheus { endpoint: endpoint?, metrics: metrics? })
            }
            "postgres" => {
                let example = "such as `\"postgres://probe@127.0.0.1/shop\"`";
                let database = problems.keep(self.table.require(self.place, "url", example, database));
                let question = self.question(problems);
                Some(Sampling::Postgres { database: Box::new(database?), question: question? })
            }
            "host" if self.table.get("url").is_none() => {
                if let Some(node) = self.table.get("headers") {
                    let problem = node.problem("there is no URL to send headers to").expected("only with `url`");
                    problems.add(problem);
                }
                Some(Sampling::Host { endpoint: None })
            }
            "host" => Some(Sampling::Host { endpoint: Some(self.required_endpoint(problems)?) }),
            _ => {
                let example = "such as `[\"cat\", \"/run/queue-length\"]`";
                let words = problems.keep(self.table.require(self.place, "command", example, words));
                Some(Sampling::Command { words: words? })
            }
        }
    }

    fn required_endpoint(&self, problems: &mut Problems) -> Option<Endpoint> {
        let example = "such as `\"{{ target }}/api/metrics\"`";
        let url = problems.keep(self.table.require(self.place, "url", example, |node| self.url(node)));
        let headers = self.table.get("headers").map_or(Some(Vec::new()), |node| headers(node, problems));
        // Without a target its own mistake is told, and nothing of this URL.
        let ((url, shown), headers) = (url??, headers?);
        let is_of_target = |target: &&Target| target.url.host == url.host && target.url.port == url.port;
        let address = self.target.and_then(|target| target.route.address_of(url.host_name(), url.port));
        let tls = (url.scheme == Scheme::Https)
            .then(|| self.target.filter(is_of_target).and_then(|target| target.tls.clone()).unwrap_or_default());
        Some(Endpoint { url, shown, address, headers, tls })
    }

    /// The URL, and as people may see it; nothing where it begins with that of a target which is wrong.
    fn url(&self, node: &Node) -> Result<Option<(Url, String)>, Problem> {
        let text = node.text("a URL such as \"{{ target }}/api/metrics\"")?;
        let wrong = |error: String| node.problem(error).expected("not a URL to look at");
        let Some(mark) = text.placeholders.first() else {
            let url = http::parse_url(&text.real).map_err(wrong)?;
            return Ok(Some((url, secrets::redact_path(&text.shown))));
        };
        let inside = text.real[mark.range.clone()].trim_matches(['{', '}', ' ']);
        if inside != "target" || mark.range.start != 0 || text.placeholders.len() > 1 {
            return Err(Problem::new(mark.span, "a probe's URL has no placeholder but `{{ target }}` at its start")
                .expected("this placeholder")
                .help("`${NAME}` takes a value from `--var` or the environment"));
        }
        let Some(target) = self.target else { return Ok(None) };
        let behind = &text.real[mark.range.end..];
        if !behind.is_empty() {
            http::check_path(behind).map_err(wrong)?;
        }
        let url = Url { path: format!("{}{behind}", target.url.path), ..target.url.clone() };
        let shown = text.shown.split_once("}}").map_or("", |(_, shown)| shown);
        let colon = if matches!(url.scheme, Scheme::Unix(_)) && target.url.path.is_empty() { ":" } else { "" };
        let shown = format!("{}{colon}{}", target.shown, secrets::redact_path(shown));
        Ok(Some((url, shown)))
    }

    fn metrics<T>(
        &self,
        example: &str,
        problems: &mut Problems,
        read: impl Fn(&Node, &mut Problems) -> Option<T>,
    ) -> Option<Vec<(String, T)>> {
        let table = self.table.require(self.place, "metrics", example, |node| node.table("a table of metrics"));
        let table = problems.keep(table)?;
        if table.entries.is_empty() {
            let problem = Problem::new(table.span, format!("{} samples nothing", self.place)).expected("none here");
            problems.add(problem.help(format!("name what it samples, {example}")));
        }
        let metric = |entry: &Entry| {
            let checked = limits::check_name(&entry.key);
            problems.keep(checked.map_err(|error| Problem::new(entry.key_span, error).expected("a metric's name")))?;
            Some((entry.key.clone(), read(&entry.node, problems)?))
        };
        table.entries.iter().map(metric).collect::<Vec<_>>().into_iter().collect()
    }

    fn question(&self, problems: &mut Problems) -> Option<Question> {
        match (self.table.get("sql"), self.table.get("preset")) {
            (Some(sql), None) => {
                let text = problems.keep(sql.str("one SQL statement as a string"));
                let counters = problems.keep(self.table.read("counters", names));
                Some(Question::Sql { text: text?.to_owned(), counters: counters?.unwrap_or_default() })
            }
            (None, Some(preset)) => {
                if let Some(node) = self.table.get("counters") {
                    problems.add(node.problem("a preset knows its counters").expected("only with `sql`"));
                }
                problems.keep(preset_named(preset)).map(Question::Preset)
            }
            (Some(_), Some(node)) => {
                let problem = node.problem(format!("{} has either `sql` or a `preset`", self.place));
                problems.add(problem.expected("one of them is too many"));
                None
            }
            (None, None) => {
                let problem = Problem::new(self.table.span, format!("{} does not say what it asks", self.place));
                problems
                    .add(problem.expected("no question").help("add `sql = \"SELECT …\"` or `preset = \"activity\"`"));
                None
            }
        }
    }
}

fn headers(node: &Node, problems: &mut Problems) -> Option<Vec<(String, Text)>> {
    let table = problems.keep(node.table("a table such as `{ Accept = \"text/plain\" }`"))?;
    let header = |entry: &Entry| {
        let value = problems.keep(fixed(&entry.node, "the header's value as a string"))?;
        let checked = http::check_header(&entry.key, &value.real);
        problems.keep(checked.map_err(|error| Problem::new(entry.key_span, error).expected("this header")))?;
        let shown = secrets::redact_header(&entry.key, &value.shown);
        Some((entry.key.clone(), Text::new(&value.real, shown)))
    };
    table.entries.iter().map(header).collect::<Vec<_>>().into_iter().collect()
}

/// A text that is known before the load, as it is used and as people may see it.
fn fixed(node: &Node, expected: &str) -> Result<Text, Problem> {
    node.str(expected)?;
    node.text(expected).cloned()
}

fn pointer(node: &Node, problems: &mut Problems) -> Option<Pointer> {
    let pointer = node
        .str("a JSON pointer such as \"/process/memory_mb\"")
        .and_then(|text| Pointer::parse(text).map_err(|error| node.problem(error).expected("not a JSON pointer")));
    problems.keep(pointer)
}

fn selection(node: &Node, problems: &mut Problems) -> Option<Selection> {
    let Ok(table) = node.table("") else { return problems.keep(selector(node)) };
    table.know("a selection", SELECTION, problems);
    let selection = table.require("a selection", "name", "such as `\"http_requests_total\"`", selector);
    let quantile = problems.keep(table.read("quantile", share));
    let by = problems.keep(table.read("by", names));
    let series_type = problems
        .keep(table.read("type", |node| word(node, &[("counter", SeriesType::Counter), ("gauge", SeriesType::Gauge)])));
    if let (Some(node), Some(_)) = (table.get("type"), table.get("quantile")) {
        problems.add(node.problem("a quantile is of a histogram").expected("not with `quantile`"));
    }
    let mut selection = problems.keep(selection)?;
    (selection.quantile, selection.by, selection.series_type) = (quantile?, by?.unwrap_or_default(), series_type?);
    Some(selection)
}

fn selector(node: &Node) -> Result<Selection, Problem> {
    let text = node.str("the name of a metric, with matchers or without, or a table")?;
    text.parse().map_err(|error: String| {
        node.problem(error).expected("not a selection").help("write it such as 'http_requests_total{code=\"200\"}'")
    })
}

fn share(node: &Node) -> Result<f64, Problem> {
    let share = node.weight()?;
    if share <= 1.0 { Ok(share) } else { Err(node.problem("expected a number from 0 to 1").expected("out of range")) }
}

fn names(node: &Node) -> Result<Vec<String>, Problem> {
    let names = node.array("an array of names")?.iter().map(|node| node.str("a name as a string").map(str::to_owned));
    names.collect()
}

fn words(node: &Node) -> Result<Vec<Text>, Problem> {
    let words = node.array("a program and its arguments as an array of strings")?;
    if words.is_empty() {
        return Err(node.problem("a command begins with a program").expected("nothing to run"));
    }
    words.iter().map(|word| fixed(word, "a word of the command as a string")).collect()
}

fn preset_named(node: &Node) -> Result<Preset, Problem> {
    let name = node.str("the name of a preset")?;
    name.parse().map_err(|()| {
        let problem = node.problem(format!("there is no preset `{name}`")).expected("unknown preset");
        problem.help(suggest::names(name, Preset::NAMES.iter().copied(), ""))
    })
}

fn database(node: &Node) -> Result<Database, Problem> {
    let text = node.str("a database such as \"postgres://probe@127.0.0.1/shop\"")?;
    let config: tokio_postgres::Config = text.parse().map_err(|error: tokio_postgres::Error| {
        let why = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        node.problem(format!("{error}{why}")).expected("not a database")
    })?;
    if config.get_ssl_mode() == SslMode::Require {
        let problem = node.problem("TLS to a database is not supported").expected("`sslmode=require`");
        return Err(problem.help("connect over a Unix socket, the loopback, or a tunnel"));
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(node.problem("it has no host").expected("where is it?").help("write `postgres://HOST/DATABASE`"));
    }
    let shown = secrets::shown_database(&config);
    Ok(Database { config, shown })
}
