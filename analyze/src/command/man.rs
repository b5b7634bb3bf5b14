//! `drumfire-analyze man`: the manual.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};

use super::{print, write};
use crate::failure::Failure;
use crate::{exit, manual};

/// `drumfire-analyze man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write every page into this folder, which is made where it is missing [default: only the program's own page,
    /// to standard output]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints the program's page, or writes all and says where they are.
///
/// # Errors
/// Where a page cannot be written.
pub fn run(asked: &ManArgs, program: Command) -> Result<u8, Failure> {
    let pages = manual::pages(program);
    let Some(folder) = &asked.out else { return print(pages[0].1.as_bytes()).map(|()| exit::PASSED) };
    fs::create_dir_all(folder).map_err(|source| Failure::Write { path: folder.clone(), source })?;
    for (file, text) in &pages {
        write(&folder.join(file), text.as_bytes())?;
    }
    print(format!("{} pages in {}\n", pages.len(), folder.display()).as_bytes()).map(|()| exit::PASSED)
}
