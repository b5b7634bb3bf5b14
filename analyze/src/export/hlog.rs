//! HdrHistogram's interval log, version 2: an interval a second for each request, which any tool of that family reads, and
//! which can be merged with others of its kind.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriter, IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};
use runlog::manifest::Request;

use super::in_order::in_order;
use super::{ExportError, Exporter, Source, Time};

/// Times of answers in nanoseconds, to three digits, by the second in which they began; each request has its tag.
#[derive(Debug)]
pub struct Hlog {
    /// Which time is counted.
    pub time: Time,
}

/// A day. Longer times are counted as that.
const LONGEST_NS: u64 = 86_400_000_000_000;
/// Values are known to a thousandth, as in Drumfire's own histograms.
const DIGITS: u8 = 3;
const SECOND_NS: u64 = 1_000_000_000;
/// The longest time of an interval is written in milliseconds, as Java's `HistogramLogWriter` does.
const NS_PER_MS: f64 = 1e6;

impl Exporter for Hlog {
    fn export(&self, source: &Source<'_>, mut out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
        let manifest = &source.run.manifest;
        let began = UNIX_EPOCH + Duration::from_nanos(manifest.started_unix_ns);
        let about = format!("[Drumfire {}: {} in nanoseconds]", manifest.drumfire_version, self.time.words());
        let mut serializer = V2DeflateSerializer::new();
        let mut log = IntervalLogWriterBuilder::new()
            .add_comment(&about)
            .add_comment("[Histogram log format version 1.3]")
            .with_start_time(began)
            .with_base_time(began)
            .with_max_value_divisor(NS_PER_MS)
            .begin_log_with(&mut out, &mut serializer)?;
        let mut interval = Interval::new(&manifest.requests)?;
        let torn_lines = in_order(source, self.time, |_, row| {
            let second = self.time.start_ns(row) / SECOND_NS;
            if second != interval.second {
                interval.write(&mut log)?;
                interval.second = second;
            }
            if let Some(time_ns) = self.time.of_answer_ns(row) {
                interval.times[usize::from(row.request.0)].saturating_record(time_ns);
            }
            Ok(())
        })?;
        interval.write(&mut log)?;
        Ok(torn_lines)
    }
}

/// The times of one second.
struct Interval {
    second: u64,
    tags: Vec<String>,
    times: Vec<Histogram<u64>>,
}

impl Interval {
    fn new(requests: &[Request]) -> io::Result<Self> {
        let empty = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).map_err(io::Error::other)?;
        let tags = requests.iter().map(|request| tag(&request.name)).collect();
        Ok(Self { second: 0, tags, times: vec![empty; requests.len()] })
    }

    /// Writes the histograms that have any times, and empties them.
    fn write<W: Write>(&mut self, log: &mut IntervalLogWriter<'_, '_, W, V2DeflateSerializer>) -> io::Result<()> {
        for (times, tag) in self.times.iter_mut().zip(&self.tags).filter(|(times, _)| !times.is_empty()) {
            let (start, length) = (Duration::from_secs(self.second), Duration::from_secs(1));
            log.write_histogram(times, start, length, Tag::new(tag)).map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
            times.reset();
        }
        Ok(())
    }
}

/// A name as a tag, which has neither commas nor spaces: they are percent-encoded, so that no two names become one.
fn tag(name: &str) -> String {
    let mut tag = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || c.is_whitespace() || matches!(c, ',' | '%') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // A text takes whatever is written to it.
                let _ = write!(tag, "%{byte:02X}");
            }
        } else {
            tag.push(c);
        }
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_neither_commas_nor_spaces_and_stands_for_one_name() {
        let names = ["plain", "search, all", "search,%20all", "two\nlines", "wide\u{3000}space", "50 %"];
        let tags = names.map(tag);
        assert_eq!(tags[1], "search%2C%20all");
        assert_eq!(tags[5], "50%20%25");
        assert!(tags.iter().all(|tag| Tag::new(tag).is_some()));
        let distinct: std::collections::BTreeSet<_> = tags.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
