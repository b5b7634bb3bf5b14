//! The formats, and which of them is asked for.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use runlog::text::printable_path;

use super::{Exporter, Hlog, Jtl, K6, Parquet, Time, Vegeta};

/// What a run can be exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every row and column, manifest and samples: nothing is lost (.parquet)
    Parquet,
    /// JMeter's results as CSV, for its HTML dashboard (.jtl)
    Jtl,
    /// What `vegeta encode --to csv` writes (.vegeta.csv)
    Vegeta,
    /// What `k6 run --summary-export` writes (.k6.json)
    K6,
    /// HdrHistogram's interval log, version 2, an interval a second for each request (.hlog)
    Hlog,
}

impl Format {
    /// The endings of files that name a format.
    const ENDINGS: [(&'static str, Self); 5] = [
        (".parquet", Self::Parquet),
        (".jtl", Self::Jtl),
        (".vegeta.csv", Self::Vegeta),
        (".k6.json", Self::K6),
        (".hlog", Self::Hlog),
    ];

    /// The format that the name of a file asks for.
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        Self::ENDINGS.into_iter().find_map(|(ending, format)| name.ends_with(ending).then_some(format))
    }

    /// What writes it, with this time or the one that users of the format would expect: the service time, which is what
    /// other tools measure, but the response time in a histogram log, which is compared with no other tool. `None` where a
    /// time was asked for and the format has both.
    pub fn exporter(self, time: Option<Time>) -> Option<Box<dyn Exporter>> {
        let or = |usual| time.unwrap_or(usual);
        Some(match self {
            Self::Parquet if time.is_some() => return None,
            Self::Parquet => Box::new(Parquet),
            Self::Jtl => Box::new(Jtl { time: or(Time::Service) }),
            Self::Vegeta => Box::new(Vegeta { time: or(Time::Service) }),
            Self::K6 => Box::new(K6 { time: or(Time::Service) }),
            Self::Hlog => Box::new(Hlog { time: or(Time::Response) }),
        })
    }
}

/// Why a run cannot be exported as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum AskedError {
    /// The ending says nothing.
    #[error(
        "the name `{}` does not say what to write: let it end in .parquet, .jtl, .vegeta.csv, .k6.json or .hlog, or add \
         --format",
        printable_path(.0)
    )]
    NoFormat(PathBuf),
    /// The format has room for both times.
    #[error("a Parquet file has every time of every row: leave --time out")]
    BothTimes,
}
