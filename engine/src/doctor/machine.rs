//! A machine as it is looked at: what its kernel tells in files, and what was measured on it. Nothing in here reads or
//! measures: both are handed in, so that any machine can be looked at from its texts.

use std::path::PathBuf;

use runlog::units::{Bytes, Nanos};
use rustix::io::Errno;

use crate::host;
use crate::wire::Driver;

/// A machine.
pub struct Machine<'a> {
    /// The text of a file of the kernel's, by its path; nothing where there is none.
    pub read: &'a dyn Fn(&str) -> Option<String>,
    /// What was measured.
    pub measured: Measured,
}

/// What was measured on a machine.
#[derive(Debug)]
pub struct Measured {
    /// What sockets would be driven by; nothing where not even epoll works.
    pub driver: Option<Driver>,
    /// Why the kernel grants no io_uring at all, where it does not.
    pub refusal: Option<Errno>,
    /// `/proc/stat`, before and after a while in which this program did next to nothing.
    pub while_idle: [String; 2],
    /// How late sleepers were woken, sorted.
    pub wake_ups: Vec<Nanos>,
    /// What a look at the clock takes.
    pub clock_reading: Nanos,
    /// Where runs are written.
    pub folder: Folder,
}

/// The folder that runs are written to, as a disk.
#[derive(Debug)]
pub struct Folder {
    /// It, or the folder above it that is there already.
    pub path: PathBuf,
    /// How much room there is.
    pub room: Bytes,
    /// How much was written in how long, synced at the end; or why nothing can be written.
    pub written: Result<(Bytes, Nanos), String>,
}

impl Machine<'_> {
    /// A file of the kernel's, without white space around it.
    pub fn text(&self, path: &str) -> Option<String> {
        (self.read)(path).map(|text| text.trim().to_owned())
    }

    /// A file of the kernel's that is one number.
    pub fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// What stands behind a word at the beginning of a line, and behind the colon that may follow.
    pub fn value(&self, path: &str, key: &str) -> Option<String> {
        host::value(&self.text(path)?, key)
    }

    /// The processors that this process may use.
    pub fn allowed(&self) -> Option<Vec<usize>> {
        self.value("/proc/self/status", "Cpus_allowed_list").map(|list| numbers(&list))
    }

    /// A file of each processor that this process may use.
    pub fn of_processors(&self, file: &str) -> Vec<(usize, String)> {
        let texts = self.allowed().unwrap_or_default().into_iter();
        texts.filter_map(|cpu| Some((cpu, self.text(&format!("/sys/devices/system/cpu/cpu{cpu}/{file}"))?))).collect()
    }

    /// The kernel's version, as far as it counts.
    pub fn kernel(&self) -> Option<(u32, u32)> {
        host::version(&self.text("/proc/sys/kernel/osrelease")?)
    }
}

/// Numbers as the kernel lists them: `0-3,8`. What is no number is left out.
pub fn numbers(list: &str) -> Vec<usize> {
    /// No Linux has more processors.
    const HIGHEST: usize = 8191;
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse().ok()?..=to.trim().parse::<usize>().ok()?.min(HIGHEST))
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// The same the other way round, for numbers in order.
pub fn list(numbers: &[usize]) -> String {
    let ranges = numbers.chunk_by(|number, next| number + 1 == *next);
    let shown = ranges.map(|range| match range {
        [only] => only.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    });
    shown.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read_and_written() {
        for (text, expected) in [("0-3,8", vec![0, 1, 2, 3, 8]), ("5", vec![5]), ("", vec![]), ("(null)", vec![])] {
            assert_eq!(numbers(text), expected, "{text}");
        }
        assert_eq!(numbers("0-99999999999").len(), 8192);
        assert_eq!(list(&[0, 1, 2, 3, 8, 10, 11]), "0-3,8,10-11");
    }

    #[test]
    fn the_value_of_a_line_is_found_with_and_without_a_colon() {
        let read =
            |_: &str| Some("model name\t: AMD EPYC\nMax open files            1024    4096    files\n".to_owned());
        let machine = Machine { read: &read, measured: super::super::tests::measured() };
        assert_eq!(machine.value("", "model name").as_deref(), Some("AMD EPYC"));
        assert_eq!(machine.value("", "Max open files").as_deref(), Some("1024    4096    files"));
        assert_eq!(machine.value("", "flags"), None);
    }
}
