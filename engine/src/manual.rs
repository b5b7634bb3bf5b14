//! The manual: what shells and readers are told of the command line, made from its definition.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// What stands at the foot of every page.
const SOURCE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
/// Stands where pages have a date: an empty one would be left out, and what is behind it be taken for it.
const NO_DATE: &str = "NO_DATE";

/// What makes a shell complete the command line of a program.
pub fn completions(program: &mut Command, shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, program, env!("CARGO_PKG_NAME"), &mut script);
    script
}

/// A page for the program, which is the first, and for each of its commands: what its file is called, such as
/// `drumfire-run.1`, and what is in it.
pub fn pages(program: Command) -> Vec<(String, String)> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    std::iter::once(&program).chain(program.get_subcommands()).map(page).collect()
}

/// What stands below the options in the help is one section of clap's page, filled like prose; here its blocks are sections,
/// and its lines stay lines.
fn page(command: &Command) -> (String, String) {
    let manual = Man::new(command.clone()).date(NO_DATE).source(SOURCE).manual("Drumfire");
    let mut text = Vec::new();
    // Memory takes whatever is written to it.
    let _ = manual.render(&mut text);
    let text = String::from_utf8_lossy(&text)
        .replace(NO_DATE, "\"\"")
        .replace("\n.SH EXTRA\nExamples:\n", "\n.SH EXAMPLES\n.nf\n")
        .replace("\n\nExit codes:\n", "\n.fi\n.SH EXIT STATUS\n.nf\n")
        .replace("\n.SH VERSION\n", "\n.fi\n.SH VERSION\n");
    (manual.get_filename(), text)
}
