//! Where the files of this workspace are.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::path::Path;

/// The folder of this workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in the workspace's folder")
}
