//! The command line: what can be written, read into units. What it means is said elsewhere.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use runlog::tags::Tags;
use runlog::units::{Nanos, Rate};

use crate::control;
use crate::import::Kind;
use crate::publish;
use crate::scenario::target::{Family, Lookup, TlsVersion};
use crate::scenario::{Arrival, destination, http, limits, secrets};
use crate::worker::Pacing;

/// Finds out how much load an HTTP service takes, and writes a row for every request.
#[derive(Debug, Parser)]
#[command(name = "drumfire", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = include_str!("help/drumfire.txt"))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the engine does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario file
    #[command(after_help = include_str!("help/run.txt"))]
    Run(Run),
    /// Load one URL, without a file: the same request again and again
    #[command(after_help = include_str!("help/hit.txt"))]
    Hit(Box<Hit>),
    /// Say what a scenario would do, without sending anything
    #[command(after_help = include_str!("help/check.txt"))]
    Check(Check),
    /// Look at a running load, pause it, scale its rate or stop it
    #[command(after_help = include_str!("help/ctl.txt"))]
    Ctl(Ctl),
    /// Print the JSON Schema of a scenario file, for editors
    #[command(after_help = include_str!("help/schema.txt"))]
    Schema,
    /// Make a scenario file from what another tool wrote
    #[command(after_help = include_str!("help/import.txt"))]
    Import(Import),
    /// Start the demo shop and run the smoke scenario on it
    #[command(after_help = include_str!("help/demo.txt"))]
    Demo(Demo),
    /// Say what on this machine would hurt a measurement, and what mends it
    #[command(after_help = include_str!("help/doctor.txt"))]
    Doctor(Doctor),
    /// Print what makes a shell complete commands, flags and their values
    #[command(after_help = include_str!("help/completions.txt"))]
    Completions(Completions),
    /// Print or write the manual: a page for each command
    #[command(after_help = include_str!("help/man.txt"))]
    Man(Man),
}

/// `drumfire run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario file
    pub scenario: PathBuf,
    /// What changes the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// How it is run.
    #[command(flatten)]
    pub output: Output,
}

/// `drumfire check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The scenario file
    pub scenario: PathBuf,
    /// What changes the scenario.
    #[command(flatten)]
    pub changes: Changes,
}

/// `drumfire ctl`.
#[derive(Debug, Args)]
pub struct Ctl {
    /// The run directory, or the control socket in it
    pub run: PathBuf,
    /// What it is to do [default: status]
    #[command(subcommand)]
    pub command: Option<CtlCommand>,
    /// Print the answer as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

/// What a running load can be asked for.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum CtlCommand {
    /// Say how it is doing
    Status,
    /// Send nothing new until it is resumed; what is on its way comes to its end
    Pause,
    /// Go on where it was paused
    Resume,
    /// Multiply the scheduled arrival rate from now on; 1 is as the schedule says
    Rate {
        /// From 0.01 to 100, such as 1.5 or 150%
        #[arg(value_name = "X", value_parser = control::factor)]
        factor: f64,
    },
    /// Stop it in order, as Ctrl-C does
    Stop,
}

impl From<CtlCommand> for control::Request {
    fn from(command: CtlCommand) -> Self {
        match command {
            CtlCommand::Status => Self::Status,
            CtlCommand::Pause => Self::Pause,
            CtlCommand::Resume => Self::Resume,
            CtlCommand::Rate { factor } => Self::Rate(factor),
            CtlCommand::Stop => Self::Stop,
        }
    }
}

/// `drumfire import`.
#[derive(Debug, Args)]
pub struct Import {
    /// What kind of text it is
    #[arg(value_enum)]
    pub kind: Kind,
    /// The file, `-` for standard input; a curl command also as it is
    pub input: String,
    /// The scenario file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there already
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// `drumfire demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The run directory [default: a new one in runs/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `drumfire doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The folder that runs are written to, or will be
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// `drumfire completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `drumfire man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write every page into this folder, which is made where it is missing [default: only the program's own page,
    /// to standard output]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// What a command line changes of a scenario file.
#[derive(Debug, Args)]
pub struct Changes {
    /// The value of ${NAME} in the scenario; comes before the environment's; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<Pair>,
    /// Multiply all durations of the schedules: 0.1 is ten times as short
    #[arg(long, value_name = "X", default_value = "1", value_parser = scale)]
    pub time_scale: f64,
    /// Multiply all arrival rates and numbers of virtual users: 0.1 is a tenth of the load
    #[arg(long, value_name = "X", default_value = "1", value_parser = scale)]
    pub rate_scale: f64,
}

impl Changes {
    /// The variables by their names; of two with the same name the later one.
    pub fn vars(&self) -> BTreeMap<String, String> {
        self.vars.iter().map(|Pair(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// How something is run, and what is kept of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The run")]
pub struct Output {
    /// The run directory [default: a new one in runs/]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The processors to run on, such as 0,2-5 [default: all that are allowed]
    #[arg(long, value_name = "LIST")]
    pub cores: Option<Cores>,
    /// Makes the same requests at the same scheduled times as a run with the same seed [default: by chance]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// A tag of the whole run, to tell runs apart by; may be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub tags: Vec<Pair>,
    /// What punctuality is worth: how long before an arrival is due a core stays awake for it
    #[arg(long, value_enum, default_value_t)]
    pub pacing: Pacing,
    /// No progress, only the result
    #[arg(long)]
    pub quiet: bool,
    /// Who is told while it runs.
    #[command(flatten)]
    pub publishing: Publishing,
}

/// Who is told of a run while it lasts.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Live metrics")]
pub struct Publishing {
    /// Let Prometheus scrape figures at this port of this machine while the load runs; 0.0.0.0:PORT lets others as well
    #[arg(long, value_name = "ADDRESS", value_parser = publish::parse_address)]
    pub metrics: Option<SocketAddr>,
    /// When the load is over, wait so long for its last figures to be scraped
    #[arg(long, value_name = "DURATION", requires = "metrics", value_parser = positive_duration)]
    pub metrics_linger: Option<Nanos>,
    /// Send them to this receiver of Prometheus' remote write every five seconds; headers are taken from DRUMFIRE_REMOTE_WRITE_HEADERS
    #[arg(long, value_name = "URL")]
    pub remote_write: Option<String>,
    /// Send them to this receiver of OTLP over HTTP every five seconds; headers are taken from OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

impl Output {
    /// The tags by their names; of two with the same name the later one.
    pub fn tags(&self) -> Tags {
        self.tags.iter().map(|Pair(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// `drumfire hit`.
#[derive(Debug, Args)]
pub struct Hit {
    /// Where to, such as http://127.0.0.1:8080/api/products
    #[arg(value_parser = http::parse_url)]
    pub url: http::Url,
    /// How many connections at once; with --rate, at most so many [default: 50, with --rate 512]
    #[arg(short, long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=limits::MOST_CONNECTIONS.into()))]
    pub connections: Option<u32>,
    /// How long the load goes on [default: 10s, with --requests until they are sent]
    #[arg(short, long, value_parser = positive_duration)]
    pub duration: Option<Nanos>,
    /// Requests a second that do not wait for answers, such as 2000/s [default: each connection asks again when it is
    /// answered]
    #[arg(short, long, value_parser = positive_rate)]
    pub rate: Option<Rate>,
    /// How the arrivals of --rate are spaced
    #[arg(long, value_enum, default_value = "even", requires = "rate")]
    pub arrival: Arrival,
    /// Stop after so many requests
    #[arg(short = 'n', long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub requests: Option<u64>,
    /// The method [default: GET, with --body POST]
    #[arg(short = 'X', long, value_parser = method)]
    pub method: Option<String>,
    /// A header of the request; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<Pair>,
    /// The body of the request
    #[arg(short, long)]
    pub body: Option<String>,
    /// Requests on their way over each connection at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<u32>::new().range(1..=limits::DEEPEST_PIPELINE.into()))]
    pub pipeline: u32,
    /// How long an answer may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = positive_duration)]
    pub timeout: Nanos,
    /// How connections are made.
    #[command(flatten)]
    pub connection: Connection,
    /// How it is run.
    #[command(flatten)]
    pub output: Output,
}

/// How connections are made, and what becomes of them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connections")]
pub struct Connection {
    /// Take any certificate
    #[arg(long, conflicts_with = "ca_cert")]
    pub insecure: bool,
    /// Certificates (PEM) that are trusted in place of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// The certificate (PEM) that is shown to the server
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// The key (PEM) of that certificate
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// The name that is asked for (SNI) and that the certificate must have [default: the URL's host]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// The lowest version of TLS that will do
    #[arg(long, value_name = "VERSION", value_enum, default_value = "1.2")]
    pub tls_min: TlsVersion,
    /// Make a whole TLS handshake for every connection
    #[arg(long)]
    pub no_resumption: bool,
    /// The address of a host, in place of a look-up; may be repeated
    #[arg(long, value_name = "HOST:PORT=ADDRESS", value_parser = override_of)]
    pub resolve: Vec<((String, u16), SocketAddr)>,
    /// When the name is looked up: once, per-connection, or every so often (30s)
    #[arg(long, value_name = "WHEN", default_value = "once", value_parser = lookup)]
    pub dns: Lookup,
    /// Which of the host's addresses are used
    #[arg(long, value_enum, default_value = "any")]
    pub ip: Family,
    /// An address of this machine that connections start from; several are taken in turns
    #[arg(long, value_name = "ADDRESS")]
    pub source: Vec<IpAddr>,
    /// An HTTP proxy that is asked for tunnels, such as http://127.0.0.1:3128
    #[arg(long, value_name = "URL", value_parser = destination::parse_proxy)]
    pub proxy: Option<http::Url>,
    /// How long opening a connection may take [default: as long as an answer]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub connect_timeout: Option<Nanos>,
    /// How long the TLS handshake may take [default: as long as an answer]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub tls_timeout: Option<Nanos>,
    /// How long the first byte of an answer may take [default: as long as the whole]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub first_byte_timeout: Option<Nanos>,
    /// Close a connection after so many requests
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..))]
    pub requests_per_connection: Option<u32>,
    /// Close so many connections a second between requests
    #[arg(long, value_name = "RATE", value_parser = positive_rate)]
    pub churn: Option<Rate>,
    /// Open all connections before the load begins
    #[arg(long)]
    pub warm_up: bool,
}

/// A name with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair(pub String, pub String);

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self(name.to_owned(), value.to_owned())),
            _ => Err(format!("`{text}` is not written as NAME=VALUE")),
        }
    }
}

/// Processors by their numbers, ascending, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(pub Vec<usize>);

impl FromStr for Cores {
    type Err = String;

    /// Numbers and ranges with commas between: `0,2-5`.
    fn from_str(text: &str) -> Result<Self, String> {
        /// No Linux has more; the bound keeps a slip of the finger from filling the memory.
        const HIGHEST: usize = 8191;
        let error = || format!("`{text}` is not a list of processors: write one such as `0,2-5`");
        let number = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<usize>().ok().filter(|&number| plain && number <= HIGHEST).ok_or_else(error)
        };
        let mut cores = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = (number(from)?, number(to)?);
            if from > to {
                return Err(format!("`{part}` is empty: the lower number comes first"));
            }
            cores.extend(from..=to);
        }
        cores.sort_unstable();
        let twice = cores.iter().zip(cores.iter().skip(1)).find(|(core, next)| core == next);
        if let Some((core, _)) = twice {
            return Err(format!("processor {core} is there twice"));
        }
        Ok(Self(cores))
    }
}

fn scale(text: &str) -> Result<f64, String> {
    /// Beyond that it is another scenario.
    const BOUNDS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
    match text.parse::<f64>() {
        Ok(factor) if BOUNDS.contains(&factor) => Ok(factor),
        _ => Err(format!("`{text}` is no factor: write a number above zero, such as `0.1` or `2`")),
    }
}

fn positive_duration(text: &str) -> Result<Nanos, String> {
    let span: Nanos = text.parse().map_err(|error: runlog::units::UnitError| error.to_string())?;
    if span == Nanos::ZERO {
        return Err("it must be above zero".to_owned());
    }
    if span > limits::LONGEST_TIME { Err("it is longer than a year".to_owned()) } else { Ok(span) }
}

fn positive_rate(text: &str) -> Result<Rate, String> {
    let rate: Rate = text.parse().map_err(|error: runlog::units::UnitError| error.to_string())?;
    if rate.as_per_second() <= 0.0 {
        return Err("it must be above zero".to_owned());
    }
    if rate.as_per_second() > limits::HIGHEST_RATE { Err("at most 10,000,000/s".to_owned()) } else { Ok(rate) }
}

fn override_of(text: &str) -> Result<((String, u16), SocketAddr), String> {
    let (host, address) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not written as HOST:PORT=ADDRESS, such as `shop.example:443=127.0.0.1`"))?;
    Ok((destination::parse_host_and_port(host)?, destination::parse_address(address)?))
}

fn lookup(text: &str) -> Result<Lookup, String> {
    match text {
        "once" => Ok(Lookup::Once),
        "per-connection" => Ok(Lookup::PerConnection),
        _ => positive_duration(text).map(Lookup::Every),
    }
}

fn tag(text: &str) -> Result<Pair, String> {
    let pair: Pair = text.parse()?;
    limits::check_tag(&pair.0, &pair.1)?;
    Ok(pair)
}

fn method(text: &str) -> Result<String, String> {
    http::check_method(text).map(|()| text.to_owned())
}

fn header(text: &str) -> Result<Pair, String> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| format!("`{text}` is not written as `Name: value`, such as `Accept: text/html`"))?;
    let value = value.trim_matches([' ', '\t']);
    http::check_header(name, value).map(|()| Pair(name.to_owned(), value.to_owned()))
}

/// A command line as it may be kept: the secrets of its variables, headers, bodies and URLs taken out.
pub fn redacted(command: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut before = String::new();
    command
        .into_iter()
        .map(|word| {
            let (flag, value) = attached(&word).unwrap_or((before.as_str(), word.as_str()));
            let start = &word[..word.len() - value.len()];
            let shown = format!("{start}{}", redacted_value(flag, value));
            before = word;
            shown
        })
        .collect()
}

/// The flag and the value of a word that holds both: `--var=A=b`, `-HName:value`.
fn attached(word: &str) -> Option<(&str, &str)> {
    match word.strip_prefix("--") {
        Some(_) => word.split_once('='),
        None if word.starts_with('-') && word.is_char_boundary(2) && word.len() > 2 => Some(word.split_at(2)),
        None => None,
    }
}

fn redacted_value(flag: &str, value: &str) -> String {
    match flag {
        "--var" => match value.split_once('=') {
            Some((name, _)) if secrets::is_secret(name) => format!("{name}={}", secrets::REDACTED),
            Some((name, value)) => format!("{name}={}", secrets::redact_place(value)),
            None => value.to_owned(),
        },
        "-H" | "--header" => match value.split_once(':') {
            Some((name, value)) => format!("{name}: {}", secrets::redact_header(name, value.trim())),
            None => value.to_owned(),
        },
        "-b" | "--body" => secrets::redact_body(value),
        "--remote-write" | "--otlp" => publish::redacted(value),
        _ => secrets::redact_place(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn processors_are_numbers_and_ranges() {
        assert_eq!("0,2-5".parse(), Ok(Cores(vec![0, 2, 3, 4, 5])));
        assert_eq!("3, 1".parse(), Ok(Cores(vec![1, 3])));
        for text in ["", "a", "1-", "-1", "5-2", "1,1", "0-99999999999", "0-9000", "+1"] {
            assert!(text.parse::<Cores>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_wrong_flag_is_named_with_what_would_be_right() {
        for (flags, wanted) in [
            (["-d", "10"], "a duration with its unit"),
            (["-r", "100"], "a rate with its unit"),
            (["-r", "0/s"], "above zero"),
            (["-c", "0"], "1..=1000000"),
            (["-n", "0"], "not in 1.."),
            (["-X", "get"], "write `GET`"),
            (["-H", "Accept"], "`Name: value`"),
            (["-H", "Content-Length: 3"], "follows from the body"),
            (["--cores", "x"], "`0,2-5`"),
            (["--tag", "tier"], "NAME=VALUE"),
            (["--arrival", "poisson"], "--rate"),
        ] {
            let words = ["drumfire", "hit", "http://h/", flags[0], flags[1]];
            let error = Cli::try_parse_from(words).expect_err(flags[1]);
            assert!(error.to_string().contains(wanted), "{flags:?}: {error}");
            assert_eq!(error.exit_code(), 2);
        }
        let error = Cli::try_parse_from(["drumfire", "hit", "localhost:8080"]).expect_err("no scheme").to_string();
        assert!(error.contains("http://127.0.0.1:8080"), "{error}");
    }

    #[test]
    fn a_command_line_is_kept_without_its_secrets() {
        let words = ["drumfire", "hit", "http://h/?token=a&b=c", "-H", "Authorization: Bearer x", "-b", "password=x"];
        assert_eq!(
            redacted(words.map(str::to_owned)).join(" "),
            "drumfire hit http://h/?token=[redacted]&b=c -H Authorization: Bearer [redacted] -b password=[redacted]"
        );
        let words =
            ["run", "--var", "API_TOKEN=x", "--var=SECRET=y", "--var", "A=b", "-HCookie: x", "--header=X-Api-Key:y"];
        assert_eq!(
            redacted(words.map(str::to_owned)).join(" "),
            "run --var API_TOKEN=[redacted] --var=SECRET=[redacted] --var A=b -HCookie: [redacted] --header=X-Api-Key: [redacted]"
        );
        let words = [
            "run",
            "--var",
            "DATABASE_URL=postgres://me:a/b:c@db:5432/shop?password=x",
            "--var=DB=postgres://me:x@db/shop?sslmode=off",
            "--var=AT=host=db user=me password=x dbname=shop",
            "--proxy",
            "http://me:x@proxy:3128",
        ];
        assert_eq!(
            redacted(words.map(str::to_owned)).join(" "),
            "run --var DATABASE_URL=postgres://me:[redacted]@db:5432/shop?password=[redacted] \
             --var=DB=postgres://me:[redacted]@db/shop?sslmode=off \
             --var=AT=host=db user=me password=[redacted] dbname=shop --proxy http://me:[redacted]@proxy:3128"
        );
    }
}
