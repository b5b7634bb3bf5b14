//! A server that says when requests came, as the kernel saw it: what a load generator says of its own punctuality is
//! worth little without.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Parser;
use drumfire_benches::serve::{self, Stamped};

/// Answers requests without bodies until standard input closes, then writes down when each came.
///
/// Listens on a free port of loopback, which it says on standard output, as `listening on http://ADDRESS`. At its end it
/// says `N arrivals`.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The file for the arrivals: a line for each, in ns since 1970 by the kernel's receive timestamp.
    #[arg(long, value_name = "FILE", requires = "most")]
    arrivals: Option<PathBuf>,
    /// How many arrivals there will be at most: memory for them is taken at the start. More are counted, not kept.
    #[arg(long, value_name = "N", default_value_t = 0)]
    most: usize,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut stamped = Stamped::new(options.most);
    serve::until_stdin_closes(&mut stamped, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")?;
    if let Some(path) = &options.arrivals {
        ensure!(stamped.unstamped() == 0, "the kernel did not stamp {} arrivals", stamped.unstamped());
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut file = BufWriter::new(file);
        for arrival in stamped.arrivals() {
            writeln!(file, "{arrival}")?;
        }
        file.flush()?;
    }
    // Whoever started it may be gone; what was stamped is in the file.
    let _ = writeln!(io::stdout(), "{} arrivals", stamped.count());
    Ok(())
}
