//! The kernel: whether it has what the engine is made for, and grants it.

use runlog::units::Bytes;

use super::finding::{Finding, Group, Level};
use super::machine::Machine;
use crate::wire::Driver;
use crate::wire::driver::{DISABLED, Refused};

/// The first Linux whose io_uring has all that the engine uses.
const BEST: (u32, u32) = (6, 1);
/// The first Linux that does not count the memory of rings as locked.
const UNCOUNTED: (u32, u32) = (5, 12);
/// What the rings and buffers of a few workers take.
const LOCKED_LEAST: u64 = 64 << 20;

/// Looks at the kernel.
pub fn look(machine: &Machine<'_>) -> Group {
    Group::new(
        "Kernel",
        [
            ("kernel", kernel(machine)),
            ("driver", Some(driver(machine))),
            ("locked memory", locked_memory(machine)),
            ("huge pages", huge_pages(machine)),
        ],
    )
}

fn kernel(machine: &Machine<'_>) -> Option<Finding> {
    let release = format!("Linux {}", machine.text("/proc/sys/kernel/osrelease")?);
    if machine.kernel()? >= BEST {
        return Some(Finding::good(release));
    }
    let why = "Linux 6.1 brought the io_uring that takes the least time for a request.";
    Some(Finding::bad(Level::Note, release, why))
}

fn driver(machine: &Machine<'_>) -> Finding {
    let Some(driver) = machine.measured.driver else {
        return Finding::bad(Level::Stops, "none: not even epoll works", "Nothing can be sent.");
    };
    let refused = machine.measured.refusal.map(|errno| Refused {
        errno,
        disabled: machine.number(DISABLED),
        kernel: machine.kernel(),
    });
    let Some(shortcoming) = driver.shortcoming(refused) else { return Finding::good(driver.to_string()) };
    let (level, why) = match driver {
        Driver::Epoll => {
            (Level::Hurts, "Sleepers are woken by the millisecond, and a request takes more of a processor.")
        }
        Driver::CoopRing | Driver::PlainRing | Driver::Ring => (Level::Note, "A request takes more of a processor."),
    };
    let finding = Finding::bad(level, driver.to_string(), format!("{} {why}", sentence(&shortcoming.reason)));
    match shortcoming.mend {
        Some(mend) => finding.mended_by(mend),
        None => finding,
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    // A name stays as it is written.
    let first = letters.next().filter(|_| !text.starts_with("io_uring"));
    match first {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => format!("{text}."),
    }
}

fn locked_memory(machine: &Machine<'_>) -> Option<Finding> {
    if machine.kernel()? >= UNCOUNTED {
        return Some(Finding::good("not limited for io_uring by this kernel"));
    }
    let limits = machine.value("/proc/self/limits", "Max locked memory")?;
    let most = limits.split_whitespace().nth(1)?;
    let Ok(bytes) = most.parse() else { return Some(Finding::good(most)) };
    let found = format!("at most {}", Bytes(bytes));
    if bytes >= LOCKED_LEAST {
        return Some(Finding::good(found));
    }
    let why = "This kernel counts the memory of io_uring as locked: with many connections or cores it is refused.";
    Some(Finding::bad(Level::Note, found, why).mended_by("ulimit -l unlimited"))
}

fn huge_pages(machine: &Machine<'_>) -> Option<Finding> {
    let chosen = |file: &str| {
        let text = machine.text(&format!("/sys/kernel/mm/transparent_hugepage/{file}"))?;
        Some(text.split_once('[')?.1.split_once(']')?.0.to_owned())
    };
    let (enabled, defrag) = (chosen("enabled")?, chosen("defrag")?);
    if (enabled.as_str(), defrag.as_str()) != ("always", "always") {
        return Some(Finding::good(enabled));
    }
    let why = "Memory is put in order whenever a program asks for some, and the program waits: for milliseconds, now and then.";
    let mend = "echo madvise > /sys/kernel/mm/transparent_hugepage/defrag";
    Some(Finding::bad(Level::Note, "always, put in order at once", why).mended_by(mend))
}
