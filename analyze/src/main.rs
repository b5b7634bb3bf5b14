//! The command line of the analysis.

use std::io::{Write, stderr};
use std::process::ExitCode;

use analyze::cli::Cli;
use clap::Parser;
use runlog::text::printable_lines;

/// Times are kept by the hundred million, and their memory is asked for by many threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let code = Cli::parse().command.run().unwrap_or_else(|failure| {
        // Nobody may be listening any more; the exit code says it all the same.
        let _ = writeln!(stderr(), "drumfire-analyze: {}", printable_lines(&failure.to_string()));
        failure.exit_code()
    });
    ExitCode::from(code)
}
