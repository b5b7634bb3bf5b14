//! The command `drumfire-demo`: bind, say where, serve until told to stop.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use drumfire_demo::{Failure, Options, announce, bind, router, runtime, serve, stop_requested};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A standard error that is closed leaves nobody to tell; the exit code still says it.
            let _ = writeln!(io::stderr(), "drumfire-demo: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    runtime(options.threads)?.block_on(async {
        let listener = bind(options.listen)?;
        let stop = stop_requested(options.until_stdin_closes)?;
        let shop = router(options)?;
        announce(&listener)?;
        Ok(serve(listener, shop, stop).await?)
    })
}
