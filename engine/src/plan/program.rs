//! Steps within steps become a list with jumps, and the requests they send become messages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use runlog::row::{FailedChecks, RequestId};

use super::feeds;
use super::flow::{Flow, FlowId, GroupId, MessageId, Step};
use super::message::{Capture, Message};
use super::naming::{self, Naming};
use super::parts::Parts;
use super::resolve::{Captured, Scope};
use super::template::{Feed, Slot, Template};
use super::{Replay, Request, Target, bytes};
use crate::answer::Needs;
use crate::data::Trace;
use crate::scenario::steps::{each_call, within};
use crate::scenario::{self, Call, Cookies, Scenario, Vars, Workload};

/// Puts flows together, one scenario after another.
pub(super) struct Programs<'a> {
    scenario: &'a Scenario,
    setup: &'a Captured,
    is_setup: bool,
    naming: Naming,
    requests: Vec<Request>,
    messages: Vec<Message>,
    flows: Vec<Flow>,
    groups: Vec<String>,
}

/// Steps that are done once, outside of the load.
#[derive(Debug)]
pub struct Errand {
    /// Where to.
    pub target: Target,
    /// The steps.
    pub flow: Flow,
    /// What they send; `MessageId` is the place here.
    pub messages: Vec<Message>,
    /// What the messages are; `RequestId` is the place here.
    pub requests: Vec<Request>,
    /// The names under which values are kept, by their slots.
    pub captures: Vec<String>,
    /// What happens by chance.
    pub seed: u64,
}

/// When an errand is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Before the load.
    Setup,
    /// After it.
    Teardown,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        })
    }
}

impl Part {
    /// Its steps.
    pub(super) fn steps(self, scenario: &Scenario) -> &[scenario::Step] {
        match self {
            Self::Setup => &scenario.setup,
            Self::Teardown => &scenario.teardown,
        }
    }
}

impl Errand {
    pub(super) fn new(scenario: &Scenario, part: Part, seed: u64, captured: &Captured, target: Target) -> Self {
        let steps = part.steps(scenario);
        let (requests, naming) = naming::entries_of(scenario, steps);
        let mut programs = Programs::with_entries(scenario, captured, requests, naming);
        programs.is_setup = part == Part::Setup;
        let slots = slots_of(steps);
        let context = Context { vars: &[&scenario.vars], slots: &slots, feeds: &BTreeMap::new(), has_jar: true };
        let flow = programs.flow("", steps, &context);
        let (requests, messages, ..) = programs.finish();
        let mut captures: Vec<String> = vec![String::new(); slots.len()];
        for (name, slot) in slots {
            captures[usize::from(slot.0)] = name;
        }
        Self { target, flow, messages, requests, captures, seed }
    }
}

/// What the flows of one scenario have in common.
struct Context<'a> {
    vars: &'a [&'a Vars],
    slots: &'a BTreeMap<String, Slot>,
    feeds: &'a BTreeMap<String, Feed>,
    /// Whether cookies are kept.
    has_jar: bool,
}

impl<'a> Programs<'a> {
    pub(super) fn new(scenario: &'a Scenario, setup: &'a Captured) -> Self {
        let (requests, naming) = naming::entries(scenario);
        Self::with_entries(scenario, setup, requests, naming)
    }

    fn with_entries(scenario: &'a Scenario, setup: &'a Captured, requests: Vec<Request>, naming: Naming) -> Self {
        Self {
            scenario,
            setup,
            is_setup: false,
            naming,
            requests,
            messages: Vec::new(),
            flows: Vec::new(),
            groups: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Request>, Vec<Message>, Vec<Flow>, Vec<String>) {
        (self.requests, self.messages, self.flows, self.groups)
    }

    /// The flows that a scenario mixes, with their weights, and the number of the iteration for which there is no data
    /// any more.
    pub(super) fn flows(&mut self, workload: &Workload) -> (Vec<(FlowId, f64)>, Option<u64>) {
        let feeds = feeds::feeds(self.scenario, workload);
        let vars = [&workload.vars, &self.scenario.vars];
        let mut mix = Vec::with_capacity(workload.mix.len());
        for &(place, weight) in &workload.mix {
            let flow = &self.scenario.flows[place];
            let slots = slots_of(&flow.steps);
            let has_jar =
                workload.cookies == Cookies::Vu || workload.cookies == Cookies::Iteration && is_long(&flow.steps);
            let context = Context { vars: &vars, slots: &slots, feeds: &feeds, has_jar };
            let compiled = self.flow(&flow.name, &flow.steps, &context);
            mix.push((self.add(compiled), weight));
        }
        (mix, feeds.values().filter_map(Feed::iterations).min())
    }

    /// What a replay sends.
    pub(super) fn replay(&mut self, workload: &Workload, trace: &Arc<Trace>) -> (Replay, FlowId) {
        let vars = [&workload.vars, &self.scenario.vars];
        let (slots, feeds) = (BTreeMap::new(), feeds::feeds(self.scenario, workload));
        let context = Context { vars: &vars, slots: &slots, feeds: &feeds, has_jar: false };
        let mut messages = Vec::with_capacity(trace.names().len());
        for name in trace.names() {
            let message = match naming::traced(self.scenario, &name.name) {
                Some(request) => {
                    let call =
                        Call { request, vars: Vars::new(), captures: Vec::new(), span: scenario::Span::default() };
                    self.message(&call, None, &context)
                }
                None => self.traced(name),
            };
            messages.push(message);
        }
        let first = messages.first().map(|id| self.messages[id.0 as usize].request).unwrap_or_default();
        let flow = Flow {
            name: workload.name.clone(),
            steps: vec![Step::Replay],
            slots: 0,
            first,
            takes_data: false,
            requests: 1.0,
        };
        (Replay { trace: Arc::clone(trace), messages }, self.add(flow))
    }

    /// A message of which every sending is another: its line and its body are in the trace.
    fn traced(&mut self, name: &crate::data::TraceName) -> MessageId {
        let request = RequestId(self.requests.len() as u16);
        self.requests.push(Request {
            name: name.name.clone(),
            method: name.method.clone(),
            path: name.path.clone(),
            shown: format!(
                "{} {} HTTP/1.1\r\n{}\r\n",
                name.method,
                name.path,
                bytes::traced_headers(&self.scenario.target)
            )
            .into_bytes()
            .into(),
            expect_status: vec![scenario::DEFAULT_EXPECT_STATUS],
            checks: Vec::new(),
            tags: runlog::tags::Tags::new(),
            flows: Vec::new(),
        });
        let mut headers = Template::default();
        headers.push_literal(bytes::traced_headers(&self.scenario.target).as_bytes());
        let parts = Parts {
            method: name.method.clone(),
            prefix: bytes::prefix(&self.scenario.target).to_owned(),
            path: Template::default(),
            headers,
            body_headers: Template::default(),
            body: None,
            file_length: None,
            has_cookie: true,
        };
        self.push_message(Message {
            request,
            fixed: None,
            parts,
            is_head: name.method == "HEAD",
            expects_continue: false,
            body_file: None,
            is_traced: true,
            needs: Needs::default(),
            captures: Vec::new(),
            redirects: None,
        })
    }

    fn add(&mut self, flow: Flow) -> FlowId {
        self.flows.push(flow);
        FlowId(self.flows.len() as u16 - 1)
    }

    fn push_message(&mut self, message: Message) -> MessageId {
        self.messages.push(message);
        MessageId(self.messages.len() as u32 - 1)
    }

    fn flow(&mut self, name: &str, steps: &[scenario::Step], context: &Context<'_>) -> Flow {
        let mut program = Vec::new();
        self.steps(steps, None, context, &mut program);
        let first = program.iter().find_map(|step| match step {
            Step::Request(id) => Some(self.messages[id.0 as usize].request),
            _ => None,
        });
        Flow {
            name: name.to_owned(),
            steps: program,
            slots: context.slots.len() as u16,
            first: first.unwrap_or_default(),
            takes_data: feeds::takes(self.scenario, context.vars, steps, &|_| true),
            requests: requests_of(steps),
        }
    }

    fn steps(&mut self, steps: &[scenario::Step], group: Option<&str>, context: &Context<'_>, program: &mut Vec<Step>) {
        for step in steps {
            match step {
                scenario::Step::Request(call) => {
                    let message = self.message(call, group, context);
                    program.push(Step::Request(message));
                }
                scenario::Step::Think(think) => program.push(Step::Think(*think)),
                scenario::Step::Repeat { times, steps } => {
                    let start = program.len();
                    program.push(Step::Repeat { times: *times, behind: 0 });
                    self.steps(steps, group, context, program);
                    program.push(Step::Again(start + 1));
                    program[start] = Step::Repeat { times: *times, behind: program.len() };
                }
                scenario::Step::Group { name, steps } => {
                    let name = within(group, name);
                    program.push(Step::Enter(self.group(&name)));
                    self.steps(steps, Some(&name), context, program);
                    program.push(Step::Leave);
                }
                scenario::Step::If { condition, steps, otherwise } => {
                    let scope = self.scope(context.vars, context);
                    let shown = condition.to_string();
                    let condition = condition.clone().map_names(|name| scope.operand(&name));
                    let start = program.len();
                    program.push(Step::Jump(0));
                    self.steps(steps, group, context, program);
                    if otherwise.is_empty() {
                        program[start] = Step::Unless { condition, shown, otherwise: program.len() };
                    } else {
                        let skip = program.len();
                        program.push(Step::Jump(0));
                        program[start] = Step::Unless { condition, shown, otherwise: program.len() };
                        self.steps(otherwise, group, context, program);
                        program[skip] = Step::Jump(program.len());
                    }
                }
            }
        }
    }

    fn group(&mut self, name: &str) -> GroupId {
        let place = self.groups.iter().position(|group| group == name).unwrap_or_else(|| {
            self.groups.push(name.to_owned());
            self.groups.len() - 1
        });
        GroupId(place as u16)
    }

    fn scope<'b>(&'b self, vars: &'b [&'b Vars], context: &'b Context<'_>) -> Scope<'b> {
        Scope { vars, slots: context.slots, setup: self.setup, is_setup: self.is_setup, feeds: context.feeds }
    }

    fn message(&mut self, call: &Call, group: Option<&str>, context: &Context<'_>) -> MessageId {
        let request = &self.scenario.requests[call.request];
        let vars: Vec<&Vars> = std::iter::once(&call.vars).chain(context.vars.iter().copied()).collect();
        let parts = bytes::parts(request, &self.scenario.target, &self.scope(&vars, context));
        let (entry, redirect) = self.naming.find(group, call.request);
        let checks = &self.requests[usize::from(entry.0)].checks;
        let capture = |(name, source): &(String, crate::answer::Source)| Capture {
            source: source.clone(),
            slot: context.slots.get(name).copied().unwrap_or(Slot(0)),
            check: checks
                .iter()
                .take(FailedChecks::MOST)
                .position(|check| check.name == naming::capture_check(name))
                .map(|place| place as u8),
        };
        let captures: Vec<Capture> = call.captures.iter().map(capture).collect();
        let mut needs = Needs { head: context.has_jar || redirect.is_some(), body: false };
        for check in checks.iter().filter_map(|check| check.check.as_ref()) {
            needs = needs.or(check.needs());
        }
        for capture in &captures {
            needs = needs.or(capture.source.needs());
        }
        self.push_message(Message {
            request: entry,
            fixed: parts.fixed(),
            parts,
            is_head: request.method == "HEAD",
            expects_continue: bytes::expects_continue(request),
            body_file: request.body_file.clone(),
            is_traced: false,
            needs,
            captures,
            redirects: redirect.map(|redirect| (request.follow_redirects, redirect)),
        })
    }
}

/// A slot for everything that steps capture.
fn slots_of(steps: &[scenario::Step]) -> BTreeMap<String, Slot> {
    let mut names = Vec::new();
    each_call(steps, &mut |_, call| names.extend(call.captures.iter().map(|(name, _)| name.clone())));
    names.sort();
    names.dedup();
    names.into_iter().zip((0..).map(Slot)).collect()
}

/// Whether more than one request can be sent in an iteration, so that one can have the cookies of another.
fn is_long(steps: &[scenario::Step]) -> bool {
    requests_of(steps) > 1.0
}

/// How many requests steps make.
fn requests_of(steps: &[scenario::Step]) -> f64 {
    let of = |step: &scenario::Step| match step {
        scenario::Step::Request(_) => 1.0,
        scenario::Step::Think(_) => 0.0,
        scenario::Step::Repeat { times: (from, to), steps } => {
            f64::midpoint(f64::from(*from), f64::from(*to)) * requests_of(steps)
        }
        scenario::Step::Group { steps, .. } | scenario::Step::If { steps, .. } => requests_of(steps),
    };
    steps.iter().map(of).sum()
}
