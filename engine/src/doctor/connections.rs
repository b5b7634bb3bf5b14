//! Connections: how many there can be, how fast they can be opened. What a run is warned of before its load, and refused
//! for, comes from here as well (`preflight`).

use runlog::units::Thousands;

use super::finding::{Finding, Group, Level};
use super::machine::Machine;

/// Fewer open files than this, and everyday loads do not fit.
const FILES_LEAST: u64 = 4096;
/// As many are enough for all but the largest loads.
const FILES_ENOUGH: u64 = 65_536;
/// As many local ports as Linux has unless told otherwise.
const PORTS_ENOUGH: u64 = 28_000;
/// A queue that takes a load's connections all at once.
const QUEUE_ENOUGH: u64 = 4096;
/// So many seconds the kernel keeps the port of a connection that this side has closed (TIME_WAIT).
pub const PORT_REST_SECONDS: u64 = 60;
/// The kernel's setting for the queue of connections that a server has not taken yet.
pub const QUEUE: &str = "/proc/sys/net/core/somaxconn";
/// The kernel's setting for local ports.
pub const PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// More local ports.
pub const MORE_PORTS: &str = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"";
/// Ports that need not rest.
pub const REUSE_PORTS: &str = "sysctl -w net.ipv4.tcp_tw_reuse=1";

/// A queue for so many connections.
pub fn longer_queue(connections: u64) -> String {
    format!("sysctl -w net.core.somaxconn={connections}")
}

/// So many files may be open.
pub fn more_files(files: u64) -> String {
    format!("ulimit -n {files}")
}

/// The first and the last local port, from the kernel's setting.
fn local_ports(setting: &str) -> Option<(u64, u64)> {
    let mut bounds = setting.split_whitespace().map_while(|bound| bound.parse::<u64>().ok());
    Some((bounds.next()?, bounds.next()?)).filter(|(from, to)| from <= to)
}

/// How many local ports there are, from the kernel's setting.
pub fn count_of(setting: &str) -> Option<u64> {
    local_ports(setting).map(|(from, to)| to - from + 1)
}

/// Looks at what connections need.
pub fn look(machine: &Machine<'_>) -> Group {
    Group::new(
        "Connections",
        [
            ("open files", open_files(machine)),
            ("local ports", ports(machine)),
            ("port reuse", port_reuse(machine)),
            ("server's queue", queue(machine)),
            ("tracking", Some(tracking(machine))),
        ],
    )
}

fn open_files(machine: &Machine<'_>) -> Option<Finding> {
    let limits = machine.value("/proc/self/limits", "Max open files")?;
    let mut limits = limits.split_whitespace();
    let (now, most) = (limits.next()?, limits.next()?);
    let Ok(most) = most.parse::<u64>() else { return Some(Finding::good("unlimited")) };
    let found = match now.parse() {
        Ok(now) if now < most => format!("at most {} ({} now: a run asks for more)", Thousands(most), Thousands(now)),
        _ => format!("at most {}", Thousands(most)),
    };
    let level = match most {
        FILES_ENOUGH.. => return Some(Finding::good(found)),
        FILES_LEAST.. => Level::Note,
        _ => Level::Hurts,
    };
    let why = "Each connection is an open file: a run that may need more does not begin.";
    Some(Finding::bad(level, found, why).mended_by(format!("{}   # as root, or in limits.conf", more_files(1 << 20))))
}

fn ports(machine: &Machine<'_>) -> Option<Finding> {
    let setting = machine.text(PORTS)?;
    let ((from, to), ports) = (local_ports(&setting)?, count_of(&setting)?);
    let found = format!("{} ({from} to {to})", Thousands(ports));
    if ports >= PORTS_ENOUGH {
        return Some(Finding::good(found));
    }
    let why = "Each connection to one address of the target takes one: a run that may need more does not begin.";
    Some(Finding::bad(Level::Note, found, why).mended_by(MORE_PORTS))
}

fn port_reuse(machine: &Machine<'_>) -> Option<Finding> {
    let setting = machine.number("/proc/sys/net/ipv4/tcp_tw_reuse")?;
    let ports = count_of(&machine.text(PORTS)?)?;
    let found = match setting {
        1 => return Some(Finding::good("at once")),
        2 => "at once to this machine itself, else after a minute",
        _ => "after a minute",
    };
    let why = format!(
        "More than {} new connections a second to another machine would leave no port. This is of no matter where \
         connections are kept open.",
        Thousands(ports / PORT_REST_SECONDS)
    );
    Some(Finding::bad(Level::Note, found, why).mended_by(REUSE_PORTS))
}

fn queue(machine: &Machine<'_>) -> Option<Finding> {
    let queue = machine.number(QUEUE)?;
    let found = format!("at most {}", Thousands(queue));
    if queue >= QUEUE_ENOUGH {
        return Some(Finding::good(found));
    }
    let why = "Where more connections are opened at once to a server on this machine, some wait for a second or more.";
    Some(Finding::bad(Level::Note, found, why).mended_by(longer_queue(QUEUE_ENOUGH)))
}

/// The firewall's table of connections: what does not fit is dropped without a word.
fn tracking(machine: &Machine<'_>) -> Finding {
    let Some(most) = machine.number("/proc/sys/net/netfilter/nf_conntrack_max") else {
        return Finding::good("connections are not tracked");
    };
    let now = machine.number("/proc/sys/net/netfilter/nf_conntrack_count").unwrap_or_default();
    let found = format!("{} of {} connections", Thousands(now), Thousands(most));
    if most.saturating_sub(now) >= FILES_ENOUGH {
        return Finding::good(found);
    }
    let why =
        "The firewall keeps each connection for minutes after its end; packets of those that do not fit are dropped.";
    Finding::bad(Level::Note, found, why).mended_by("sysctl -w net.netfilter.nf_conntrack_max=1048576")
}
