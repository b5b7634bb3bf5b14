//! The machine that a job of GitHub Actions has for itself: steps are run one after another, each in its shell. Of the actions of
//! others only what they leave on the disk is done.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::expression::{Contexts, text_of};
use super::github::{EndedJob, EndedStep, Repository};
use super::shell::{self, LeftRunning};
use super::{clone_into, git, yaml};
use crate::scratch::Scratch;

/// What a text becomes where no `shell:` is named.
pub const SHELL: &str = "bash -e {0}";
/// The commit of an event.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What people see of a step.
pub fn name_of(step: &Value) -> String {
    step["name"].as_str().or(step["uses"].as_str()).unwrap_or("unnamed").to_owned()
}

/// The machine that a job has for itself.
pub struct Machine<'a> {
    repository: &'a Repository,
    folder: Scratch,
    contexts: Contexts,
    /// What scripts see beside what their step says.
    environment: BTreeMap<String, String>,
    steps: Vec<EndedStep>,
    left_running: LeftRunning,
}

impl<'a> Machine<'a> {
    /// One for a job with these inputs of its workflow and this entry of the matrix.
    pub fn new(repository: &'a Repository, inputs: &Map<String, Value>, matrix: &Map<String, Value>) -> Self {
        let folder = Scratch::new();
        let [workspace, temp, home] = ["workspace", "temp", "home"].map(|name| folder.join(name));
        for made in [&workspace, &temp, &home] {
            fs::create_dir_all(made).expect("a folder can be made");
        }
        let left_running = LeftRunning::of(folder.path());
        let mut environment = shell::environment(&home, &repository.kept("tools"), &left_running);
        let github = json!({
            "workspace": workspace, "event_name": "workflow_dispatch", "sha": COMMIT, "ref": "refs/heads/main", "ref_name": "main",
            "run_id": "4711", "run_attempt": "1", "repository": "acme/shop", "server_url": "https://github.example", "token": "of-the-job",
            "event": { "number": 7, "pull_request": { "head": { "sha": COMMIT } } },
        });
        let runner = json!({ "os": "Linux", "arch": "X64", "temp": temp, "tool_cache": temp });
        for (prefix, context) in [("GITHUB", &github), ("RUNNER", &runner)] {
            let values = context
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| !["event", "token"].contains(&name.as_str()));
            environment
                .extend(values.map(|(name, value)| (format!("{prefix}_{}", name.to_uppercase()), text_of(value))));
        }
        environment.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
        let contexts = json!({
            "github": github, "runner": runner, "env": {}, "steps": {}, "inputs": inputs, "matrix": matrix,
            "secrets": repository.secrets(), "vars": { "DRUMFIRE_REPOSITORY": "acme/drumfire" },
        });
        let contexts = Contexts { values: contexts.as_object().cloned().unwrap_or_default(), is_well: true };
        Self { repository, folder, contexts, environment, steps: Vec::new(), left_running }
    }

    /// Sets variables for all that follows.
    pub fn set_environment(&mut self, env: &Value) {
        let pairs = self.filled(env);
        self.environment.extend(pairs);
    }

    /// The names and values of a map of the file, filled in.
    #[track_caller]
    fn filled(&self, map: &Value) -> BTreeMap<String, String> {
        let pairs = map.as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), self.contexts.filled(&text_of(value)))).collect()
    }

    fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Writes a file of the workspace that is there already.
    #[track_caller]
    pub fn rewrite(&self, path: &str, text: &str) {
        let path = self.workspace().join(path);
        assert!(path.is_file(), "{} is in the workspace", path.display());
        fs::write(path, text).expect("a file can be written");
    }

    /// Runs a step, or passes it over. `within` is the step that it is part of, with what divides their names.
    #[track_caller]
    pub fn take(&mut self, step: &Value, within: &str, default_shell: &str) {
        let environment = self.environment.clone();
        let env = json!(environment);
        self.contexts.values.insert("env".to_owned(), env);
        let name = format!("{within}{}", name_of(step));
        let mut ended = EndedStep {
            name,
            outcome: "skipped",
            code: 0,
            log: String::new(),
            summary: String::new(),
            outputs: BTreeMap::new(),
        };
        if self.contexts.holds(step["if"].as_str()) {
            let own = self.filled(&step["env"]);
            let mut seen = environment;
            seen.extend(own.clone());
            match (step["run"].as_str(), step["uses"].as_str()) {
                (Some(script), _) => {
                    let shell = step["shell"].as_str().unwrap_or(default_shell);
                    self.shell(script, shell, seen, &mut ended);
                }
                (None, Some(action)) if action.starts_with("./") => self.composite(action, step, own, &mut ended),
                (None, Some(action)) => self.action_of_others(action, &self.filled(&step["with"]), &mut ended),
                (None, None) => panic!("a step neither runs nor uses anything: {step}"),
            }
            ended.outcome = if ended.code == 0 { "success" } else { "failure" };
        }
        self.contexts.is_well &= ended.code == 0;
        if let Some(id) = step["id"].as_str() {
            let told = json!({ "outputs": ended.outputs, "outcome": ended.outcome, "conclusion": ended.outcome });
            self.contexts.values["steps"][id] = told;
        }
        self.steps.push(ended);
    }

    /// Runs a script, and takes up what it leaves in the files that are made for that.
    #[track_caller]
    fn shell(&mut self, script: &str, shell: &str, mut seen: BTreeMap<String, String>, ended: &mut EndedStep) {
        assert!(!script.contains("${{"), "an expression would become shell text: {script}");
        let file = self.folder.join("script.sh");
        fs::write(&file, script).expect("a script can be written");
        let told = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"].map(|name| {
            let path = self.folder.join(name);
            fs::write(&path, "").expect("a file can be written");
            seen.insert(name.to_owned(), path.display().to_string());
            path
        });
        let words: Vec<String> = shell.split(' ').map(|word| word.replace("{0}", &file.to_string_lossy())).collect();
        let run = shell::run(&words, &self.workspace(), &seen);
        let [outputs, environment, path, summary] =
            told.map(|path| fs::read_to_string(path).expect("a script leaves its files as texts"));
        ended.code = run.code;
        ended.log = run.log;
        ended.summary = summary;
        ended.outputs = pairs(&outputs);
        self.environment.extend(pairs(&environment));
        for folder in path.lines() {
            let before = self.environment["PATH"].clone();
            self.environment.insert("PATH".to_owned(), format!("{folder}:{before}"));
        }
    }

    /// Runs the steps of an action of the workspace. It fails with the exit code of the first of them that fails.
    #[track_caller]
    fn composite(&mut self, action: &str, step: &Value, own: BTreeMap<String, String>, ended: &mut EndedStep) {
        let folder = self.workspace().join(action.trim_start_matches("./"));
        let described = yaml(&folder.join("action.yml"));
        let given = self.filled(&step["with"]);
        let known = described["inputs"].as_object().expect("the action has inputs");
        let unknown: Vec<&String> = given.keys().filter(|name| !known.contains_key(*name)).collect();
        assert!(unknown.is_empty(), "the action has no inputs {unknown:?}");
        let inputs = known.iter().map(|(name, input)| {
            let value = given.get(name).filter(|value| !value.is_empty()).cloned();
            (name.clone(), Value::from(value.unwrap_or_else(|| text_of(&input["default"]))))
        });

        let mut inner = self.contexts.clone();
        inner.values.insert("inputs".to_owned(), inputs.collect::<Map<_, _>>().into());
        inner.values.insert("steps".to_owned(), steps_known(&described["runs"]["steps"]));
        let outer = std::mem::replace(&mut self.contexts, inner);
        let kept = self.environment.clone();
        self.environment.extend(own.clone());
        self.environment.insert("GITHUB_ACTION_PATH".to_owned(), folder.display().to_string());
        let first = self.steps.len();
        for step in described["runs"]["steps"].as_array().expect("the action has steps") {
            self.take(step, &format!("{} / ", ended.name), SHELL);
        }
        ended.code = self.steps[first..].iter().map(|step| step.code).find(|&code| code != 0).unwrap_or(0);
        ended.outputs = described["outputs"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, output)| (name.clone(), self.contexts.filled(&text_of(&output["value"]))))
            .collect();
        self.contexts = outer;
        // What its steps have set stays; what was set for it alone does not.
        let own = own.into_keys().chain(["GITHUB_ACTION_PATH".to_owned()]);
        for name in own {
            match kept.get(&name) {
                Some(value) => self.environment.insert(name, value.clone()),
                None => self.environment.remove(&name),
            };
        }
    }

    /// Does what an action of others leaves on the disk.
    #[track_caller]
    fn action_of_others(&self, action: &str, with: &BTreeMap<String, String>, ended: &mut EndedStep) {
        let (name, _) = action.split_once('@').expect("an action has a version");
        let given = |name: &str| with.get(name).cloned().unwrap_or_default();
        match name {
            "actions/checkout" => self.check_out(&given("path")),
            "actions/cache/save" => copy(Path::new(&given("path")), &self.cached(&given("key"))),
            "actions/cache/restore" => {
                let cached = self.cached(&given("key"));
                ended.outputs.insert("cache-hit".to_owned(), cached.exists().to_string());
                if cached.exists() {
                    copy(&cached, Path::new(&given("path")));
                }
            }
            "actions/upload-artifact" => {
                let artifact = self.repository.artifact(&given("name"));
                assert!(!artifact.exists(), "there is an artefact `{}` already", given("name"));
                copy(&self.workspace().join(given("path")), &artifact);
                ended.outputs.insert("artifact-url".to_owned(), format!("https://github.example/{}", given("name")));
            }
            "actions/download-artifact" => {
                let to = self.workspace().join(given("path"));
                match given("pattern").strip_suffix('*') {
                    None => copy(&self.repository.artifact(&given("name")), &to),
                    Some(start) => {
                        let all = fs::read_dir(self.repository.artifact("")).expect("there are artefacts");
                        let names =
                            all.map(|entry| entry.expect("a folder").file_name().to_string_lossy().into_owned());
                        for name in names.filter(|name| name.starts_with(start)) {
                            copy(&self.repository.artifact(&name), &to.join(&name));
                        }
                    }
                }
            }
            _ => panic!("what `{name}` does is not known here"),
        }
    }

    /// A clone, whose origin is one that stays behind when the machine is gone.
    fn check_out(&self, path: &str) {
        let origin = self.repository.kept("origin");
        if !origin.exists() {
            clone_into(&origin);
            // Branches are pushed to it.
            git(&origin, &["checkout", "--quiet", "--detach"]);
        }
        let folder = self.workspace().join(path);
        git(&self.workspace(), &["clone", "--quiet", &origin.to_string_lossy(), &folder.to_string_lossy()]);
    }

    fn cached(&self, key: &str) -> PathBuf {
        assert!(!key.is_empty(), "a cache has a key");
        self.repository.kept("cache").join(key)
    }

    /// The job's end.
    pub fn ended(self) -> EndedJob {
        drop(self.left_running);
        EndedJob { folder: self.folder, is_well: self.contexts.is_well, steps: self.steps }
    }
}

/// The ids of steps that nothing is known of yet.
fn steps_known(steps: &Value) -> Value {
    let ids = steps.as_array().into_iter().flatten().filter_map(|step| step["id"].as_str());
    ids.map(|id| (id.to_owned(), json!({ "outputs": {}, "outcome": "" }))).collect::<Map<_, _>>().into()
}

/// `NAME=VALUE`, one a line.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("no `NAME=VALUE`: {line}"));
        (name.to_owned(), value.to_owned())
    };
    text.lines().map(pair).collect()
}

/// Copies a folder, or a file into a folder.
#[track_caller]
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    if from.is_file() {
        fs::copy(from, to.join(from.file_name().expect("a file has a name"))).expect("a file can be copied");
        return;
    }
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("a file can be copied");
        }
    }
}
