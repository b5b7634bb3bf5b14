//! GitHub Actions: jobs of the workflows, and what comes of them.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::machine::{Machine, SHELL, name_of};
use super::{git, write_stand_ins, yaml};
use crate::scratch::Scratch;
use crate::workspace::root;

/// A repository on GitHub, with what its jobs share: artefacts, the cache, and where branches are pushed to.
#[derive(Debug)]
pub struct Repository {
    scratch: Scratch,
    secrets: Map<String, Value>,
}

impl Repository {
    /// One whose jobs see these secrets.
    pub fn new(secrets: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        write_stand_ins(&scratch.join("tools"));
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        Self { scratch, secrets }
    }

    /// A job of a workflow of `integrations/github/workflows`.
    #[track_caller]
    pub fn job(&self, workflow: &str, name: &str) -> Job<'_> {
        let workflow = yaml(&root().join("integrations/github/workflows").join(workflow));
        let described = workflow["jobs"][name].clone();
        assert!(described["steps"].is_array(), "the workflow has no job `{name}`");
        self.job_of(workflow, described)
    }

    /// A job of one step, which uses the action with these inputs.
    pub fn action(&self, with: &[(&str, &str)]) -> Job<'_> {
        let with: Map<String, Value> =
            with.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let steps = json!([
            { "uses": "actions/checkout@" },
            { "name": "Load", "uses": "./integrations/github", "with": with },
        ]);
        self.job_of(json!({}), json!({ "steps": steps }))
    }

    fn job_of(&self, workflow: Value, described: Value) -> Job<'_> {
        let declared = workflow["on"]["workflow_dispatch"]["inputs"].as_object().into_iter().flatten();
        let inputs = declared.map(|(name, input)| (name.clone(), input["default"].clone())).collect();
        let (matrix, with, files) = (Map::new(), Map::new(), BTreeMap::new());
        Job { repository: self, workflow, described, inputs, matrix, with, files, environment: BTreeMap::new() }
    }

    /// A folder that outlives the jobs: what is kept for them.
    pub(super) fn kept(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    pub(super) const fn secrets(&self) -> &Map<String, Value> {
        &self.secrets
    }

    /// Where an artefact is, as it was uploaded.
    pub fn artifact(&self, name: &str) -> PathBuf {
        self.scratch.join("artifacts").join(name)
    }

    /// What `gh` was asked, a word a line.
    #[track_caller]
    pub fn asked_of_gh(&self) -> String {
        fs::read_to_string(self.scratch.join("tools/gh.txt")).expect("gh was asked for something")
    }

    /// What git says of the repository that branches are pushed to.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.scratch.join("origin"), arguments)
    }
}

/// A job that is to be run.
#[derive(Debug)]
pub struct Job<'a> {
    repository: &'a Repository,
    workflow: Value,
    described: Value,
    inputs: Map<String, Value>,
    matrix: Map<String, Value>,
    with: Map<String, Value>,
    files: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
}

impl Job<'_> {
    /// Sets an input of the workflow, as somebody does who starts it by hand.
    #[must_use]
    pub fn input(mut self, name: &str, value: &str) -> Self {
        assert!(self.inputs.contains_key(name), "the workflow has no input `{name}`");
        self.inputs.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Which job of the matrix it is.
    #[must_use]
    pub fn matrix(mut self, entry: &Value) -> Self {
        self.matrix.clone_from(entry.as_object().expect("an entry of a matrix has names"));
        self
    }

    /// Sets an input of the action in the step `Load`, beside what the workflow says: loads of tests are short.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.with.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Has another text in a file of the workspace from the step `Load` on, as if that were what is in the repository.
    #[must_use]
    pub fn file(mut self, path: &str, text: String) -> Self {
        self.files.insert(path.to_owned(), text);
        self
    }

    /// Sets a variable of the job in place of what the workflow says.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Runs it.
    #[track_caller]
    pub fn run(self) -> EndedJob {
        self.run_with(|_| {})
    }

    /// Runs it, and does something before each step, which is told by its name.
    #[track_caller]
    pub fn run_with(self, mut before: impl FnMut(&str)) -> EndedJob {
        let mut machine = Machine::new(self.repository, &self.inputs, &self.matrix);
        machine.set_environment(&self.workflow["env"]);
        machine.set_environment(&self.described["env"]);
        machine.set_environment(&json!(self.environment));
        let default = self.workflow["defaults"]["run"]["shell"].as_str().unwrap_or(SHELL).to_owned();
        for step in self.described["steps"].as_array().expect("a job has steps") {
            let mut step = step.clone();
            let name = name_of(&step);
            if name == "Load" {
                let with = step["with"].as_object_mut().expect("the load is told what to do");
                with.extend(self.with.clone());
                self.files.iter().for_each(|(path, text)| machine.rewrite(path, text));
            }
            before(&name);
            machine.take(&step, "", &default);
        }
        machine.ended()
    }
}

/// A step that has come to its end.
#[derive(Debug, Clone)]
pub struct EndedStep {
    /// Its name, behind that of the step whose action it is part of: `Load / Measure`.
    pub name: String,
    /// `success`, `failure` or `skipped`.
    pub outcome: &'static str,
    /// The exit code of its shell.
    pub code: i32,
    /// What it wrote.
    pub log: String,
    /// What it put into the summary of the job.
    pub summary: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// A job that has come to its end. Its folder is gone with it.
#[derive(Debug)]
pub struct EndedJob {
    pub(super) folder: Scratch,
    /// Whether it has succeeded.
    pub is_well: bool,
    pub(super) steps: Vec<EndedStep>,
}

impl EndedJob {
    /// A step by its name.
    #[track_caller]
    pub fn step(&self, name: &str) -> &EndedStep {
        let step = self.steps.iter().find(|step| step.name == name);
        step.unwrap_or_else(|| panic!("no step `{name}` was reached\n{}", self.account()))
    }

    /// A file in the job's workspace, as a path that an output names.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.join("workspace").join(path)
    }

    /// The summary of the whole job.
    pub fn summary(&self) -> String {
        self.steps.iter().map(|step| step.summary.as_str()).collect()
    }

    /// Asserts that it has succeeded.
    #[track_caller]
    pub fn assert_well(&self) -> &Self {
        assert!(self.is_well, "the job failed\n{}", self.account());
        self
    }

    /// What a person would want to see of it when a test fails.
    pub fn account(&self) -> String {
        let of_step =
            |step: &EndedStep| format!("{} ({}, code {})\n{}\n", step.name, step.outcome, step.code, step.log);
        self.steps.iter().map(of_step).collect::<String>() + &self.summary()
    }
}
