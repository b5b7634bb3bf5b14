//! Pipelines as GitHub and GitLab would run them: what their files say is taken apart, and the shell in it is run by a shell, on a
//! clean clone of this checkout, with the environment that a runner would give it and nothing else.
//!
//! Compiling is left out: `cargo` on its path puts the programs that are built already where `cargo build` would.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

mod expression;
pub mod github;
pub mod gitlab;
mod machine;
mod shell;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

pub use self::shell::Ended;
use crate::program::built;
use crate::workspace::root;

/// A file of YAML.
#[track_caller]
pub fn yaml(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A clean clone of this checkout, on a branch `main`; what has been changed since the last commit is a commit of its own.
#[track_caller]
pub fn clone_into(folder: &Path) {
    let root = root();
    git(Path::new("/"), &["clone", "--quiet", &root.to_string_lossy(), &folder.to_string_lossy()]);
    let changed = git(root, &["diff", "--name-only", "-z", "HEAD"]);
    let added = git(root, &["ls-files", "-z", "--others", "--exclude-standard"]);
    for changed in changed.split('\0').chain(added.split('\0')) {
        let (from, to) = (root.join(changed), folder.join(changed));
        if from.is_file() {
            fs::create_dir_all(to.parent().expect("a file is in a folder")).expect("a folder can be made");
            fs::copy(from, to).expect("a file can be copied");
        } else if to.is_file() {
            fs::remove_file(to).expect("a file can be removed");
        }
    }
    git(folder, &["checkout", "--quiet", "-B", "main"]);
    git(folder, &["add", "--all"]);
    let author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    git(folder, &[&author[..], &["commit", "--quiet", "--allow-empty", "--message", "As it is now"]].concat());
}

/// What git says.
#[track_caller]
pub fn git(within: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").current_dir(within).args(arguments).output().expect("git can be started");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Writes programs that stand for what a test cannot or shall not do, into a folder: `cargo`, which takes the one command that
/// pipelines give it, and `gh`, which notes in `gh.txt` beside it what it was asked.
fn write_stand_ins(folder: &Path) {
    let own = built("drumfire").unwrap_or_else(|missing| panic!("{missing}"));
    let programs = own.parent().expect("a program is in a folder").display().to_string();
    let cargo = format!(
        r#"#!/usr/bin/env bash
set -euo pipefail
[ "$1 $2 $3 $4 $6" = 'build --release --locked --manifest-path --target-dir' ] || exit 101
grep --quiet 'members = ' "$5"
mkdir -p "$7/release"
for package in "${{@:8}}"; do
    grep --quiet "^name = \"${{package#--package=}}\"$" "$(dirname "$5")"/*/Cargo.toml
    program="$7/release/${{package#--package=}}"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "{programs}/${{package#--package=}}" > "$program"
    chmod +x "$program"
done
echo 'stand-in for cargo: built' >&2
"#
    );
    let gh = format!("#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" > '{}'\n", folder.join("gh.txt").display());
    shell::write_program(&folder.join("cargo"), &cargo);
    shell::write_program(&folder.join("gh"), &gh);
}
