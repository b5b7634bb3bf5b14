//! What a plan would do, as text for people: every request as bytes, the schedules, and what the run needs.

mod connection;
mod probes;

use std::fmt::Write;

use runlog::row::RequestId;
use runlog::tags::Tags;
use runlog::units::{Bytes, Nanos, Rate, Thousands};

use crate::plan::flow::Think;
use crate::plan::schedule::{ArrivalSchedule, Ramp, Spacing, VuSchedule};
use crate::plan::{Errand, Flow, Iterations, Load, Message, Part, Plan, Request, Scenario, Step};
use crate::scenario::status;

/// What a row of the run directory takes, about.
pub const ROW_BYTES: u64 = 85;

/// Beyond the connections: the rows, the ring, the libraries.
const OTHER_FILES: u64 = 64;

/// The longest body that is shown, in bytes.
const BODY_SHOWN: usize = 512;

/// The text of `drumfire check`. `errands` are the setup and the teardown, where there are such; `open_files` is how many
/// files this process may have open.
pub fn describe(plan: &Plan, errands: &[(Part, Errand)], open_files: u64) -> String {
    let mut page = Page::default();
    page.line(format_args!("{}", plan.name));
    page.tags("  ", &plan.tags);
    connection::target(&plan.target, &mut page);
    for (part, errand) in errands {
        one_errand(*part, errand, &mut page);
    }
    let sent = Sent { requests: &plan.requests, messages: &plan.messages };
    page.heading("Requests");
    requests(&sent, &mut page);
    flows(plan, &sent, &mut page);
    page.heading("Scenarios");
    for scenario in &plan.scenarios {
        one_scenario(plan, scenario, &mut page);
    }
    probes::describe(&plan.probes, &mut page);
    thresholds(plan, &mut page);
    needs(plan, open_files, &mut page);
    page.0
}

/// Text that grows line by line, without blanks at the ends of lines.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{line}");
        self.0.truncate(self.0.trim_end_matches(' ').len());
        self.0.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.line(format_args!("\n{heading}"));
    }

    fn tags(&mut self, indent: &str, tags: &Tags) {
        if !tags.is_empty() {
            let pairs: Vec<String> = tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.line(format_args!("{indent}{:<12}{}", "tags", pairs.join(", ")));
        }
    }
}

/// What is sent, and what it is called.
struct Sent<'a> {
    requests: &'a [Request],
    messages: &'a [Message],
}

/// What is done once, before the load or after it.
fn one_errand(part: Part, errand: &Errand, page: &mut Page) {
    let sent = Sent { requests: &errand.requests, messages: &errand.messages };
    page.heading(match part {
        Part::Setup => "Setup (once, before the load)",
        Part::Teardown => "Teardown (once, after the load)",
    });
    let steps = shown_steps(&sent, &errand.flow, 0, errand.flow.steps.len());
    page.line(format_args!("  {:<12}{steps}", "steps"));
    if !errand.captures.is_empty() {
        page.line(format_args!("  {:<12}{}", "captures", errand.captures.join(", ")));
    }
    requests(&sent, page);
}

fn requests(sent: &Sent<'_>, page: &mut Page) {
    for (place, request) in (0..).map(RequestId).zip(sent.requests) {
        let messages: Vec<&Message> = sent.messages.iter().filter(|message| is_sent_as(message, place)).collect();
        let size = match messages.as_slice() {
            [] => "(no scenario sends it)".to_owned(),
            [first, ..] => match &first.fixed {
                Some(bytes) => Bytes(bytes.len() as u64).to_string(),
                None if first.redirects.is_some_and(|(_, redirect)| redirect == place) => {
                    "(where it leads elsewhere)".to_owned()
                }
                None => "(filled anew for every request)".to_owned(),
            },
        };
        page.line(format_args!("  {}  {size}", request.name));
        for line in shown_bytes(request) {
            page.line(format_args!("    │ {line}"));
        }
        page.line(format_args!("    {:<12}{}", "expected", status::show(&request.expect_status)));
        for check in &request.checks {
            let passing = check.check.as_ref().map_or_else(|| "finds something".to_owned(), ToString::to_string);
            page.line(format_args!("    {:<12}{}: {passing}", "check", check.name));
        }
        page.tags("    ", &request.tags);
    }
}

/// Whether rows of a message can have this name.
fn is_sent_as(message: &Message, request: RequestId) -> bool {
    message.request == request || message.redirects.is_some_and(|(_, redirect)| redirect == request)
}

/// The bytes of a request, line by line: what is not plain text is escaped, secrets are redacted, a long body is cut.
fn shown_bytes(request: &Request) -> Vec<String> {
    let head_end =
        request.shown.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(request.shown.len(), |at| at + 4);
    let (head, body) = request.shown.split_at(head_end);
    let head = String::from_utf8_lossy(head);
    let mut lines: Vec<String> = head.split_inclusive("\r\n").map(escaped).collect();
    let body = String::from_utf8_lossy(body);
    let cut = &body[..body.floor_char_boundary(BODY_SHOWN)];
    lines.extend(cut.split_inclusive('\n').map(escaped));
    if cut.len() < body.len() {
        lines.push(format!("… and {} more", Bytes((body.len() - cut.len()) as u64)));
    }
    lines
}

/// A line with everything in it that a terminal would not show as it is. Quotes are.
fn escaped(line: &str) -> String {
    line.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

fn flows(plan: &Plan, sent: &Sent<'_>, page: &mut Page) {
    page.heading("Flows");
    let width = plan.flows.iter().map(|flow| flow.name.chars().count()).max().unwrap_or(0);
    for (place, flow) in plan.flows.iter().enumerate() {
        // Several scenarios may follow the same flow.
        if plan.flows[..place].iter().all(|other| other.name != flow.name) {
            let steps = shown_steps(sent, flow, 0, flow.steps.len());
            page.line(format_args!("  {:<width$}  {steps}", flow.name));
        }
    }
}

/// The steps of a flow from one to before another, with those within others in parentheses.
fn shown_steps(sent: &Sent<'_>, flow: &Flow, from: usize, to: usize) -> String {
    let mut shown = Vec::new();
    let mut at = from;
    while at < to {
        let (text, next) = shown_step(sent, flow, at);
        shown.extend(text);
        at = next;
    }
    shown.join(" → ")
}

/// A step, with all that stands within it, and where the next one is.
fn shown_step(sent: &Sent<'_>, flow: &Flow, at: usize) -> (Option<String>, usize) {
    let inside = |from, to| shown_steps(sent, flow, from, to);
    match &flow.steps[at] {
        Step::Request(id) => {
            let request = sent.messages[id.0 as usize].request;
            (Some(sent.requests[usize::from(request.0)].name.clone()), at + 1)
        }
        Step::Replay => (Some("as in the trace".to_owned()), at + 1),
        Step::Think(think) => (Some(shown_think(think)), at + 1),
        Step::Repeat { times: (from, to), behind } => {
            let times = if from == to { from.to_string() } else { format!("{from}..{to}") };
            (Some(format!("{times} × ({})", inside(at + 1, behind - 1))), *behind)
        }
        Step::Unless { shown, otherwise, .. } => match flow.steps[*otherwise - 1] {
            Step::Jump(end) => {
                let (then, other) = (inside(at + 1, otherwise - 1), inside(*otherwise, end));
                (Some(format!("if {shown} ({then}) else ({other})")), end)
            }
            _ => (Some(format!("if {shown} ({})", inside(at + 1, *otherwise))), *otherwise),
        },
        Step::Jump(_) | Step::Again(_) | Step::Enter(_) | Step::Leave => (None, at + 1),
    }
}

fn shown_think(think: &Think) -> String {
    match think {
        Think::Uniform { from, to } if from == to => format!("think {from}"),
        Think::Uniform { from, to } => format!("think {from} to {to}"),
        Think::Exponential { mean } => format!("think {mean} on average"),
        Think::LogNormal { median, sigma } => format!("think {median} in the median (sigma {sigma})"),
    }
}

fn one_scenario(plan: &Plan, scenario: &Scenario, page: &mut Page) {
    page.line(format_args!("  {}  {}", scenario.name, scenario.executor));
    match &scenario.load {
        Load::Open(arrivals) => open(arrivals, scenario, page),
        Load::Closed { vus, iterations, .. } => closed(vus, *iterations, scenario, page),
    }
    let shares: Vec<String> = scenario
        .mix
        .flows()
        .map(|(flow, share)| format!("{} {:.1} %", plan.flows[usize::from(flow.0)].name, share * 100.0))
        .collect();
    if scenario.pipeline > 1 {
        page.line(format_args!(
            "    {:<12}{} requests on their way over each connection",
            "pipeline", scenario.pipeline
        ));
    }
    connection::policy(scenario, page);
    page.line(format_args!("    {:<12}{}", "mix", shares.join(", ")));
    page.line(format_args!("    {:<12}up to {} behind the schedule's end", "stop", scenario.graceful_stop));
    page.tags("    ", &scenario.tags);
}

fn open(arrivals: &ArrivalSchedule, scenario: &Scenario, page: &mut Page) {
    let rate = |value: f64| Rate::per_second(value).unwrap_or_default().to_string();
    stages(arrivals.rate(), rate, page);
    let (spacing, about) = match arrivals.spacing() {
        Some(Spacing::Even) => ("evenly spaced", ""),
        Some(Spacing::Poisson) => ("Poisson", "about "),
        None => ("as in the trace", ""),
    };
    let count = Thousands(arrivals.expected_arrivals());
    page.line(format_args!("    {:<12}{about}{count}, {spacing}, {} at the peak", "arrivals", arrivals.peak()));
    page.line(format_args!("    {:<12}{} at the most", "connections", Thousands(scenario.max_connections.into())));
}

fn closed(vus: &VuSchedule, iterations: Iterations, scenario: &Scenario, page: &mut Page) {
    stages(vus.users(), |users| format!("{} VUs", Thousands(users as u64)), page);
    let peak = Thousands(scenario.max_connections.into());
    let shared =
        if scenario.pipeline > 1 { format!("{} virtual users", scenario.pipeline) } else { "virtual user".to_owned() };
    page.line(format_args!("    {:<12}one for each {shared}, {peak} at the peak", "connections"));
    match iterations {
        Iterations::Unbounded => {}
        Iterations::Each(each) => {
            page.line(format_args!("    {:<12}{} each, then it is over", "iterations", Thousands(each)));
        }
        Iterations::Shared(all) => {
            page.line(format_args!("    {:<12}{} in all, then it is over", "iterations", Thousands(all)));
        }
    }
}

/// The stages of a schedule, one on a line, with the part of the peak that each leads to as a bar.
fn stages(ramp: &Ramp, show: impl Fn(f64) -> String, page: &mut Page) {
    const BAR: f64 = 24.0;
    let peak = ramp.peak();
    let starts = std::iter::once(Nanos::ZERO).chain(ramp.ends().map(|(end, _)| end));
    for (start, (end, target)) in starts.zip(ramp.ends()) {
        let (from, to) = (show(ramp.at(start)), show(target));
        let change = if from == to { format!("at {to}") } else { format!("{from} → {to}") };
        let bar = "█".repeat((target / peak * BAR).round() as usize);
        let title = if start == Nanos::ZERO { "schedule" } else { "" };
        page.line(format_args!("    {title:<12}{:<10}{change:<24}{bar}", end.since(start)));
    }
}

fn thresholds(plan: &Plan, page: &mut Page) {
    page.heading("Thresholds");
    if plan.thresholds.is_empty() && plan.probe_thresholds.is_empty() {
        page.line(format_args!("  none: the run passes whatever the answers are"));
    }
    for threshold in &plan.thresholds {
        page.line(format_args!("  {threshold}"));
    }
    for threshold in &plan.probe_thresholds {
        page.line(format_args!("  {threshold}"));
    }
}

fn needs(plan: &Plan, open_files: u64, page: &mut Page) {
    page.heading("What it needs");
    let longest_stop =
        plan.scenarios.iter().map(|scenario| scenario.load.duration().after(scenario.graceful_stop)).max();
    let duration = plan.duration();
    page.line(format_args!("  {:<12}{duration}, {} at the most", "duration", longest_stop.unwrap_or(duration)));
    let peak = peak_rate(plan);
    let has_users = plan.scenarios.iter().any(|scenario| matches!(scenario.load, Load::Closed { .. }));
    let users = if has_users { "as fast as virtual users get answers" } else { "" };
    let rate = (peak > 0.0).then(|| Rate::per_second(peak).unwrap_or_default().to_string());
    let rates: Vec<&str> = rate.as_deref().into_iter().chain((!users.is_empty()).then_some(users)).collect();
    page.line(format_args!("  {:<12}{}", "peak rate", rates.join(", and ")));
    connections(plan, open_files, page);
    rows(plan, page);
}

fn connections(plan: &Plan, open_files: u64, page: &mut Page) {
    let connections: u64 = plan.scenarios.iter().map(|scenario| u64::from(scenario.max_connections)).sum();
    let files = connections + OTHER_FILES;
    let verdict = if files <= open_files {
        format!("{} files may be open", Thousands(open_files))
    } else {
        format!("ONLY {} FILES MAY BE OPEN: raise it with `ulimit -n {files}`", Thousands(open_files))
    };
    page.line(format_args!("  {:<12}{} at the most; {verdict}", "connections", Thousands(connections)));
}

fn rows(plan: &Plan, page: &mut Page) {
    let open: u64 =
        plan.scenarios.iter().map(|scenario| expected_requests(plan, scenario)).fold(0, u64::saturating_add);
    let has_users = plan.scenarios.iter().any(|scenario| matches!(scenario.load, Load::Closed { .. }));
    let size = Bytes(open.saturating_mul(ROW_BYTES));
    let rows = match (open, has_users) {
        (0, _) => format!("one for each request, {ROW_BYTES} bytes each"),
        (_, false) => format!("about {}, {size}", Thousands(open)),
        (_, true) => format!("about {}, {size}, and those of the virtual users", Thousands(open)),
    };
    page.line(format_args!("  {:<12}{rows}", "rows"));
}

/// The highest rate at which requests are sent by all schedules together. A rate is a line from the end of one stage to that of
/// the next, so that the sum is highest at one of the ends, or just before it.
fn peak_rate(plan: &Plan) -> f64 {
    let ramps = || {
        plan.scenarios.iter().filter_map(|scenario| match &scenario.load {
            Load::Open(arrivals) => Some(arrivals.rate()),
            Load::Closed { .. } => None,
        })
    };
    let ends = ramps().flat_map(Ramp::ends).flat_map(|(end, _)| [Nanos(end.0.saturating_sub(1)), end]);
    let instants = std::iter::once(Nanos::ZERO).chain(ends);
    instants.map(|instant| ramps().map(|ramp| ramp.at(instant)).sum()).fold(0.0, f64::max)
}

/// How many requests the arrivals of a schedule make: each takes a flow, which may have several.
fn expected_requests(plan: &Plan, scenario: &Scenario) -> u64 {
    let Load::Open(arrivals) = &scenario.load else { return 0 };
    let of_flow = |flow: crate::plan::FlowId| plan.flows[usize::from(flow.0)].requests;
    let of_iteration: f64 = scenario.mix.flows().map(|(flow, share)| share * of_flow(flow)).sum();
    (arrivals.expected_arrivals() as f64 * of_iteration).round() as u64
}
