//! The command `drumfire-demo`: bind, say where, serve until told to stop; or fill a database.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use drumfire_demo::{
    Arguments, Command, Failure, Options, announce, bind, router, runtime, seed, serve, stop_requested,
};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A standard error that is closed leaves nobody to tell; the exit code still says it.
            let _ = writeln!(io::stderr(), "drumfire-demo: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = &arguments.options;
    let runtime = runtime(options.threads)?;
    match &arguments.command {
        Some(Command::Seed(options)) => Ok(runtime.block_on(seed(options))?),
        None => runtime.block_on(open(options)),
    }
}

async fn open(options: &Options) -> Result<(), Failure> {
    let listener = bind(options.listen)?;
    let stop = stop_requested(options.until_stdin_closes)?;
    let shop = router(options).await?;
    announce(&listener)?;
    Ok(serve(listener, shop, stop).await?)
}
