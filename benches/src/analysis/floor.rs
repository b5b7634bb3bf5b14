//! The least that the table can cost: rows mapped into memory, two threads, only the fields that are needed, times kept as
//! they come, and the ranks selected among them. It knows these very files and nothing else: no name is quoted, and 200 is
//! what every request expects.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use drumfire_tests::written::rows_file;
use memchr::memchr;
use serde_json::{Value, json};

/// Names that it has met, and what it keeps of each.
#[derive(Debug, Default)]
pub struct Requests {
    of: Vec<Request>,
}

/// What it keeps of a request.
#[derive(Debug, Default)]
pub struct Request {
    name: Vec<u8>,
    count: u64,
    errors: u64,
    response: Vec<u64>,
    service: Vec<u64>,
}

/// Reads the row files of a folder, a thread each for its half, and returns the table in the form that a summary has.
///
/// # Errors
/// Where they cannot be read.
pub fn table(folder: &Path) -> anyhow::Result<Value> {
    let mut requests = Requests::default();
    for core in 0.. {
        let path = folder.join(rows_file(core));
        let Ok(file) = File::open(&path) else { break };
        for half in halves(&file).with_context(|| format!("cannot map {}", path.display()))? {
            requests.merge(half);
        }
    }
    Ok(json!({"requests": requests.figures()}))
}

fn halves(file: &File) -> anyhow::Result<[Requests; 2]> {
    let length = file.metadata()?.len() as usize;
    // SAFETY: the file is this bench's own, and nobody writes to it meanwhile.
    #[allow(unsafe_code, reason = "the floor is what a memory map costs")]
    let bytes: &[u8] = unsafe {
        let start = rustix::mm::mmap(
            std::ptr::null_mut(),
            length,
            rustix::mm::ProtFlags::READ,
            rustix::mm::MapFlags::SHARED,
            file,
            0,
        )?;
        std::slice::from_raw_parts(start.cast::<u8>(), length)
    };
    let header = memchr(b'\n', bytes).map_or(length, |end| end + 1);
    let middle =
        memchr(b'\n', &bytes[(length / 2).max(header)..]).map_or(length, |end| (length / 2).max(header) + end + 1);
    Ok(std::thread::scope(|scope| {
        let first = scope.spawn(|| Requests::of(&bytes[header..middle]));
        let second = Requests::of(&bytes[middle..]);
        [first.join().unwrap_or_default(), second]
    }))
}

impl Requests {
    fn of(mut bytes: &[u8]) -> Self {
        let mut requests = Self::default();
        while !bytes.is_empty() {
            bytes = requests.row(bytes);
        }
        requests
    }

    /// Takes a row off the front.
    fn row<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (_, bytes) = field(bytes, b',');
        let (lag, mut bytes) = field(bytes, b',');
        for _ in 0..3 {
            bytes = field(bytes, b',').1;
        }
        let (duration, bytes) = field(bytes, b',');
        let (_, bytes) = field(bytes, b',');
        let (name, bytes) = field(bytes, b',');
        let (status, bytes) = field(bytes, b',');
        let (error, bytes) = field(bytes, b',');
        let bytes = field(bytes, b'\n').1;
        let request = self.named(name);
        request.count += 1;
        request.errors += u64::from(status != b"200");
        if error.is_empty() {
            let service = number(duration);
            request.service.push(service);
            request.response.push(service + number(lag));
        }
        bytes
    }

    fn named(&mut self, name: &[u8]) -> &mut Request {
        let place = self.of.iter().position(|request| request.name == name).unwrap_or_else(|| {
            self.of.push(Request { name: name.to_vec(), ..Request::default() });
            self.of.len() - 1
        });
        &mut self.of[place]
    }

    fn merge(&mut self, other: Self) {
        for theirs in other.of {
            let mine = self.named(&theirs.name);
            mine.count += theirs.count;
            mine.errors += theirs.errors;
            mine.response.extend(theirs.response);
            mine.service.extend(theirs.service);
        }
    }

    fn figures(mut self) -> Vec<Value> {
        let half = self.of.len() / 2;
        std::thread::scope(|scope| {
            let (left, right) = self.of.split_at_mut(half);
            let left = scope.spawn(|| left.iter_mut().map(Request::figures).collect::<Vec<_>>());
            let right: Vec<Value> = right.iter_mut().map(Request::figures).collect();
            left.join().unwrap_or_default().into_iter().chain(right).collect()
        })
    }
}

impl Request {
    fn figures(&mut self) -> Value {
        json!({
            "request": String::from_utf8_lossy(&self.name), "count": self.count, "errors": self.errors,
            "response_time_ns": times(&mut self.response), "service_time_ns": times(&mut self.service),
        })
    }
}

fn times(times: &mut [u64]) -> Option<Value> {
    let sum: u64 = times.iter().sum();
    let max = *times.iter().max()?;
    let mut below = times.len();
    // From the highest rank down, so that each selection leaves less for the next.
    let [p999, p99, p95, p90, p50] = [999, 990, 950, 900, 500].map(|tenths| {
        let place = (times.len() * tenths).div_ceil(1000).max(1) - 1;
        if place < below {
            times[..below].select_nth_unstable(place);
            below = place;
        }
        times[place]
    });
    let mean = sum as f64 / times.len() as f64;
    Some(json!({"mean": mean, "max": max, "p50": p50, "p90": p90, "p95": p95, "p99": p99, "p999": p999}))
}

fn field(bytes: &[u8], end: u8) -> (&[u8], &[u8]) {
    let length = bytes.iter().position(|&byte| byte == end).unwrap_or(bytes.len());
    (&bytes[..length], bytes.get(length + 1..).unwrap_or_default())
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analysis::answer::Answer;
    use crate::analysis::made_up::MadeUp;
    use crate::statistics::percentile;

    /// The same by sorting, a row at a time.
    fn slowly(folder: &Path) -> anyhow::Result<Value> {
        let mut by_name: BTreeMap<String, [Vec<u64>; 4]> = BTreeMap::new();
        for core in 0..2 {
            let mut reader = csv::Reader::from_path(folder.join(rows_file(core)))?;
            for row in reader.records() {
                let row = row?;
                let [all, errors, response, service] = by_name.entry(row[7].to_owned()).or_default();
                all.push(1);
                if &row[8] != "200" {
                    errors.push(1);
                }
                if row[9].is_empty() {
                    response.push(row[1].parse::<u64>()? + row[5].parse::<u64>()?);
                    service.push(row[5].parse()?);
                }
            }
        }
        let figures = |times: &mut Vec<u64>| {
            times.sort_unstable();
            let [p50, p90, p95, p99, p999] = [50.0, 90.0, 95.0, 99.0, 99.9].map(|percent| percentile(times, percent));
            let mean = times.iter().sum::<u64>() as f64 / times.len() as f64;
            json!({"mean": mean, "max": times.last(), "p50": p50, "p90": p90, "p95": p95, "p99": p99, "p999": p999})
        };
        let requests: Vec<Value> = by_name
            .iter_mut()
            .map(|(name, [all, errors, response, service])| {
                json!({"request": name, "count": all.len(), "errors": errors.len(),
                       "response_time_ns": figures(response), "service_time_ns": figures(service)})
            })
            .collect();
        Ok(json!({"requests": requests}))
    }

    #[test]
    fn the_floor_gives_the_answer_that_sorting_gives() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        MadeUp { rows: 30_000, rate: 1_000, seed: 3 }.write(folder.path()).expect("it can be made up");
        let answer = |figures: anyhow::Result<Value>| {
            Answer::from_json(&figures.expect("figures").to_string()).expect("a whole answer")
        };
        let (fast, slow) = (answer(table(folder.path())), answer(slowly(folder.path())));
        fast.ensure_same(&slow).expect("the same answer");
    }
}
