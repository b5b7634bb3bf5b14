//! JMeter's results as CSV (JTL), with the columns that its HTML dashboard is made from.

use std::borrow::Cow;
use std::io::{self, Write};

use runlog::row::Row;

use super::concurrency::Concurrency;
use super::in_order::in_order;
use super::quoting::quoted;
use super::{ExportError, Exporter, Source, Time};

/// A sample for every row, in the order in which they began.
#[derive(Debug)]
pub struct Jtl {
    /// What `elapsed` is.
    pub time: Time,
}

const HEADER: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,\
                      bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n";

impl Exporter for Jtl {
    fn export(&self, source: &Source<'_>, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
        let manifest = &source.run.manifest;
        let table = Table {
            time: self.time,
            source,
            scenarios: manifest.scenarios.iter().map(|scenario| scenario.name.as_str()).collect(),
            labels: manifest.requests.iter().map(|request| quoted(&request.name)).collect(),
            urls: manifest.requests.iter().map(|r| quoted(&format!("{}{}", manifest.target, r.path))).collect(),
            concurrency: Concurrency::new(&source.run.engine),
        };
        out.write_all(HEADER.as_bytes())?;
        in_order(source, self.time, |worker, row| Ok(table.write(worker, row, out)?))
    }
}

/// What does not change from row to row.
struct Table<'a> {
    time: Time,
    source: &'a Source<'a>,
    scenarios: Vec<&'a str>,
    labels: Vec<String>,
    urls: Vec<String>,
    concurrency: Concurrency,
}

impl Table<'_> {
    fn write(&self, worker: u32, row: &Row, out: &mut (dyn Write + Send)) -> io::Result<()> {
        let start_ns = self.time.start_ns(row);
        let time_stamp = milliseconds(self.source.run.manifest.started_unix_ns.saturating_add(start_ns));
        let request = usize::from(row.request.0);
        let scenario = self.scenarios[usize::from(row.scenario.0)];
        let user = row.vu.map_or_else(String::new, |vu| format!("-{vu}"));
        let thread = quoted(&format!("{scenario} {worker}{user}"));
        let failure = self.failure(row);
        let (code, message) = match row.error {
            None => (Cow::from(row.status.to_string()), Cow::from("")),
            Some(error) => (
                Cow::from(format!("Non HTTP response code: {error}")),
                Cow::from(format!("Non HTTP response message: {error}")),
            ),
        };
        let threads = self.concurrency.at(start_ns);
        let before_sending = start_ns.abs_diff(Time::Service.start_ns(row));
        let latency = row.ttfb_ns.map_or(0, |ttfb| milliseconds(ttfb.saturating_add(before_sending)));
        writeln!(
            out,
            "{time_stamp},{},{},{code},{message},{thread},,{},{},{},{},{threads},{threads},{},{latency},0,{}",
            milliseconds(self.time.elapsed_ns(row)),
            self.labels[request],
            failure.is_empty(),
            quoted(&failure),
            row.bytes_received,
            row.bytes_sent,
            self.urls[request],
            milliseconds(row.connect_ns.saturating_add(row.tls_ns)),
        )
    }

    /// Why it is no success; empty where it is one. JMeter counts what asserts fail as failed, so failed checks count here.
    fn failure<'a>(&'a self, row: &Row) -> Cow<'a, str> {
        let request = self.source.request(row);
        let failed = || (0..).zip(&request.checks).filter(|&(check, _)| row.failed_checks.contains(check));
        match row.error {
            Some(error) => error.word().into(),
            None if request.has_failed(row) => format!("status {} is not one of those expected", row.status).into(),
            None if failed().next().is_some() => {
                let names: Vec<&str> = failed().map(|(_, name)| name.as_str()).collect();
                format!("failed checks: {}", names.join("; ")).into()
            }
            None => "".into(),
        }
    }
}

/// The nearest number of milliseconds.
const fn milliseconds(ns: u64) -> u64 {
    ns.saturating_add(500_000) / 1_000_000
}
