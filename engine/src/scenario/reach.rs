//! Whether every name that a request uses has a value wherever the request is sent: a variable may be known in one
//! scenario and not in another.

use std::collections::BTreeSet;

use super::error::{Problem, Problems, Span};
use super::placeholder::Value;
use super::steps::each_call;
use super::template::Fill;
use super::{Call, Request, Scenario, Step, Template, Vars};

/// Notes the names that have no value where they are used.
pub(super) fn check(scenario: &Scenario, problems: &mut Problems) {
    for workload in &scenario.workloads {
        let place = format!("scenario `{}`", workload.name);
        for &(flow, _) in &workload.mix {
            let steps = &scenario.flows[flow].steps;
            let reach = Reach::new(scenario, &place, Some(&workload.vars), steps, true);
            reach.steps(steps, workload.span, problems);
        }
    }
    for (place, steps) in [("[setup]", &scenario.setup), ("[teardown]", &scenario.teardown)] {
        Reach::new(scenario, place, None, steps, false).steps(steps, Span::default(), problems);
    }
}

/// What has a value at some place.
struct Reach<'a> {
    place: &'a str,
    requests: &'a [Request],
    vars: Vec<&'a Vars>,
    captured: BTreeSet<&'a str>,
    /// Whether there are iterations, which take rows of data.
    has_data: bool,
}

impl<'a> Reach<'a> {
    fn new(scenario: &'a Scenario, place: &'a str, vars: Option<&'a Vars>, steps: &'a [Step], has_data: bool) -> Self {
        let mut captured = BTreeSet::new();
        each_call(steps, &mut |_, call| captured.extend(call.captures.iter().map(|(name, _)| name.as_str())));
        let vars = vars.into_iter().chain([&scenario.vars]).collect();
        Self { place, requests: &scenario.requests, vars, captured, has_data }
    }

    fn steps(&self, steps: &[Step], fallback: Span, problems: &mut Problems) {
        for step in steps {
            match step {
                Step::Request(call) => self.call(call, fallback, problems),
                Step::Repeat { steps, .. } | Step::Group { steps, .. } => self.steps(steps, fallback, problems),
                Step::If { condition, steps, otherwise } => {
                    for name in condition.names() {
                        if !self.captured.contains(name.as_str())
                            && !self.vars.iter().any(|vars| vars.contains_key(name))
                        {
                            let what = format!("{} asks for `vars.{name}`, which has no value there", self.place);
                            problems.add(Problem::new(fallback, what).expected("a condition of its flow"));
                        }
                    }
                    self.steps(steps, fallback, problems);
                    self.steps(otherwise, fallback, problems);
                }
                Step::Think(_) => {}
            }
        }
    }

    fn call(&self, call: &Call, fallback: Span, problems: &mut Problems) {
        let request = &self.requests[call.request];
        let span = if call.span == Span::default() { fallback } else { call.span };
        let headers = request.headers.iter().map(|header| &header.value);
        for template in std::iter::once(&request.path).chain(headers).chain(&request.body) {
            if let Err(wrong) = self.look(template, &call.vars, &mut Vec::new()) {
                let message = format!("request `{}` {wrong} in {}", request.name, self.place);
                problems.add(Problem::new(span, message).expected("sent here"));
                return;
            }
        }
    }

    /// Looks every name of a template up, and those of the variables it leads to. `path` is how it was come by.
    fn look(&self, template: &Template, own: &Vars, path: &mut Vec<String>) -> Result<(), String> {
        for Fill { value, default, .. } in template.fills() {
            match value {
                Value::Variable(name) if path.contains(name) => {
                    return Err(format!("uses `vars.{name}`, which leads back to itself,"));
                }
                Value::Variable(name) => {
                    if let Some(inner) = own.get(name).or_else(|| self.vars.iter().find_map(|vars| vars.get(name))) {
                        path.push(name.clone());
                        self.look(inner, own, path)?;
                        path.pop();
                    } else if default.is_none() && !self.captured.contains(name.as_str()) {
                        return Err(format!("needs `vars.{name}`, which has no value"));
                    }
                }
                Value::Data { feed, .. } if !self.has_data => {
                    return Err(format!("takes a row of `data.{feed}`, and there are no iterations"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
