//! Neighbours: who else uses this machine, seen and unseen.

use super::finding::{Finding, Group, Level};
use super::machine::Machine;

/// A larger share of the time taken by the host is felt.
const STEAL_MOST: f64 = 0.01;
/// Larger shares of the processors busy with something else are felt, and spoil everything.
const BUSY_NOTED: f64 = 0.15;
const BUSY_MOST: f64 = 0.50;

/// Looks at who else is there.
pub fn look(machine: &Machine<'_>) -> Group {
    Group::new(
        "Neighbours",
        [
            ("machine", machine_kind(machine)),
            ("container", Some(container(machine))),
            ("steal", steal(machine)),
            ("load now", load(machine)),
        ],
    )
}

fn machine_kind(machine: &Machine<'_>) -> Option<Finding> {
    let cpus = machine.text("/proc/cpuinfo")?;
    let is_virtual =
        cpus.lines().any(|line| line.starts_with("flags") && line.split_whitespace().any(|flag| flag == "hypervisor"));
    if !is_virtual {
        return Some(Finding::good("no virtual machine"));
    }
    let named = |file: &str| machine.text(&format!("/sys/class/dmi/id/{file}")).filter(|name| !name.is_empty());
    let names: Vec<String> = ["sys_vendor", "product_name"].into_iter().filter_map(named).collect();
    let found = if names.is_empty() { "virtual".to_owned() } else { format!("virtual ({})", names.join(" ")) };
    let why = "Its host decides when it runs and how fast. Compare figures only with those of the same machine, of several runs.";
    Some(Finding::bad(Level::Note, found, why))
}

/// What kind of container this is; nothing where it is none.
pub fn container_kind(machine: &Machine<'_>) -> Option<String> {
    match machine.text("/run/systemd/container") {
        Some(kind) if !kind.is_empty() => Some(kind),
        _ if machine.text("/.dockerenv").is_some() => Some("docker".to_owned()),
        _ if machine.text("/run/.containerenv").is_some() => Some("podman".to_owned()),
        _ => None,
    }
}

fn container(machine: &Machine<'_>) -> Finding {
    let Some(kind) = container_kind(machine) else { return Finding::good("none") };
    let why = "Limits of processors and files are the container's, and by default it refuses io_uring: see `driver` and \
               `quota`. A bridged network costs time for every packet.";
    Finding::bad(Level::Note, kind, why).mended_by("docker run --network host …")
}

/// What processors did, in the kernel's ticks.
struct Ticks {
    idle: f64,
    stolen: f64,
    all: f64,
}

impl Ticks {
    /// From `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<f64> = line.split_whitespace().take(8).map_while(|number| number.parse().ok()).collect();
        let [.., idle, waiting, _, _, stolen] = ticks[..] else { return None };
        Some(Self { idle: idle + waiting, stolen, all: ticks.iter().sum() })
    }

    fn since(&self, before: &Self) -> Self {
        Self { idle: self.idle - before.idle, stolen: self.stolen - before.stolen, all: self.all - before.all }
    }

    fn share_of(&self, ticks: f64) -> Option<f64> {
        (self.all > 0.0).then(|| (ticks / self.all).clamp(0.0, 1.0))
    }
}

fn steal(machine: &Machine<'_>) -> Option<Finding> {
    let [before, after] = machine.measured.while_idle.each_ref().map(|stat| Ticks::read(stat));
    let (before, after) = (before?, after?);
    let lately = after.since(&before);
    let now = lately.share_of(lately.stolen)?;
    let ever = after.share_of(after.stolen)?;
    let found = format!("{} of the time now, {} since the start", percent(now), percent(ever));
    if now.max(ever) < STEAL_MOST {
        return Some(Finding::good(found));
    }
    let why = "The host gave this machine's processors to others while there was work: requests and answers were late for it.";
    Some(Finding::bad(Level::Hurts, found, why).mended_by("a machine with processors of its own"))
}

fn load(machine: &Machine<'_>) -> Option<Finding> {
    let [before, after] = machine.measured.while_idle.each_ref().map(|stat| Ticks::read(stat));
    let lately = after?.since(&before?);
    let busy = lately.share_of(lately.all - lately.idle - lately.stolen)?;
    let average = machine.text("/proc/loadavg")?;
    let found = format!(
        "{} of the processors busy, load average {}",
        percent(busy),
        average.split_whitespace().next().unwrap_or_default()
    );
    if busy < BUSY_NOTED {
        return Some(Finding::good(found));
    }
    let level = if busy < BUSY_MOST { Level::Note } else { Level::Hurts };
    let why = "What else runs takes time from the load, and from a target on this machine: figures are of both.";
    Some(Finding::bad(level, found, why).mended_by("top   # who it is, and stop it"))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
