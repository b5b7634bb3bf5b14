//! What on a machine hurts a measurement: each with what was found, why it matters, and the command that mends it.
//!
//! In: the kernel's files as texts, and what was measured (`machine`). Out: findings and a verdict (`finding`), as text
//! (`render`) or JSON. A file for each kind of thing that is looked at, of functions from a machine to a finding: they read
//! and measure nothing themselves, so that any machine can be looked at. `measure` is the only one that touches this one.
//! What a run is warned of before its load (`preflight`) comes from the same places.

pub mod connections;
mod disk;
pub mod finding;
mod kernel;
pub mod machine;
mod measure;
mod neighbours;
mod processors;
pub mod render;
mod timing;

use std::path::Path;

use runlog::manifest::Host;
use serde::Serialize;

use self::finding::{Group, Verdict};
use self::machine::Machine;
use crate::host;

/// What a look at a machine has come to.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    /// The machine.
    pub host: Host,
    /// What was found.
    pub groups: Vec<Group>,
    /// What that comes to.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Looks at a machine.
pub fn look(host: Host, machine: &Machine<'_>) -> Diagnosis {
    let groups = vec![
        kernel::look(machine),
        processors::look(machine),
        timing::look(machine),
        neighbours::look(machine),
        connections::look(machine),
        disk::look(machine),
    ];
    let verdict = finding::verdict(&groups);
    Diagnosis { host, groups, verdict }
}

/// Looks at this machine; `folder` is where runs are to be written.
pub fn look_here(folder: &Path) -> Diagnosis {
    let measured = measure::measure(folder);
    look(host::describe(), &Machine { read: &host::read, measured })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use runlog::units::{Bytes, Nanos};
    use rustix::io::Errno;

    use super::finding::Level;
    use super::machine::{Folder, Measured};
    use super::*;
    use crate::wire::Driver;

    /// What a quiet machine measures.
    pub fn measured() -> Measured {
        Measured {
            driver: Some(Driver::Ring),
            refusal: None,
            while_idle: ["cpu  100 0 100 10000 0 0 0 0 0 0", "cpu  101 0 101 10098 0 0 0 0 0 0"].map(str::to_owned),
            wake_ups: (1..=100).map(Nanos::from_micros).collect(),
            clock_reading: Nanos(24),
            folder: Folder {
                path: "/srv/runs".into(),
                room: Bytes(200 << 30),
                written: Ok((Bytes(64 << 20), Nanos::from_millis(200))),
            },
        }
    }

    /// A machine's files, as `tail -n +1 FILE…` shows them.
    fn files(shown: &str) -> BTreeMap<String, String> {
        let files = shown.split("==> ").filter_map(|file| file.split_once(" <==\n"));
        files.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    }

    fn diagnosis(shown: &str, measured: Measured) -> Diagnosis {
        let files = files(shown);
        let read = |path: &str| files.get(path).cloned();
        let host = Host { name: "bench-1".to_owned(), cpu: "Example CPU at 3 GHz".to_owned(), ..host::describe() };
        let machine = Machine { read: &read, measured };
        look(host, &machine)
    }

    #[track_caller]
    fn shown(diagnosis: &Diagnosis) -> String {
        let text = render::text(diagnosis);
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "wider than a terminal: {wide:#?}");
        text
    }

    #[test]
    fn a_machine_made_for_measuring_is_fine() {
        let diagnosis = diagnosis(include_str!("fixtures/bench.txt"), measured());
        insta::assert_snapshot!(shown(&diagnosis));
        assert_eq!(diagnosis.verdict.level, Level::Good);
    }

    #[test]
    fn a_laptop_hurts_by_its_governor() {
        let lags = (1..=100).map(|lag| Nanos::from_micros(lag * 6)).collect();
        let diagnosis = diagnosis(include_str!("fixtures/laptop.txt"), Measured { wake_ups: lags, ..measured() });
        insta::assert_snapshot!(shown(&diagnosis));
        assert_eq!(diagnosis.verdict.level, Level::Hurts);
    }

    #[test]
    fn a_container_hurts_by_its_quota_and_by_refusing_io_uring() {
        let stolen = ["cpu  100 0 100 10000 0 0 0 10 0 0", "cpu  160 0 120 10098 0 0 0 22 0 0"].map(str::to_owned);
        let path = "/app/runs".into();
        let measured = Measured {
            driver: Some(Driver::Epoll),
            refusal: Some(Errno::PERM),
            while_idle: stolen,
            wake_ups: (1..=100).map(|lag| Nanos::from_micros(lag * 30)).collect(),
            folder: Folder { path, room: Bytes(700 << 20), written: Ok((Bytes(8 << 20), Nanos::from_millis(1010))) },
            ..measured()
        };
        let diagnosis = diagnosis(include_str!("fixtures/container.txt"), measured);
        insta::assert_snapshot!(shown(&diagnosis));
        insta::assert_snapshot!(serde_json::to_string_pretty(&diagnosis.groups).expect("JSON"));
    }

    #[test]
    fn an_old_server_has_small_limits_and_a_slow_clock() {
        let measured = Measured {
            driver: Some(Driver::PlainRing),
            clock_reading: Nanos(1_900),
            folder: Folder { path: "/mnt/share".into(), ..measured().folder },
            ..measured()
        };
        insta::assert_snapshot!(shown(&diagnosis(include_str!("fixtures/old.txt"), measured)));
    }

    #[test]
    fn where_nothing_can_be_written_no_run_is_possible() {
        let folder = Folder { written: Err("Permission denied (os error 13)".to_owned()), ..measured().folder };
        let measured = Measured { folder, ..measured() };
        let diagnosis = diagnosis(include_str!("fixtures/bench.txt"), measured);
        assert_eq!(diagnosis.verdict.level, Level::Stops);
        assert_eq!(diagnosis.verdict.verdict, "No run is possible here: folder.");
    }

    #[test]
    fn a_machine_that_tells_nothing_is_still_looked_at() {
        insta::assert_snapshot!(shown(&diagnosis("", measured())));
    }

    #[test]
    fn io_uring_that_a_container_hides_is_not_taken_for_an_old_kernel() {
        let of = |kernel: &str, refusal, disabled: &str| {
            let files = format!(
                "==> /proc/sys/kernel/osrelease <==\n{kernel}\n==> /proc/sys/kernel/io_uring_disabled <==\n{disabled}\n"
            );
            let measured = Measured { driver: Some(Driver::Epoll), refusal: Some(refusal), ..measured() };
            let diagnosis = diagnosis(&files, measured);
            let driver = diagnosis.groups[0].checks[1].finding.clone().expect("known");
            format!("{} {}", driver.why, driver.mend.unwrap_or_default())
        };
        assert!(of("6.8.0", Errno::NOSYS, "0").contains("seccomp"));
        assert!(of("4.19.0", Errno::NOSYS, "").contains("Linux 6.1 has"));
        assert!(of("6.8.0", Errno::PERM, "2").contains("sysctl -w kernel.io_uring_disabled=0"));
        assert!(of("6.8.0", Errno::PERM, "0").contains("seccomp"));
        assert!(of("5.10.0", Errno::NOMEM, "").contains("ulimit -l unlimited"));
    }
}
