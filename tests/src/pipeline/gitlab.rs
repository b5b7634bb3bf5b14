//! GitLab CI: a job, with what it extends and the variables it is given.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::shell::{self, Ended, LeftRunning};
use super::{clone_into, write_stand_ins, yaml};
use crate::scratch::Scratch;
use crate::workspace::root;

/// A project on GitLab whose jobs share a folder, as far as artefacts carry it from one to the next.
#[derive(Debug)]
pub struct Project {
    scratch: Scratch,
    file: Value,
    variables: BTreeMap<String, String>,
}

impl Project {
    /// A clean clone of this checkout, which has Drumfire in itself, with these variables.
    pub fn new(variables: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        write_stand_ins(&scratch.join("tools"));
        let folder = scratch.join("project");
        clone_into(&folder);
        let mut all = BTreeMap::from([
            ("CI_PROJECT_DIR".to_owned(), folder.display().to_string()),
            ("CI_COMMIT_SHA".to_owned(), "0123456789abcdef0123456789abcdef01234567".to_owned()),
            ("CI_PIPELINE_ID".to_owned(), "4711".to_owned()),
            ("DRUMFIRE_REPOSITORY".to_owned(), folder.display().to_string()),
        ]);
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let file = yaml(&root().join("integrations/gitlab/drumfire.gitlab-ci.yml"));
        Self { scratch, file, variables: all }
    }

    /// A file of the project.
    pub fn file(&self, path: &str) -> PathBuf {
        self.scratch.join("project").join(path)
    }

    /// A job with all that it extends.
    #[track_caller]
    pub fn job(&self, name: &str) -> Map<String, Value> {
        let own = self.file[name].as_object().unwrap_or_else(|| panic!("there is no job `{name}`")).clone();
        match own.get("extends").and_then(Value::as_str) {
            None => own,
            Some(base) => with(self.job(base), own),
        }
    }

    /// Runs a job, with these variables in place of its own.
    #[track_caller]
    pub fn run(&self, name: &str, instead: &[(&str, &str)]) -> Ended {
        self.run_as(name, &[], instead)
    }

    /// Runs a job which GitLab tells this of itself, with these variables in place of its own.
    #[track_caller]
    pub fn run_as(&self, name: &str, told: &[(&str, &str)], instead: &[(&str, &str)]) -> Ended {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let job = self.job(name);
        let left_running = LeftRunning::of(self.scratch.path());
        let mut environment = shell::environment(self.scratch.path(), &self.scratch.join("tools"), &left_running);
        environment.extend(self.variables.clone());
        environment.extend(told.iter().map(pair));
        for (name, value) in job.get("variables").and_then(Value::as_object).into_iter().flatten() {
            let value = with_variables(value.as_str().expect("a variable is a text"), &environment);
            environment.insert(name.clone(), value);
        }
        environment.extend(instead.iter().map(pair));
        let lines = ["before_script", "script"]
            .map(|part| job.get(part).and_then(Value::as_array).cloned().unwrap_or_default());
        let script: Vec<String> =
            lines.iter().flatten().map(|line| line.as_str().expect("a line").to_owned()).collect();
        let file = self.scratch.write("script.sh", &script.join("\n"));
        let words = ["bash", "-eo", "pipefail"].map(str::to_owned).into_iter().chain([file.display().to_string()]);
        shell::run(&words.collect::<Vec<_>>(), &self.file(""), &environment)
    }

    /// All JUnit files that a job's artefacts name, as they lie in the project.
    pub fn junit(&self) -> Vec<PathBuf> {
        let runs = fs::read_dir(self.file("runs")).into_iter().flatten().flatten();
        runs.map(|run| run.path().join("junit.xml")).filter(|path| path.is_file()).collect()
    }
}

/// What a job says goes over what it extends; maps are put together.
fn with(mut base: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in own {
        match (base.get_mut(&name), value) {
            (Some(Value::Object(under)), Value::Object(over)) => *under = with(under.clone(), over),
            (_, value) => _ = base.insert(name, value),
        }
    }
    base
}

/// A value with `$NAME` filled in; what is not set is empty.
fn with_variables(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut parts = text.split('$');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        filled.push_str(variables.get(&part[..end]).map_or("", String::as_str));
        filled.push_str(&part[end..]);
    }
    filled
}
