//! Scripts of k6: their options, and the requests that are written so that nothing has to run to see them.
//!
//! In: JavaScript. Out: a draft with the options' scenarios and thresholds, and a flow for each function that they call.
//! Whatever would have to be run (conditions, loops, values of answers) is noted with its line.

mod checks;
mod connection;
mod fields;
mod options;
mod script;
mod thresholds;

use std::collections::HashSet;
use std::ops::Range;

use self::options::Scenario;
use self::script::{Script, Step as Does};
use super::javascript::tokens::{Kind, Piece, Token, tokens};
use super::javascript::{Constants, Node, Reader};
use super::sent::Sent;
use super::{Draft, Flow, Step, Value, Wrong, address, names};

/// Where a script says nothing of a target.
const NO_TARGET: &str = "http://127.0.0.1:8080";
/// The most steps of a flow that is put together of functions.
const MOST_STEPS: usize = 1000;
/// Keys that make an object the options of a script that exports none.
const OPTIONS: [&str; 5] = ["stages", "scenarios", "vus", "duration", "iterations"];

/// What stands at the outside of a script.
#[derive(Default)]
struct Outside {
    constants: Constants,
    /// Names of those that are exported, in the order of the script.
    exported: Vec<String>,
    /// Functions with the tokens of their bodies.
    bodies: Vec<(String, Range<usize>)>,
}

/// Makes a draft of a script.
pub(super) fn draft(source: &str) -> Result<Draft, Wrong> {
    let tokens = tokens(source);
    if tokens.is_empty() {
        return Err(Wrong::new(None, "there is no script"));
    }
    let mut draft = Draft::new("Made from a script of k6 by `drumfire import k6`.");
    let outside = outside(source, &tokens);
    let options = options(&outside, &mut draft);
    let scenarios = options::scenarios(options, &mut draft);
    note_what_nobody_reads(&tokens, &outside, &mut draft);
    let script = script::script(source, &tokens, &outside.constants, &outside.bodies, &mut draft);
    let names = requests(&script, &mut draft);
    flows(&script, &names, scenarios, &mut draft);
    if let Some((_, node)) =
        options.and_then(Node::object).unwrap_or_default().iter().find(|(key, _)| key == "thresholds")
    {
        add_thresholds(node, &mut draft);
    }
    Ok(draft)
}

/// The options that a script exports; without them an exported object that looks like them.
fn options<'a>(outside: &'a Outside, draft: &mut Draft) -> Option<&'a Node> {
    if let Some(node) = outside.constants.get("options") {
        if node.object().is_none() {
            draft.note(node.line, "`options` is no literal and not carried over");
        }
        return Some(node);
    }
    let is_alike = |node: &Node| {
        node.object().is_some_and(|entries| entries.iter().any(|(key, _)| OPTIONS.contains(&key.as_str())))
    };
    let found = outside
        .exported
        .iter()
        .find_map(|name| Some((name, outside.constants.get(name)?)).filter(|(_, node)| is_alike(node)));
    if let Some((name, node)) = found {
        draft.note(node.line, format!("this script exports no `options`: `{name}` is taken for them"));
        return Some(node);
    }
    draft.note(None, "this script exports no `options`: one virtual user goes through it once, as in k6");
    None
}

/// Finds the constants and functions at the outside of a script.
fn outside(source: &str, tokens: &[Token]) -> Outside {
    let mut outside = Outside::default();
    let word = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let is_sign = |at: usize, wanted: &str| {
        tokens.get(at).is_some_and(|token| matches!(token.kind, Kind::Sign(sign) if sign == wanted))
    };
    let mut at = 0;
    while at < tokens.len() {
        let is_exported = at > 0 && word(at - 1) == Some("export");
        match word(at) {
            Some("const" | "let" | "var") if is_sign(at + 2, "=") => {
                let Some(name) = word(at + 1) else { break };
                let mut reader = Reader::new(source, tokens, at + 3, &outside.constants);
                let node = reader.value();
                let end = reader.at;
                if is_function(&tokens[(at + 3).min(end)..end]) {
                    outside.bodies.push((names::plain(name, "function"), body(tokens, at + 3..end)));
                } else {
                    outside.exported.extend(is_exported.then(|| name.to_owned()));
                    outside.constants.insert(name.to_owned(), node);
                }
                at = end;
            }
            Some("function") => {
                let is_default = at > 0 && word(at - 1) == Some("default");
                let name = if is_default { "default" } else { word(at + 1).unwrap_or_default() };
                let open = (at..tokens.len()).find(|at| is_sign(*at, "(")).unwrap_or(tokens.len());
                let open = (behind(tokens, open)..tokens.len()).find(|at| is_sign(*at, "{")).unwrap_or(tokens.len());
                let end = behind(tokens, open);
                outside.bodies.push((names::plain(name, "function"), open..end));
                at = end;
            }
            Some("default")
                if is_exported && !matches!(word(at + 1), Some("function")) && word(at + 2) != Some("function") =>
            {
                let mut reader = Reader::new(source, tokens, at + 1, &outside.constants);
                reader.value();
                let end = reader.at.max(at + 1);
                outside.bodies.push(("default".to_owned(), body(tokens, at + 1..end)));
                at = end;
            }
            _ if is_sign(at, "{") || is_sign(at, "(") || is_sign(at, "[") => at = behind(tokens, at),
            _ => at += 1,
        }
    }
    outside
}

/// Whether these are the tokens of a function: `function …`, `async …`, `(…) => …`, `x => …`.
fn is_function(tokens: &[Token]) -> bool {
    match tokens.first().map(|token| &token.kind) {
        Some(Kind::Word(word)) if word == "function" => true,
        Some(Kind::Word(word)) if word == "async" => is_function(&tokens[1..]),
        Some(Kind::Word(_)) => tokens.get(1).is_some_and(|token| token.kind == Kind::Sign("=>")),
        Some(Kind::Sign("(")) => tokens.get(behind(tokens, 0)).is_some_and(|token| token.kind == Kind::Sign("=>")),
        _ => false,
    }
}

/// The body of a function: what stands behind its arrow, or the whole where the word `function` begins it.
fn body(tokens: &[Token], function: Range<usize>) -> Range<usize> {
    let is_word = |token: &Token| matches!(&token.kind, Kind::Word(word) if word == "function");
    if tokens[function.clone()].iter().take(2).any(is_word) {
        return function;
    }
    let arrow = tokens[function.clone()].iter().position(|token| token.kind == Kind::Sign("=>"));
    function.start + arrow.map_or(0, |at| at + 1)..function.end
}

/// The token behind the bracket that closes the one at `open`.
fn behind(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Sign("{" | "(" | "[") => depth += 1,
            Kind::Sign("}" | ")" | "]") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Notes modules, metrics and the environment of a script, and functions that k6 itself calls.
fn note_what_nobody_reads(tokens: &[Token], outside: &Outside, draft: &mut Draft) {
    let mut variables = HashSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let kind = |behind: usize| tokens.get(at + behind).map(|token| &token.kind);
        match (&token.kind, kind(1), kind(2)) {
            (Kind::Word(word), Some(Kind::Text(pieces)), _) if word == "from" || word == "import" => {
                if let [Piece::Plain(module)] = pieces.as_slice()
                    && !matches!(module.as_str(), "k6" | "k6/http" | "k6/metrics")
                {
                    draft.note(token.line, format!("what the module `{module}` does is not carried over"));
                }
            }
            (Kind::Word(word), Some(Kind::Word(metric)), Some(Kind::Sign("(")))
                if word == "new" && matches!(metric.as_str(), "Counter" | "Gauge" | "Rate" | "Trend") =>
            {
                draft.note(token.line, format!("a metric of the script itself (`{metric}`) is not carried over"));
            }
            (Kind::Word(word), Some(Kind::Sign(".")), Some(Kind::Word(name)))
                if word == "__ENV" && name != "BASE_URL" && variables.insert(name) =>
            {
                let hint = format!("where it belongs, write `${{{name}:-…}}`");
                draft.note(
                    token.line,
                    format!("`__ENV.{name}` is not carried over, but for a default behind it: {hint}"),
                );
            }
            _ => {}
        }
    }
    for (name, body) in &outside.bodies {
        if matches!(name.as_str(), "setup" | "teardown" | "handleSummary") {
            let line = tokens.get(body.start).map(|token| token.line);
            draft.note(line, format!("`{name}()` is not carried over"));
        }
    }
    let is_read = |at: usize| outside.bodies.iter().any(|(_, body)| body.contains(&at));
    for (at, pair) in tokens.windows(4).enumerate() {
        if let [Kind::Word(http), Kind::Sign("."), Kind::Word(function), Kind::Sign("(")] =
            [&pair[0].kind, &pair[1].kind, &pair[2].kind, &pair[3].kind]
            && http == "http"
            && !is_read(at)
        {
            draft.note(pair[0].line, format!("http.{function}(…) is left out: it stands in no function that is read"));
        }
    }
}

/// Adds the requests of a script to the draft. Returns their names by the places of the calls.
fn requests(script: &Script, draft: &mut Draft) -> Vec<Option<String>> {
    let origins = script.calls.iter().filter_map(|call| call.origin.as_deref());
    let origin = address::most_frequent(origins).map(str::to_owned);
    if origin.is_none() && script.calls.iter().any(|call| call.origin.is_none()) {
        draft.note(None, format!("the script does not say what its base URL is: here it is {NO_TARGET}"));
    }
    draft.set_target(origin.as_deref().unwrap_or(NO_TARGET));
    let mut names = Vec::with_capacity(script.calls.len());
    for call in &script.calls {
        let other = call.origin.as_ref().filter(|other| Some(*other) != origin.as_ref());
        let place = match other {
            Some(other) => {
                let target = origin.as_deref().unwrap_or(NO_TARGET);
                draft.note(call.sent.line, format!("the request to {other} is left out: the target is {target}"));
                None
            }
            None => draft.add(&call.sent),
        };
        names.push(place.map(|place| {
            draft.requests[place].checks.clone_from(&call.checks);
            draft.requests[place].name.clone()
        }));
    }
    names
}

/// Adds a flow for each function that a scenario calls, and those of requests that nobody calls.
fn flows(script: &Script, names: &[Option<String>], scenarios: Vec<Scenario>, draft: &mut Draft) {
    let mut reached = HashSet::new();
    for Scenario { name, exec, load, common } in scenarios {
        if !draft.flows.iter().any(|flow| flow.name == exec) {
            let steps = steps(script, names, &exec, draft, &mut reached);
            draft.flows.push(Flow { name: exec.clone(), steps });
        }
        let mut table = vec![("name".to_owned(), Value::literal(&name))];
        table.extend(load);
        table.push(("flow".to_owned(), Value::literal(&exec)));
        table.extend(common);
        draft.scenarios.push(table);
    }
    for function in script.functions.iter().filter(|function| !reached.contains(&function.name)) {
        let is_asking = function.steps.iter().any(|step| matches!(step, Does::Request(_)));
        if is_asking && !draft.flows.iter().any(|flow| flow.name == function.name) {
            let steps = steps(script, names, &function.name, draft, &mut HashSet::new());
            draft.note(None, format!("the flow `{}` is here, but no scenario goes through it", function.name));
            draft.flows.push(Flow { name: function.name.clone(), steps });
        }
    }
}

/// The steps of a function and of those that it calls, beginning with a request.
fn steps(
    script: &Script,
    names: &[Option<String>],
    function: &str,
    draft: &mut Draft,
    reached: &mut HashSet<String>,
) -> Vec<Step> {
    let mut expansion = Expansion { script, names, reached, callers: Vec::new(), steps: Vec::new(), left: MOST_STEPS };
    expansion.function(function);
    let (mut steps, is_cut) = (expansion.steps, expansion.left == 0);
    if is_cut {
        draft.note(None, format!("the flow `{function}` is cut short: it has more than {MOST_STEPS} steps"));
    }
    let Some(first) = steps.iter().position(|step| matches!(step, Step::Request(_))) else {
        draft.note(None, format!("no request of `{function}` could be read: a request to / stands for them"));
        let known = draft.requests.iter().position(|request| request.name == "placeholder");
        let placeholder =
            Sent { name: "placeholder".to_owned(), method: "GET".to_owned(), path: "/".to_owned(), ..Sent::default() };
        let place = known.or_else(|| draft.add(&placeholder));
        let name = place.map(|place| draft.requests[place].name.clone()).unwrap_or_default();
        steps.insert(0, Step::Request(name));
        return steps;
    };
    // A flow begins with a request: who has thought before will have thought behind.
    if first > 0 {
        draft.note(
            None,
            format!("the flow `{function}` begins with a request: what it thought before stands at its end"),
        );
    }
    steps.rotate_left(first);
    steps
}

/// A function with those that it calls on its way to become one row of steps.
struct Expansion<'a> {
    script: &'a Script,
    names: &'a [Option<String>],
    /// The functions that were gone through.
    reached: &'a mut HashSet<String>,
    /// Those that are gone through now.
    callers: Vec<String>,
    steps: Vec<Step>,
    /// How many steps, calls among them, there is room for.
    left: usize,
}

impl Expansion<'_> {
    fn function(&mut self, name: &str) {
        /// The deepest chain of functions.
        const DEEPEST: usize = 16;
        let script = self.script;
        let Some(function) = script.functions.iter().find(|function| function.name == name) else { return };
        if self.callers.len() == DEEPEST || self.callers.iter().any(|caller| caller == name) {
            return;
        }
        self.reached.insert(name.to_owned());
        self.callers.push(name.to_owned());
        for step in &function.steps {
            let Some(left) = self.left.checked_sub(1) else { break };
            self.left = left;
            match step {
                Does::Request(call) => self.steps.extend(self.names[*call].clone().map(Step::Request)),
                Does::Think(time) => self.steps.push(Step::Think(time.clone())),
                Does::Call(other) => self.function(other),
            }
        }
        self.callers.pop();
    }
}

fn add_thresholds(node: &Node, draft: &mut Draft) {
    let scenarios = draft.scenarios.clone();
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    let mut names = Vec::new();
    let mut tags = draft.tags.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect::<Vec<_>>();
    for (key, value) in scenarios.iter().flatten() {
        match (key.as_str(), value) {
            ("name", value) => names.extend(text(value)),
            ("tags", Value::Table(table)) => {
                tags.extend(table.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))));
            }
            _ => {}
        }
    }
    let known = thresholds::Known {
        scenarios: names.iter().map(String::as_str).collect(),
        tags: tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    thresholds::add(node, &known, draft);
}
