//! The functions of a script of k6: what they ask for, one after another.

use std::collections::{HashMap, HashSet};

use super::super::javascript::tokens::{Kind, Piece, Token};
use super::super::javascript::{Constants, Literal, Node, Reader};
use super::super::sent::Sent;
use super::super::{Draft, address, duration};
use super::checks;
use crate::scenario::Escape;

/// A function of a script.
pub(super) struct Function {
    /// `default` for the one that is exported so.
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// What a function does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A request by its place in `Script::calls`.
    Request(usize),
    /// A think time as a scenario writes it.
    Think(String),
    /// Another function.
    Call(String),
}

/// A request that a script sends.
pub(super) struct Call {
    /// Where to; `None` for whatever the script calls its base URL.
    pub(super) origin: Option<String>,
    pub(super) sent: Sent,
    pub(super) checks: Vec<(String, String)>,
}

/// A script as far as it is understood.
pub(super) struct Script {
    pub(super) functions: Vec<Function>,
    pub(super) calls: Vec<Call>,
}

/// Words behind which something happens perhaps, or more than once.
const BRANCHES: [&str; 6] = ["if", "for", "while", "do", "switch", "try"];

/// Reads the functions of a script. `bodies` are their names with their tokens.
pub(super) fn script(
    source: &str,
    tokens: &[Token],
    constants: &Constants,
    bodies: &[(String, std::ops::Range<usize>)],
    draft: &mut Draft,
) -> Script {
    let names = bodies.iter().map(|(name, _)| name.as_str()).collect();
    let mut script = Script { functions: Vec::new(), calls: Vec::new() };
    for (name, body) in bodies {
        let reading = Reading {
            source,
            tokens,
            constants: constants.clone(),
            names: &names,
            answers: HashMap::new(),
            steps: Vec::new(),
            calls: &mut script.calls,
            draft,
            at: body.start,
        };
        let steps = reading.steps(body.end);
        script.functions.push(Function { name: name.clone(), steps });
    }
    script
}

struct Reading<'a> {
    source: &'a str,
    tokens: &'a [Token],
    /// Those of the script and of the function so far.
    constants: Constants,
    /// The functions there are.
    names: &'a HashSet<&'a str>,
    /// Names of answers → their calls.
    answers: HashMap<String, usize>,
    steps: Vec<Step>,
    calls: &'a mut Vec<Call>,
    draft: &'a mut Draft,
    at: usize,
}

impl Reading<'_> {
    fn word(&self, at: usize) -> Option<&str> {
        match &self.tokens.get(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is_sign(&self, at: usize, wanted: &str) -> bool {
        matches!(self.tokens.get(at).map(|token| &token.kind), Some(Kind::Sign(sign)) if *sign == wanted)
    }

    /// Whether the value at a place, a function's, holds a request.
    fn asks(&self, at: usize) -> bool {
        let mut reader = Reader::new(self.source, self.tokens, at, &self.constants);
        if self.is_sign(at, "{") {
            reader.at = super::behind(self.tokens, at);
        } else {
            drop(reader.value());
        }
        (at..reader.at).any(|at| self.word(at) == Some("http"))
    }

    fn arguments(&self, at: usize) -> Vec<Node> {
        Reader::new(self.source, self.tokens, at, &self.constants).arguments()
    }

    /// The steps up to a token.
    fn steps(mut self, end: usize) -> Vec<Step> {
        let mut branches = Vec::new();
        while self.at < end {
            let line = self.tokens[self.at].line;
            let Some(word) = self.word(self.at).map(str::to_owned) else {
                if self.is_sign(self.at, "=>") && self.asks(self.at + 1) {
                    branches.push((line, "a function in a function".to_owned()));
                }
                self.at += 1;
                continue;
            };
            let is_own = self.at == 0 || !self.is_sign(self.at - 1, ".");
            let is_call = self.is_sign(self.at + 1, "(");
            match word.as_str() {
                "http" if is_own && self.is_sign(self.at + 1, ".") => self.http(line),
                "const" => self.constant(),
                "sleep" if is_own && is_call => self.sleep(line),
                "check" if is_own && is_call => self.check(line),
                "group" if is_own && is_call => self.draft.note(line, "`group` is not carried over: what is inside is"),
                name if is_own && is_call && self.names.contains(name) => self.steps.push(Step::Call(word)),
                name if BRANCHES.contains(&name) => branches.push((line, format!("`{name}`"))),
                name if is_own && is_call && self.tokens[self.at].begins_line && name != "function" => {
                    self.draft.note(line, format!("`{name}(…)` is not carried over"));
                }
                _ => {}
            }
            self.at += 1;
        }
        if self.steps.iter().any(|step| matches!(step, Step::Request(_))) {
            for (line, what) in branches {
                self.draft.note(line, format!("{what} is not carried over: what is inside happens once, every time"));
            }
        }
        self.steps
    }

    /// `const NAME = …` within a function.
    fn constant(&mut self) {
        let Some(name) = self.word(self.at + 1).map(str::to_owned) else { return };
        if self.is_sign(self.at + 2, "=") {
            let node = Reader::new(self.source, self.tokens, self.at + 3, &self.constants).value();
            self.constants.insert(name, node);
        }
    }

    fn sleep(&mut self, line: usize) {
        /// A day.
        const LONGEST_SECONDS: f64 = 86_400.0;
        let arguments = self.arguments(self.at + 2);
        let fits = |seconds: &f64| (0.0..=LONGEST_SECONDS).contains(seconds);
        let think = match arguments.first().map(|node| (&node.value, node.number())) {
            Some((_, Some(seconds))) if fits(&seconds) => Some(duration(seconds)),
            Some((Literal::Unknown(text), _)) => between(text)
                .filter(|(from, to)| fits(from) && fits(to) && from <= to)
                .map(|(from, to)| format!("{}..{}", duration(from), duration(to))),
            _ => None,
        };
        match think {
            Some(think) if think != "0s" => self.steps.push(Step::Think(think)),
            Some(_) => {}
            None => self.draft.note(line, "this `sleep` is not carried over: its time is no literal"),
        }
    }

    /// `check(answer, { 'name': … })`.
    fn check(&mut self, line: usize) {
        let arguments = self.arguments(self.at + 2);
        let answer = arguments.first().and_then(|node| match &node.value {
            Literal::Unknown(name) => self.answers.get(name.as_str()).copied(),
            _ => None,
        });
        let (Some(call), Some(entries)) = (answer, arguments.get(1).and_then(Node::object)) else {
            self.draft.note(line, "this `check` is not carried over: it is not plain of which request");
            return;
        };
        for (name, node) in entries {
            match checks::check(name, node) {
                Ok(check) if self.calls[call].checks.len() < runlog::row::FailedChecks::MOST => {
                    self.calls[call].checks.push((name.clone(), check));
                }
                Ok(_) => self.draft.note(node.line, format!("the check `{name}` is left out: there are too many")),
                Err(reason) => self.draft.note(node.line, format!("the check `{name}` is left out: {reason}")),
            }
        }
    }

    /// `http.get(…)` and the like.
    fn http(&mut self, line: usize) {
        let Some(function) = self.word(self.at + 2).map(str::to_owned) else { return };
        if !self.is_sign(self.at + 3, "(") {
            return;
        }
        let mut arguments = self.arguments(self.at + 4).into_iter();
        let method = match function.as_str() {
            "get" | "head" | "post" | "put" | "patch" | "options" => function.to_ascii_uppercase(),
            "del" => "DELETE".to_owned(),
            "request" => match arguments.next().as_ref().and_then(Node::text) {
                Some(method) => method.to_ascii_uppercase(),
                None => return self.draft.note(line, "this `http.request` is left out: its method is no literal"),
            },
            _ => return self.draft.note(line, format!("`http.{function}` is not carried over")),
        };
        let url = arguments.next();
        let Some((origin, path)) = url.as_ref().and_then(target) else {
            let shown = url.map(|node| node.shown()).unwrap_or_default();
            let shown = super::super::sent::shown_path(&shown);
            return self.draft.note(line, format!("http.{function}({shown}) is left out: its URL is no literal"));
        };
        let mut sent = Sent { line: Some(line), method, path, ..Sent::default() };
        let body = if matches!(function.as_str(), "get" | "head") { None } else { arguments.next() };
        let is_form = body.is_some_and(|body| self.body(&body, &mut sent));
        if let Some(params) = arguments.next() {
            self.params(&params, &mut sent);
        }
        if is_form && sent.header("content-type").is_none() {
            sent.headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        }
        self.calls.push(Call { origin, sent, checks: Vec::new() });
        let call = self.calls.len() - 1;
        if let (Some(name), true) =
            (self.at.checked_sub(2).and_then(|at| self.word(at)), self.is_sign(self.at - 1, "="))
        {
            self.answers.insert(name.to_owned(), call);
        }
        self.steps.push(Step::Request(call));
    }

    /// Takes what is sent with a request. Returns whether it is a form.
    fn body(&mut self, node: &Node, sent: &mut Sent) -> bool {
        let mut unknown = Vec::new();
        match &node.value {
            Literal::Null => {}
            Literal::Object(_) => {
                let json = node.json(&mut unknown);
                // k6 sends an object as the fields of a form.
                if let Some(form) = json.as_ref().filter(|_| unknown.is_empty()).and_then(form_of) {
                    sent.body = Some(form);
                    return true;
                }
                let what =
                    "k6 would send this object as a form, which has no place for what is within it: here it is JSON";
                self.draft.note(node.line, what);
                sent.json = json;
            }
            Literal::Stringified(inside) => sent.json = inside.json(&mut unknown),
            _ => match node.text() {
                Some(text) => sent.body = Some(text.to_owned()),
                None => unknown.push((node.line, node.shown())),
            },
        }
        for (line, shown) in unknown {
            self.draft.note(line, format!("`{shown}` in a body is no literal and left out"));
        }
        false
    }

    /// `{ headers: { … }, tags: { name: … } }`.
    fn params(&mut self, node: &Node, sent: &mut Sent) {
        let Some(entries) = node.object() else {
            if node.value != Literal::Null {
                self.draft.note(node.line, format!("the parameters `{}` are no literal and left out", node.shown()));
            }
            return;
        };
        for (key, node) in entries {
            match (key.as_str(), node.object()) {
                ("headers", Some(headers)) => self.headers(headers, sent),
                ("tags", Some([(name, node)])) if name == "name" && node.text().is_some() => {
                    node.text().unwrap_or_default().clone_into(&mut sent.name);
                }
                _ => self.draft.note(node.line, format!("the parameter `{key}` of a request is not carried over")),
            }
        }
    }

    fn headers(&mut self, headers: &[(String, Node)], sent: &mut Sent) {
        for (name, node) in headers {
            let is_secret = crate::scenario::secrets::is_secret(name);
            match (node.text(), &node.value) {
                (Some(text), _) => sent.headers.push((name.clone(), text.to_owned())),
                // A secret becomes a variable whatever it is.
                (None, Literal::Text(_) | Literal::Unknown(_)) if is_secret => {
                    sent.headers.push((name.clone(), node.shown().replace(char::is_control, " ")));
                }
                _ => self.draft.note(node.line, format!("the header `{name}` is left out: its value is no literal")),
            }
        }
    }
}

/// Where a URL leads: an origin of its own, or the one of the script's base URL; and the path.
fn target(url: &Node) -> Option<(Option<String>, String)> {
    let Literal::Text(pieces) = &url.value else { return None };
    match pieces.as_slice() {
        [Piece::Plain(text)] if text.starts_with('/') => Some((None, address::path(text))),
        [Piece::Plain(text)] => {
            let address = address::parse(text).ok().filter(|_| text.contains("://"))?;
            Some((Some(address.origin), address.path))
        }
        [Piece::Expression(_)] => Some((None, "/".to_owned())),
        [Piece::Expression(_), Piece::Plain(path)] if path.starts_with(['/', '?']) => Some((None, address::path(path))),
        _ => None,
    }
}

/// The bounds of `randomIntBetween(1, 5)` and the like, in seconds.
fn between(text: &str) -> Option<(f64, f64)> {
    let (name, rest) = text.trim().split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let (from, to) = inside.split_once(',')?;
    let is_between = name.to_ascii_lowercase().contains("between");
    is_between.then_some((from.trim().parse().ok()?, to.trim().parse().ok()?))
}
/// An object as the fields of a form; `None` where something stands within something.
fn form_of(object: &serde_json::Value) -> Option<String> {
    let fields = object.as_object()?.iter().map(|(name, value)| {
        let mut field = String::new();
        Escape::Percent.write_text(name, &mut field);
        field.push('=');
        let text = match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => value.to_string(),
            _ => return None,
        };
        Escape::Percent.write_text(&text, &mut field);
        Some(field)
    });
    fields.collect::<Option<Vec<_>>>().map(|fields| fields.join("&"))
}
