//! A machine: processors, memory, disks and network, read from `/proc` or from a node_exporter.

mod node;
mod proc;

use std::collections::BTreeMap;

use super::increase::{increase, per_second};
use super::{Probe, Sample};
use crate::client::Client;
use crate::clock::Clock;
use crate::plan::Endpoint;

/// The names of the metrics.
pub const METRICS: &[&str] = &[
    "cpu_percent",
    "cpu_user_percent",
    "cpu_system_percent",
    "cpu_irq_percent",
    "cpu_iowait_percent",
    "cpu_steal_percent",
    "load1",
    "memory_used_percent",
    "memory_used_bytes",
    "memory_available_bytes",
    "swap_used_bytes",
    "disk_read_bytes_per_s",
    "disk_written_bytes_per_s",
    "disk_busy_percent",
    "network_received_bytes_per_s",
    "network_sent_bytes_per_s",
];

/// What a machine tells of itself at one look. What it does not tell is missing.
#[derive(Debug, Default, PartialEq)]
struct Reading {
    /// The time that all processors together spent in each mode, in whatever unit.
    cpu: BTreeMap<String, f64>,
    load1: Option<f64>,
    memory_total: Option<f64>,
    memory_available: Option<f64>,
    swap_total: Option<f64>,
    swap_free: Option<f64>,
    /// By device.
    disks: BTreeMap<String, Disk>,
    /// Bytes received and sent, by interface.
    interfaces: BTreeMap<String, (f64, f64)>,
}

/// What a disk has done so far.
#[derive(Debug, Default, PartialEq)]
struct Disk {
    read_bytes: f64,
    written_bytes: f64,
    busy_seconds: f64,
}

/// Looks at a machine.
pub struct Host {
    /// Its node_exporter; this machine where there is none.
    exporter: Option<Client>,
    before: Option<(i64, Reading)>,
}

impl Host {
    /// Of this machine, or of the one whose node_exporter is there.
    pub fn new(endpoint: Option<&'static Endpoint>) -> Self {
        Self { exporter: endpoint.map(Client::new), before: None }
    }
}

impl Probe for Host {
    async fn look(&mut self, clock: &Clock) -> Result<Vec<Sample>, String> {
        let now = match &mut self.exporter {
            None => proc::read()?,
            Some(client) => {
                let answer = client.get().await?;
                let answer = std::str::from_utf8(&answer).map_err(|_| "the answer is not UTF-8".to_owned())?;
                node::reading(answer)?
            }
        };
        let at_ns = clock.signed_ns();
        let before = self.before.as_ref().map(|(then, before)| (before, (at_ns - then) as f64 / 1e9));
        let samples = now.samples(before);
        self.before = Some((at_ns, now));
        Ok(samples)
    }
}

impl Reading {
    /// What it says, and what has grown since the reading before, so many seconds ago.
    fn samples(&self, before: Option<(&Self, f64)>) -> Vec<Sample> {
        let used = |total: Option<f64>, left: Option<f64>| Some((total? - left?).max(0.0));
        let memory_used = used(self.memory_total, self.memory_available);
        let percent = memory_used.zip(self.memory_total).map(|(used, total)| 100.0 * used / total);
        let mut figures = vec![
            ("load1", self.load1),
            ("memory_used_percent", percent),
            ("memory_used_bytes", memory_used),
            ("memory_available_bytes", self.memory_available),
            ("swap_used_bytes", used(self.swap_total, self.swap_free)),
        ];
        if let Some((before, seconds)) = before {
            figures.extend(self.processors_since(before));
            figures.extend(self.disks_since(before, seconds));
            figures.extend(self.network_since(before, seconds));
        }
        let is_finite =
            |(name, value): (&str, Option<f64>)| Some(Sample::plain(name, value.filter(|v| v.is_finite())?));
        figures.into_iter().filter_map(is_finite).collect()
    }

    /// What part of their time the processors spent how.
    fn processors_since(&self, before: &Self) -> Vec<(&'static str, Option<f64>)> {
        let spent = |mode: &str| {
            let now = self.cpu.get(mode).copied().unwrap_or(0.0);
            // Waiting for the disk is counted roughly, and may fall: that is no new beginning.
            (now - before.cpu.get(mode).copied().unwrap_or(0.0)).max(0.0)
        };
        let all: f64 = self.cpu.keys().map(|mode| spent(mode)).sum();
        let part =
            |modes: &[&str]| (all > 0.0).then(|| 100.0 * modes.iter().map(|mode| spent(mode)).sum::<f64>() / all);
        vec![
            ("cpu_percent", part(&["idle", "iowait"]).map(|idle| 100.0 - idle)),
            ("cpu_user_percent", part(&["user", "nice"])),
            ("cpu_system_percent", part(&["system"])),
            ("cpu_irq_percent", part(&["irq", "softirq"])),
            ("cpu_iowait_percent", part(&["iowait"])),
            ("cpu_steal_percent", part(&["steal"])),
        ]
    }

    /// All disks together; how busy the busiest was.
    fn disks_since(&self, before: &Self, seconds: f64) -> Vec<(&'static str, Option<f64>)> {
        let grown = |read: fn(&Disk) -> f64| {
            let known = self.disks.iter().filter_map(move |(name, disk)| Some((disk, before.disks.get(name)?)));
            known.map(move |(disk, before)| increase(read(before), read(disk)))
        };
        if self.disks.is_empty() {
            return Vec::new();
        }
        let busiest = grown(|disk| disk.busy_seconds).fold(0.0, f64::max);
        vec![
            ("disk_read_bytes_per_s", per_second(grown(|disk| disk.read_bytes).sum(), seconds)),
            ("disk_written_bytes_per_s", per_second(grown(|disk| disk.written_bytes).sum(), seconds)),
            ("disk_busy_percent", per_second(100.0 * busiest, seconds).map(|busy| busy.min(100.0))),
        ]
    }

    /// All interfaces together.
    fn network_since(&self, before: &Self, seconds: f64) -> Vec<(&'static str, Option<f64>)> {
        if self.interfaces.is_empty() {
            return Vec::new();
        }
        let (mut received, mut sent) = (0.0, 0.0);
        for (name, (in_bytes, out_bytes)) in &self.interfaces {
            let Some((in_before, out_before)) = before.interfaces.get(name) else { continue };
            received += increase(*in_before, *in_bytes);
            sent += increase(*out_before, *out_bytes);
        }
        vec![
            ("network_received_bytes_per_s", per_second(received, seconds)),
            ("network_sent_bytes_per_s", per_second(sent, seconds)),
        ]
    }
}

/// Whether a block device is a disk as a whole: no partition of one, and nothing that is made of others or of memory.
fn is_disk(name: &str) -> bool {
    const NONE: [&str; 7] = ["ram", "zram", "loop", "fd", "sr", "dm-", "md"];
    if NONE.iter().any(|start| name.starts_with(start)) {
        return false;
    }
    let ends_in_digit = name.ends_with(|c: char| c.is_ascii_digit());
    if ["sd", "hd", "vd", "xvd"].iter().any(|start| name.starts_with(start)) {
        return !ends_in_digit;
    }
    let numbered = name.rsplit_once('p').is_some_and(|(disk, number)| {
        disk.ends_with(|c: char| c.is_ascii_digit()) && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    });
    !numbered
}

/// Whether an interface leads out of the machine.
fn leads_out(name: &str) -> bool {
    const INSIDE: [&str; 8] = ["veth", "docker", "br-", "virbr", "cni", "cali", "flannel", "dummy"];
    name != "lo" && !INSIDE.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_and_interfaces_are_counted_once() {
        let disks =
            ["sda", "sda1", "nvme0n1", "nvme0n1p2", "vdb", "dm-0", "loop3", "mmcblk0", "mmcblk0p1", "md127", "zram0"];
        assert_eq!(
            disks.into_iter().filter(|name| is_disk(name)).collect::<Vec<_>>(),
            ["sda", "nvme0n1", "vdb", "mmcblk0"]
        );
        let interfaces = ["lo", "eth0", "veth12ab", "docker0", "wlp3s0", "br-9f"];
        assert_eq!(interfaces.into_iter().filter(|name| leads_out(name)).collect::<Vec<_>>(), ["eth0", "wlp3s0"]);
    }

    #[test]
    fn figures_are_of_the_time_between_two_readings() {
        let cpu = |user, idle| [("user", user), ("idle", idle)].map(|(mode, time)| (mode.to_owned(), time)).into();
        let disk = |read_bytes, busy_seconds| Disk { read_bytes, written_bytes: 0.0, busy_seconds };
        let before = Reading {
            cpu: cpu(100.0, 100.0),
            disks: [("sda".to_owned(), disk(0.0, 1.0)), ("sdb".to_owned(), disk(0.0, 1.0))].into(),
            interfaces: [("eth0".to_owned(), (1000.0, 0.0))].into(),
            ..Reading::default()
        };
        let now = Reading {
            cpu: cpu(130.0, 110.0),
            memory_total: Some(8.0),
            memory_available: Some(2.0),
            disks: [("sda".to_owned(), disk(512.0, 1.5)), ("sdb".to_owned(), disk(512.0, 1.0))].into(),
            interfaces: [("eth0".to_owned(), (3000.0, 10.0)), ("eth1".to_owned(), (1e9, 0.0))].into(),
            ..Reading::default()
        };
        let samples = now.samples(Some((&before, 2.0)));
        let value = |name: &str| samples.iter().find(|sample| sample.metric == name).map(|sample| sample.value);
        assert_eq!(value("cpu_percent"), Some(75.0));
        assert_eq!((value("memory_used_percent"), value("memory_used_bytes")), (Some(75.0), Some(6.0)));
        assert_eq!((value("disk_read_bytes_per_s"), value("disk_busy_percent")), (Some(512.0), Some(25.0)));
        assert_eq!(
            value("network_received_bytes_per_s"),
            Some(1000.0),
            "what an interface counted before it came is not of now"
        );
        assert_eq!(value("load1"), None, "what is not told is no zero");
        assert!(samples.iter().all(|sample| METRICS.contains(&sample.metric.as_str())));
    }

    #[test]
    fn this_machine_and_its_exporter_tell_the_same_metrics() {
        let reading = proc::read().expect("this machine has /proc");
        let seen: Vec<String> =
            reading.samples(Some((&Reading::default(), 1.0))).into_iter().map(|sample| sample.metric).collect();
        for wanted in ["cpu_percent", "load1", "memory_used_percent", "memory_available_bytes", "swap_used_bytes"] {
            assert!(seen.iter().any(|metric| metric == wanted), "{wanted} in {seen:?}");
        }
    }
}
