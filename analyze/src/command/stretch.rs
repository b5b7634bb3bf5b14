//! Which part of a run is looked at: `--from` and `--to`.

use clap::Args;
use runlog::tally::Stretch;
use runlog::units::Nanos;

/// A stretch of a run.
#[derive(Debug, Args)]
pub struct StretchArgs {
    /// Only rows scheduled from here on, since the run's beginning: 30s
    #[arg(long, value_name = "TIME", default_value = "0s", hide_default_value = true)]
    from: Nanos,
    /// Only rows scheduled before: 2m30s
    #[arg(long, value_name = "TIME")]
    to: Option<Nanos>,
}

impl StretchArgs {
    /// As it was written.
    pub fn stretch(&self) -> Stretch {
        Stretch { from: self.from, to: self.to.unwrap_or(Stretch::WHOLE.to) }
    }
}
