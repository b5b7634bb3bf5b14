//! `drumfire-analyze export`: a run for other tools.

use std::io::{self, BufWriter, Write, stderr, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use runlog::units::Thousands;

use crate::exit;
use crate::export::{AskedError, ExportError, Exporter, Format, Source, Time};
use crate::failure::Failure;
use crate::load;
use crate::load::progress::Progress;
use crate::output;

/// How much is written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// `drumfire-analyze export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Run directory, or a folder with the shards of one load
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Where to write it; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What to write [default: by the ending of FILE]
    #[arg(long)]
    format: Option<Format>,
    /// Which time stands where the format has room for one [default: service; response in a .hlog]
    #[arg(long)]
    time: Option<Time>,
}

/// Writes the run, whole or not at all.
///
/// # Errors
/// Where the format is not clear, the run cannot be read or the file not be written.
pub fn run(asked: &ExportArgs) -> Result<u8, Failure> {
    let format = asked.format.or_else(|| Format::of_file(&asked.output));
    let format = format.ok_or_else(|| AskedError::NoFormat(asked.output.clone()))?;
    let exporter = format.exporter(asked.time).ok_or(AskedError::BothTimes)?;
    let run = load::open(&asked.run)?;
    let torn_lines = Progress::of_reading(&run.rows).show(|progress| {
        let source = Source { run: &run, progress: Some(progress) };
        if asked.output == Path::new("-") {
            to_stdout(&*exporter, &source)
        } else {
            to_file(&*exporter, &source, &asked.output)
        }
    })?;
    if torn_lines > 0 {
        // Nobody may be listening any more.
        let lines = Thousands(torn_lines);
        let _ = writeln!(stderr(), "{lines} last lines without an end, as a killed engine leaves, were passed over");
    }
    Ok(exit::PASSED)
}

/// That nobody reads on (`| head`) is no failure.
fn to_stdout(exporter: &dyn Exporter, source: &Source<'_>) -> Result<u64, Failure> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, stdout());
    let exported = exporter.export(source, &mut out).and_then(|torn_lines| {
        out.flush()?;
        Ok(torn_lines)
    });
    match exported {
        Err(ExportError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(ExportError::Write(error)) => Err(Failure::Output(error)),
        Err(ExportError::Read(error)) => Err(error.into()),
        Ok(torn_lines) => Ok(torn_lines),
    }
}

fn to_file(exporter: &dyn Exporter, source: &Source<'_>, path: &Path) -> Result<u64, Failure> {
    let exported = output::write_whole(path, |file| {
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let torn_lines = exporter.export(source, &mut out)?;
        out.flush()?;
        Ok(torn_lines)
    });
    exported.map_err(|error| match error {
        ExportError::Write(source) => Failure::Write { path: path.to_owned(), source },
        ExportError::Read(error) => error.into(),
    })
}
