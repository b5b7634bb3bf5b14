//! `drumfire-analyze completions`: what makes a shell complete the command line.

use clap::Args;
use clap_complete::Shell;

use super::print;
use crate::failure::Failure;
use crate::{exit, manual};

/// `drumfire-analyze completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Where it cannot be written.
pub fn run(asked: &CompletionsArgs) -> Result<u8, Failure> {
    print(&manual::completions(asked.shell)).map(|()| exit::PASSED)
}
