//! This machine, as the kernel tells of it in `/proc` (proc(5)).

use super::{Disk, Reading, is_disk, leads_out};

/// The modes in the order of the line `cpu` of `/proc/stat`.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
/// `/proc/diskstats` counts in these, whatever the disk's own are.
const SECTOR_BYTES: f64 = 512.0;

/// Reads this machine.
///
/// # Errors
/// Where there is no `/proc/stat`. What else is missing has no samples.
pub fn read() -> Result<Reading, String> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{name}"));
    let stat = read("stat").map_err(|error| format!("cannot read /proc/stat: {error}"))?;
    let other = |name: &str| read(name).unwrap_or_default();
    Ok(parse(&stat, &other("meminfo"), &other("loadavg"), &other("diskstats"), &other("net/dev")))
}

fn parse(stat: &str, meminfo: &str, loadavg: &str, diskstats: &str, interfaces: &str) -> Reading {
    let memory = |key: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_ascii_whitespace().next()?.parse::<f64>().ok().map(|kibibytes| kibibytes * 1024.0)
    };
    let spent = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let spent = spent.split_ascii_whitespace().map_while(|ticks| ticks.parse().ok());
    Reading {
        cpu: MODES.iter().map(|mode| (*mode).to_owned()).zip(spent).collect(),
        load1: loadavg.split_ascii_whitespace().next().and_then(|load| load.parse().ok()),
        memory_total: memory("MemTotal"),
        memory_available: memory("MemAvailable"),
        swap_total: memory("SwapTotal"),
        swap_free: memory("SwapFree"),
        disks: diskstats.lines().filter_map(disk).collect(),
        interfaces: interfaces.lines().filter_map(interface).collect(),
    }
}

fn disk(line: &str) -> Option<(String, Disk)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let name = *fields.get(2).filter(|name| is_disk(name))?;
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    let disk = Disk {
        read_bytes: number(5)? * SECTOR_BYTES,
        written_bytes: number(9)? * SECTOR_BYTES,
        busy_seconds: number(12)? / 1000.0,
    };
    Some((name.to_owned(), disk))
}

fn interface(line: &str) -> Option<(String, (f64, f64))> {
    let (name, counters) = line.split_once(':')?;
    let counters: Vec<f64> = counters.split_ascii_whitespace().map_while(|counter| counter.parse().ok()).collect();
    let name = name.trim();
    let bytes = (*counters.first()?, *counters.get(8)?);
    leads_out(name).then(|| (name.to_owned(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let reading = parse(
            "cpu  10 1 5 80 4 0 2 3 0 0\ncpu0 10 1 5 80 4 0 2 3 0 0\nintr 5\n",
            "MemTotal:        1000 kB\nMemFree: 1 kB\nMemAvailable:     400 kB\nSwapTotal: 8 kB\nSwapFree: 8 kB\n",
            "0.52 0.58 0.59 1/97 1",
            "   8       0 sda 5 0 20 0 3 0 40 0 0 1500 0\n   8       1 sda1 5 0 20 0 3 0 40 0 0 1500 0\n",
            "Inter-|   Receive  |  Transmit\n face |bytes packets\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n",
        );
        assert_eq!((reading.cpu["idle"], reading.cpu["steal"], reading.cpu.len()), (80.0, 3.0, 8));
        assert_eq!((reading.memory_available, reading.swap_free), (Some(409_600.0), Some(8192.0)));
        assert_eq!(reading.load1, Some(0.52));
        let disk = Disk { read_bytes: 10_240.0, written_bytes: 20_480.0, busy_seconds: 1.5 };
        assert_eq!(reading.disks, [("sda".to_owned(), disk)].into());
        assert_eq!(reading.interfaces, [("eth0".to_owned(), (100.0, 200.0))].into());
    }

    proptest! {
        #[test]
        fn any_table_is_read(text in "[a-z0-9: \n.-]{0,120}") {
            parse(&text, &text, &text, &text, &text);
        }
    }
}
