//! The whole file: its parts read one after another, and held against each other.

use std::path::Path;

use runlog::tags::Tags;

use super::document::{Node, Table};
use super::error::{Problem, Problems};
use super::interpolate::{Text, Variables};
use super::limits::check_names;
use super::steps::{each_call, within};
use super::template::{Names, Template};
use super::threshold::Filterable;
use super::workload::{Draft, REPLAY, draft};
use super::{Call, Flow, Probe, Request, Scenario, Span, Step, Vars, Workload};
use super::{destination, flow, keys, known, limits, probe, reach, request, secrets, suggest, threshold, vars};

/// What a file is read with.
pub(super) struct Given<'a> {
    /// Its name where it has none.
    pub(super) stem: &'a str,
    /// Where it is.
    pub(super) folder: &'a Path,
    /// Tags of the run, from the command line.
    pub(super) tags: &'a Tags,
    pub(super) variables: &'a Variables<'a>,
}

pub(super) fn scenario(root: &Table, given: &Given<'_>, problems: &mut Problems) -> Option<Scenario> {
    root.know("the file", keys::ROOT, problems);
    let name = problems.keep(root.read("name", name));
    let tags = request::tags(root, problems).map(|tags| limits::with_tags(tags, given.tags));
    let target = destination::target(root, given.folder, problems);
    let probe_nodes = array(root, "probes", "`[[probes]]`", problems);
    let probes = probe::probes(probe_nodes, target.as_ref(), problems);
    let names = known::names(root, given.folder, given.variables, problems);
    let vars = file_vars(root, &names, problems);
    let requests = requests(root, given.folder, &names, problems);
    let request_names: Vec<&str> = root.section("requests").iter().map(|entry| entry.key.as_str()).collect();
    let setup = steps_of(root, "setup", &request_names, &names, problems);
    let teardown = steps_of(root, "teardown", &request_names, &names, problems);
    let flows = flows(root, &request_names, &names, problems);
    let mut flow_names = FlowNames::new(root, request_names);
    let workloads = workloads(root, given.folder, &mut flow_names, &names, problems);
    let (tags, requests, mut flows, workloads, probes) = (tags?, requests?, flows?, workloads?, probes?);
    let loaded = Loaded { tags: &tags, requests: &requests, flows: &flows, workloads: &workloads, probes: &probes };
    let thresholds = thresholds(root, &loaded, problems);
    flows.extend(flow_names.of_single_requests());
    let mut resolved = problems.keep(root.json(true))?;
    if let Some(vars) = resolved.get_mut("vars").and_then(serde_json::Value::as_object_mut) {
        for (name, value) in vars.iter_mut() {
            if let Some(given) = given.variables.given.get(name) {
                *value = given.as_str().into();
            }
        }
    }
    secrets::redact_scenario(&mut resolved);
    let feeders: Vec<_> = names.feeders.into_values().collect::<Option<_>>()?;
    let (thresholds, probe_thresholds) = threshold::sorted(thresholds?);
    let scenario = Scenario {
        name: name?.unwrap_or_else(|| given.stem.chars().filter(|c| !c.is_control()).take(50).collect()),
        tags,
        target: target?,
        vars: vars?,
        setup: setup?,
        teardown: teardown?,
        feeders,
        requests,
        flows,
        workloads,
        thresholds,
        probes,
        probe_thresholds,
        resolved,
    };
    reach::check(&scenario, problems);
    Some(scenario)
}

/// The variables of the file; those given with the command line come before.
fn file_vars(root: &Table, names: &Names<'_>, problems: &mut Problems) -> Option<Vars> {
    let Some(node) = root.get("vars") else { return Some(Vars::new()) };
    let mut vars = vars::vars(node, names, problems)?;
    for (name, value) in &mut vars {
        if let Some(given) = names.variables.given.get(name) {
            *value = Template::fixed(Text::plain(given));
        }
    }
    Some(vars)
}

/// The steps of `[setup]` or `[teardown]`.
fn steps_of(
    root: &Table,
    key: &str,
    requests: &[&str],
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Vec<Step>> {
    let Some(node) = root.get(key) else { return Some(Vec::new()) };
    let table = problems.keep(node.table("a table with `steps = [ … ]`"))?;
    let place = format!("[{key}]");
    table.know(&place, keys::STEPS_HOLDER, problems);
    let steps = problems.keep(table.require(&place, "steps", "such as `steps = [{ request = \"login\" }]`", Ok))?;
    flow::steps(steps, &place, requests, names, problems)
}

/// What thresholds can be about.
struct Loaded<'a> {
    tags: &'a Tags,
    requests: &'a [Request],
    flows: &'a [Flow],
    workloads: &'a [Workload],
    probes: &'a [Probe],
}

/// Thresholds, held against everything that they and their filters can name.
fn thresholds(root: &Table, loaded: &Loaded<'_>, problems: &mut Problems) -> Option<Vec<threshold::Read>> {
    let &Loaded { tags, requests, flows, workloads, probes } = loaded;
    let mut groups = Vec::new();
    for flow in flows {
        collect_groups(&flow.steps, None, &mut groups);
    }
    let group_tags: Vec<Tags> = groups.into_iter().map(|group| Tags::from([("group".to_owned(), group)])).collect();
    let mut grouped = Vec::new();
    for flow in flows {
        each_call(&flow.steps, &mut |group, call| {
            grouped.extend(group.map(|group| within(Some(group), &requests[call.request].name)));
        });
    }
    let mut request_names: Vec<&str> = requests.iter().map(|request| request.name.as_str()).collect();
    let hops: Vec<String> =
        requests.iter().filter(|r| r.follow_redirects > 0).map(|r| format!("{}::redirect", r.name)).collect();
    request_names.extend(hops.iter().chain(&grouped).map(String::as_str));
    let filterable = Filterable {
        requests: request_names,
        scenarios: workloads.iter().map(|workload| workload.name.as_str()).collect(),
        tags: std::iter::once(tags)
            .chain(requests.iter().map(|request| &request.tags))
            .chain(workloads.iter().map(|workload| &workload.tags))
            .chain(&group_tags)
            .collect(),
        iteration_tags: std::iter::once(tags).chain(workloads.iter().map(|workload| &workload.tags)).collect(),
    };
    let read = array(root, "thresholds", "`[[thresholds]]`", problems)
        .iter()
        .map(|node| threshold::threshold(node, &filterable, probes, problems))
        .collect::<Vec<_>>();
    read.into_iter().collect()
}

/// The groups of steps, each with those it stands in before it: `checkout::payment`.
fn collect_groups(steps: &[Step], outer: Option<&str>, groups: &mut Vec<String>) {
    for step in steps {
        match step {
            Step::Group { name, steps } => {
                let group = within(outer, name);
                collect_groups(steps, Some(&group), groups);
                groups.push(group);
            }
            Step::Repeat { steps, .. } => collect_groups(steps, outer, groups),
            Step::If { steps, otherwise, .. } => {
                collect_groups(steps, outer, groups);
                collect_groups(otherwise, outer, groups);
            }
            Step::Request(_) | Step::Think(_) => {}
        }
    }
}

fn name(node: &Node) -> Result<String, Problem> {
    let name = node.str("a name as a string")?;
    limits::check_name(name).map_err(|error| node.problem(error).expected("not a name"))?;
    Ok(name.to_owned())
}

/// The elements of an array of tables; none where it is missing.
fn array<'a>(root: &'a Table, key: &str, expected: &str, problems: &mut Problems) -> &'a [Node] {
    problems.keep(root.read(key, |node| node.array(expected))).flatten().unwrap_or_default()
}

fn requests(root: &Table, folder: &Path, names: &Names<'_>, problems: &mut Problems) -> Option<Vec<Request>> {
    const EXAMPLE: &str = "such as `[requests.home]` with `path = \"/\"`";
    if root.get("requests").is_none() && only_replays(root) {
        return Some(Vec::new());
    }
    let table = problems.keep(root.require("the file", "requests", EXAMPLE, |node| node.table("a table")))?;
    if table.entries.is_empty() {
        let problem = Problem::new(table.span, "there is no request").expected("none here");
        problems.add(problem.help(format!("add one, {EXAMPLE}")));
    }
    check_names("request", &table.entries, problems);
    let read = table.entries.iter().map(|entry| {
        let table = problems.keep(entry.node.table("a request as a table"))?;
        request::request(&entry.key, table, folder, names, problems)
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

fn flows(root: &Table, requests: &[&str], names: &Names<'_>, problems: &mut Problems) -> Option<Vec<Flow>> {
    problems.keep(root.read("flows", |node| node.table("a table of flows")))?;
    let entries = root.section("flows");
    check_names("flow", entries, problems);
    let read = entries.iter().map(|entry| flow::flow(entry, requests, names, problems));
    read.collect::<Vec<_>>().into_iter().collect()
}

/// The flows there are: those of the file, and behind them one for each request that stands for a flow of its own.
struct FlowNames<'a> {
    flows: Vec<&'a str>,
    requests: Vec<&'a str>,
    /// Places of requests.
    single: Vec<usize>,
}

impl<'a> FlowNames<'a> {
    fn new(root: &'a Table, requests: Vec<&'a str>) -> Self {
        let flows = root.section("flows").iter().map(|entry| entry.key.as_str()).collect();
        Self { flows, requests, single: Vec::new() }
    }

    /// The place of a flow; a request's name will do.
    fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(flow) = self.flows.iter().position(|flow| *flow == name) {
            return Some(flow);
        }
        let request = self.requests.iter().position(|request| *request == name)?;
        Some(self.place_of_single(request))
    }

    fn place_of_single(&mut self, request: usize) -> usize {
        let place = self.single.iter().position(|single| *single == request).unwrap_or_else(|| {
            self.single.push(request);
            self.single.len() - 1
        });
        self.flows.len() + place
    }

    fn find(&mut self, span: super::Span, name: &str) -> Result<usize, Problem> {
        self.place(name).ok_or_else(|| {
            let known = self.flows.iter().chain(&self.requests).copied();
            Problem::new(span, format!("there is no flow `{name}`")).expected("unknown flow").help(suggest::names(
                name,
                known,
                "there are no flows and no requests",
            ))
        })
    }

    fn of_single_requests(&self) -> impl Iterator<Item = Flow> {
        let call = |request| Call { request, vars: Vars::new(), captures: Vec::new(), span: Span::default() };
        let flow = move |&request: &usize| Flow {
            name: self.requests[request].to_owned(),
            steps: vec![Step::Request(call(request))],
        };
        self.single.iter().map(flow)
    }
}

fn workloads(
    root: &Table,
    folder: &Path,
    flows: &mut FlowNames<'_>,
    known: &Names<'_>,
    problems: &mut Problems,
) -> Option<Vec<Workload>> {
    let nodes = array(root, "scenarios", "`[[scenarios]]`", problems);
    if nodes.is_empty() && root.get("scenarios").is_none_or(|node| node.array("").is_ok()) {
        let problem = Problem::new(root.span, "there is no scenario").expected("none in this file");
        problems.add(problem.help("add `[[scenarios]]` with an `executor`: it says who sends how much, when"));
    }
    if let Some(node) = nodes.get(limits::MOST_OF_A_KIND) {
        let message = format!("there are more than {} scenarios", limits::MOST_OF_A_KIND);
        problems.add(node.problem(message).expected("one too many"));
    }
    let tables: Vec<&Table> =
        nodes.iter().filter_map(|node| problems.keep(node.table("a scenario as a table"))).collect();
    let names = workload_names(&tables, problems);
    let read = tables.iter().zip(names).map(|(table, name)| {
        let place = format!("scenario `{name}`");
        let draft = draft(&place, folder, table, problems);
        let vars = table.get("vars").map_or(Some(Vars::new()), |node| vars::vars(node, known, problems));
        let mix = mix(&place, table, flows, problems);
        let Draft {
            executor,
            load,
            start_time,
            graceful_stop,
            graceful_ramp_down,
            cookies,
            pipeline,
            connections,
            tags,
        } = draft?;
        let (mix, vars) = (mix?, vars?);
        Some(Workload {
            name,
            executor,
            load,
            mix,
            vars,
            cookies,
            start_time,
            graceful_ramp_down,
            graceful_stop,
            pipeline,
            connections,
            tags,
            span: table.span,
        })
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// A unique name for each scenario: its own, or that of its flow, or one by its place.
fn workload_names(tables: &[&Table], problems: &mut Problems) -> Vec<String> {
    let mut taken = std::collections::HashSet::new();
    let mut given = Vec::with_capacity(tables.len());
    for table in tables {
        let own = problems.keep(table.read("name", name)).flatten();
        if let (Some(name), Some(node)) = (&own, table.get("name"))
            && !taken.insert(name.clone())
        {
            let problem = node.problem(format!("there are two scenarios `{name}`"));
            problems.add(problem.expected("the second one").help("rows tell scenarios apart by their names"));
        }
        given.push(own);
    }
    let mut names = Vec::with_capacity(tables.len());
    for (at, (table, own)) in tables.iter().zip(given).enumerate() {
        let name = own.unwrap_or_else(|| {
            let flow =
                table.get("flow").and_then(|node| node.str("").ok()).filter(|flow| limits::check_name(flow).is_ok());
            let by_place = (at + 1..).map(|number| format!("scenario_{number}"));
            let free = flow.map(str::to_owned).into_iter().chain(by_place).find(|name| !taken.contains(name));
            free.unwrap_or_default()
        });
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The flows of a scenario, by `flow`, by `mix`, or because there is only one.
fn mix(place: &str, table: &Table, flows: &mut FlowNames<'_>, problems: &mut Problems) -> Option<Vec<(usize, f64)>> {
    if is_replay(table) {
        for key in ["flow", "mix"] {
            if let Some(node) = table.get(key) {
                let problem = node.problem(format!("{place} is a replay: its trace says what is sent"));
                problems.add(problem.expected(format!("no `{key}` here")));
            }
        }
        return Some(Vec::new());
    }
    match (table.get("flow"), table.get("mix")) {
        (Some(node), None) => {
            let found = node.str("the name of a flow").and_then(|name| flows.find(node.span, name));
            problems.keep(found).map(|flow| vec![(flow, 1.0)])
        }
        (None, Some(node)) => weights(node, flows, problems),
        (Some(_), Some(node)) => {
            let problem = node.problem(format!("{place} has either a `flow` or a `mix`"));
            problems.add(problem.expected("one of them is too many"));
            None
        }
        (None, None) => {
            let only = match (flows.flows.len(), flows.requests.len()) {
                (1, _) => Some(0),
                (0, 1) => Some(flows.place_of_single(0)),
                _ => None,
            };
            if only.is_none() {
                let problem = Problem::new(table.span, format!("{place} does not say what it does"));
                let help = "add `flow = \"…\"` or `mix = { … = 0.7, … = 0.3 }` with names of flows or requests";
                problems.add(problem.expected("which flow?").help(help));
            }
            only.map(|flow| vec![(flow, 1.0)])
        }
    }
}

fn is_replay(table: &Table) -> bool {
    table.get("executor").is_some_and(|node| node.str("") == Ok(REPLAY))
}

/// Whether every scenario takes its requests from a trace, so that the file needs none.
fn only_replays(root: &Table) -> bool {
    let nodes = root.get("scenarios").and_then(|node| node.array("").ok()).unwrap_or_default();
    !nodes.is_empty() && nodes.iter().all(|node| node.table("").is_ok_and(is_replay))
}

fn weights(node: &Node, flows: &mut FlowNames<'_>, problems: &mut Problems) -> Option<Vec<(usize, f64)>> {
    let table = problems.keep(node.table("a table such as `{ browse = 0.7, order = 0.3 }`"))?;
    let mut mix = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        let flow = problems.keep(flows.find(entry.key_span, &entry.key));
        let weight = problems.keep(entry.node.weight());
        mix.push((flow?, weight?));
    }
    if mix.iter().all(|(_, weight)| *weight == 0.0) {
        problems.add(node.problem("the weights of a mix cannot all be zero").expected("nothing to choose from"));
    }
    Some(mix)
}
