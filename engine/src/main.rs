//! The command line of the engine: what was asked for, done, and told in an exit code.

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;
use engine::cli::{Cli, Command};
use engine::command::{self, Outcome};
use runlog::text::printable_lines;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(run) => command::run(&run),
        Command::Hit(hit) => command::hit(&hit),
        Command::Check(check) => command::check(&check),
        Command::Ctl(ctl) => command::ctl(&ctl),
        Command::Schema => Ok(command::schema()),
        Command::Import(import) => command::import(&import),
        Command::Demo(demo) => engine::demo::demo(&demo),
        Command::Doctor(doctor) => Ok(command::doctor(&doctor)),
        Command::Completions(completions) => Ok(command::completions(&completions)),
        Command::Man(man) => command::man(&man),
    };
    let (code, message) = match outcome {
        Ok(Outcome { exit_code, text }) => (exit_code, text),
        Err(failure) => (failure.exit_code(), printable_lines(&failure.to_string())),
    };
    if !message.is_empty() {
        // Nobody may be listening any more; the exit code says it all the same.
        let _ = writeln!(stderr(), "{}", message.trim_end());
    }
    ExitCode::from(code)
}
