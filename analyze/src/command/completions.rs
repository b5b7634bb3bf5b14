//! `drumfire-analyze completions`: what makes a shell complete the command line.

use clap::{Args, Command};
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

/// Prints the script for the program.
///
/// # Errors
/// Where it cannot be written.
pub fn run(asked: &CompletionsArgs, mut program: Command) -> Result<u8, Failure> {
    print(&manual::completions(&mut program, asked.shell)).map(|()| exit::PASSED)
}
