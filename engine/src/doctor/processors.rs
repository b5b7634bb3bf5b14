//! Processors: how many, how fast, whose.

use std::collections::BTreeSet;

use super::finding::{Finding, Group, Level};
use super::machine::{Machine, list, numbers};
use super::neighbours;

const CPUS: &str = "/sys/devices/system/cpu";

/// Looks at the processors.
pub fn look(machine: &Machine<'_>) -> Group {
    Group::new(
        "Processors",
        [
            ("allowed", allowed(machine)),
            ("quota", Some(quota(machine))),
            ("governor", governor(machine)),
            ("turbo", turbo(machine)),
            ("siblings", siblings(machine)),
            ("set apart", set_apart(machine)),
        ],
    )
}

fn allowed(machine: &Machine<'_>) -> Option<Finding> {
    let allowed = machine.allowed()?;
    let online = numbers(&machine.text(&format!("{CPUS}/online"))?).len();
    let found = format!("{} of {online} ({})", allowed.len(), list(&allowed));
    if let [_] = allowed[..] {
        let why = "The load, the writing of its rows and the kernel's work for the network take turns on it.";
        return Some(Finding::bad(Level::Note, found, why));
    }
    Some(Finding::good(found))
}

fn quota(machine: &Machine<'_>) -> Finding {
    let Some(processors) = least_quota(machine) else { return Finding::good("none") };
    let found = format!("the time of {processors:.1} processors");
    if processors >= machine.allowed().map_or(1, |allowed| allowed.len()) as f64 {
        return Finding::good(found);
    }
    let why =
        "Who has used up a quota stands still for the rest of each 100 ms: in the figures it looks like a slow server.";
    let finding = Finding::bad(Level::Hurts, found, why);
    if neighbours::container_kind(machine).is_none() {
        return finding.mended_by("systemctl set-property UNIT CPUQuota=   # its service, scope or slice");
    }
    let whole = (processors as usize).max(1);
    let cores = list(&machine.allowed().unwrap_or_default().into_iter().take(whole).collect::<Vec<_>>());
    finding.mended_by(format!("docker run --cpuset-cpus {cores} …   # processors of its own, no --cpus"))
}

/// The smallest quota of the groups that this process is in (cgroups of version 2 and 1), in processors.
fn least_quota(machine: &Machine<'_>) -> Option<f64> {
    let groups = machine.text("/proc/self/cgroup").unwrap_or_default();
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let above = |path: &str| -> Vec<String> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.map(|end| path[..end].to_owned()).collect()
    };
    let folders: BTreeSet<String> = paths.flat_map(above).map(|path| path.trim_end_matches('/').to_owned()).collect();
    let quotas = folders.iter().flat_map(|folder| {
        let of_2 = machine.text(&format!("/sys/fs/cgroup{folder}/cpu.max")).and_then(|text| {
            let (quota, period) = text.split_once(' ')?;
            Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
        });
        let number = |file: &str| machine.text(&format!("/sys/fs/cgroup/cpu{folder}/{file}"))?.parse::<f64>().ok();
        let of_1 = number("cpu.cfs_quota_us").zip(number("cpu.cfs_period_us"));
        let of_1 = of_1.filter(|&(quota, _)| quota > 0.0).map(|(quota, period)| quota / period);
        [of_2, of_1]
    });
    quotas.flatten().filter(|quota| quota.is_finite()).min_by(f64::total_cmp)
}

fn governor(machine: &Machine<'_>) -> Option<Finding> {
    let governors = machine.of_processors("cpufreq/scaling_governor");
    let names: BTreeSet<&str> = governors.iter().map(|(_, name)| name.as_str()).collect();
    let found = names.iter().copied().collect::<Vec<_>>().join(", ");
    match found.as_str() {
        "" => None,
        "performance" => Some(Finding::good(found)),
        _ => {
            let why = "A processor that has to speed up first answers late: at low rates response times are longer than at high ones.";
            Some(Finding::bad(Level::Hurts, found, why).mended_by("cpupower frequency-set -g performance"))
        }
    }
}

fn turbo(machine: &Machine<'_>) -> Option<Finding> {
    let intel = (format!("{CPUS}/intel_pstate/no_turbo"), "0", "1");
    let others = (format!("{CPUS}/cpufreq/boost"), "1", "0");
    let known = [intel, others].into_iter().find_map(|(file, on, off)| Some((machine.text(&file)? == on, file, off)));
    let (is_on, file, off) = known?;
    if !is_on {
        return Some(Finding::good("off"));
    }
    let why = "How fast a processor is depends on how warm it is: runs differ by some percent for that reason alone.";
    Some(Finding::bad(Level::Note, "on", why).mended_by(format!("echo {off} > {file}")))
}

/// Processors that are one core.
fn siblings(machine: &Machine<'_>) -> Option<Finding> {
    let cores = machine.of_processors("topology/thread_siblings_list");
    let allowed: Vec<usize> = cores.iter().map(|(cpu, _)| *cpu).collect();
    let first_of = |siblings: &str| numbers(siblings).into_iter().find(|cpu| allowed.contains(cpu));
    let firsts: BTreeSet<usize> = cores.iter().filter_map(|(_, siblings)| first_of(siblings)).collect();
    let firsts: Vec<usize> = firsts.into_iter().collect();
    match (firsts.len(), allowed.len()) {
        (0, _) => None,
        (cores, processors) if cores == processors => Some(Finding::good("each processor is a core of its own")),
        (cores, processors) => {
            let why = "Two workers on one core get in each other's way: neither is as fast, or as punctual, as alone.";
            let finding = Finding::bad(Level::Note, format!("{processors} processors are {cores} cores"), why);
            Some(finding.mended_by(format!("drumfire run … --cores {}", list(&firsts))))
        }
    }
}

/// Processors that nothing else is put on (`isolcpus`).
fn set_apart(machine: &Machine<'_>) -> Option<Finding> {
    let apart = numbers(&machine.text(&format!("{CPUS}/isolated"))?);
    if apart.is_empty() {
        return Some(Finding::good("none (isolcpus)"));
    }
    let why = "Nothing else runs on them, but a run uses them only where it may, and is told to.";
    let cores = list(&apart);
    let finding = Finding::bad(Level::Note, format!("{cores} (isolcpus)"), why);
    Some(finding.mended_by(format!("taskset -c {cores} drumfire run … --cores {cores}")))
}
