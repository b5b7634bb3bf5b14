//! vegeta's results as CSV: what `vegeta encode --to csv` writes and `vegeta report` and `vegeta plot` read.

use std::borrow::Cow;
use std::io::Write;

use super::in_order::in_order;
use super::quoting::quoted;
use super::{ExportError, Exporter, Source, Time};

/// A result for every row, numbered in the order in which they began: `vegeta plot` wants both.
///
/// Columns, without a header: Unix time in ns, status, latency in ns, bytes out, bytes in, error, body in base64, name of the
/// attack, number, method, URL, headers in base64. Bodies and headers are not in the rows, so these are empty.
#[derive(Debug)]
pub struct Vegeta {
    /// What the latency is.
    pub time: Time,
}

impl Exporter for Vegeta {
    fn export(&self, source: &Source<'_>, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
        let manifest = &source.run.manifest;
        let attack = quoted(&manifest.name);
        let targets: Vec<String> = manifest
            .requests
            .iter()
            .map(|r| format!("{},{}", quoted(&r.method), quoted(&format!("{}{}", manifest.target, r.path))))
            .collect();
        let mut number = 0_u64;
        in_order(source, self.time, |_, row| {
            let error = match row.error {
                Some(error) => Cow::from(error.word()),
                None if source.request(row).has_failed(row) => format!("unexpected status {}", row.status).into(),
                None => "".into(),
            };
            writeln!(
                out,
                "{},{},{},{},{},{error},,{attack},{number},{},",
                manifest.started_unix_ns.saturating_add(self.time.start_ns(row)),
                row.status,
                self.time.elapsed_ns(row),
                row.bytes_sent,
                row.bytes_received,
                targets[usize::from(row.request.0)],
            )?;
            number += 1;
            Ok(())
        })
    }
}
