//! The disk: whether there is room for the rows, and whether it takes them as fast as they come.

use runlog::text::printable_path;
use runlog::units::{Bytes, Nanos, Thousands};

use super::finding::{Finding, Group, Level};
use super::machine::{Folder, Machine};
use crate::check::ROW_BYTES;
use crate::record::ROOM_LEAST;

/// The rate at which room is told in hours.
const RATE: u64 = 10_000;
/// Less room than this is soon full.
const ROOM_NOTED: Bytes = Bytes(10 << 30);
const ROOM_SCARCE: Bytes = Bytes(1 << 30);
/// What a disk should take, in rows a second: several cores' worth, and less than one's.
const ROWS_NOTED: f64 = 1e6;
const ROWS_SCARCE: f64 = 1e5;
/// File systems on which writing is something else than writing to a disk.
const MEMORY: [&str; 2] = ["tmpfs", "ramfs"];
const NETWORK: [&str; 6] = ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"];

/// What helps against any of it.
const ELSEWHERE: &str = "drumfire run … --out DIR";

/// Looks at the folder that runs are written to.
pub fn look(machine: &Machine<'_>) -> Group {
    let folder = &machine.measured.folder;
    Group::new(
        "Disk",
        [("folder", Some(place(machine, folder))), ("room", Some(room(machine, folder))), ("speed", speed(folder))],
    )
}

fn place(machine: &Machine<'_>, folder: &Folder) -> Finding {
    let path = printable_path(&folder.path);
    if let Err(reason) = &folder.written {
        return Finding::bad(Level::Stops, format!("{path}: {reason}"), "A run writes a row for every request.")
            .mended_by(ELSEWHERE);
    }
    let kind = file_system(&machine.text("/proc/self/mountinfo").unwrap_or_default(), folder);
    let found = if kind.is_empty() { path } else { format!("{path} ({kind})") };
    if MEMORY.contains(&kind.as_str()) {
        let why = "Rows take memory, and are gone with the machine.";
        return Finding::bad(Level::Note, found, why).mended_by(ELSEWHERE);
    }
    if NETWORK.contains(&kind.as_str()) {
        let why = "Rows take the network that the load takes, and stop whenever the file server does.";
        return Finding::bad(Level::Hurts, found, why).mended_by(ELSEWHERE);
    }
    Finding::good(found)
}

/// The kind of the file system that a folder is on, from `/proc/self/mountinfo`; empty where it is not known.
fn file_system(mounts: &str, folder: &Folder) -> String {
    let mount = |line: &str| {
        let (place, what) = line.split_once(" - ")?;
        let point = place.split(' ').nth(4)?.replace("\\040", " ");
        let kind = what.split(' ').next()?.to_owned();
        folder.path.starts_with(&point).then_some((point.len(), kind))
    };
    // Of those mounted over each other the last one counts.
    mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length).map(|(_, kind)| kind).unwrap_or_default()
}

fn room(machine: &Machine<'_>, folder: &Folder) -> Finding {
    let hours = folder.room.0 as f64 / (RATE * ROW_BYTES * 3600) as f64;
    let found = format!("{}: {hours:.1} hours at {} requests/s", folder.room, Thousands(RATE));
    let cores = machine.allowed().map_or(1, |allowed| allowed.len()) as u64;
    let level = match folder.room {
        room if room.0 < ROOM_LEAST.0 * cores => Level::Stops,
        room if room < ROOM_SCARCE => Level::Hurts,
        room if room < ROOM_NOTED => Level::Note,
        _ => return Finding::good(found),
    };
    let why = format!(
        "A row takes some {ROW_BYTES} bytes, and {ROOM_LEAST} a core are kept free: a run ends when the disk is full."
    );
    Finding::bad(level, found, why).mended_by(ELSEWHERE)
}

fn speed(folder: &Folder) -> Option<Finding> {
    let (bytes, time) = folder.written.as_ref().ok().filter(|(_, time)| *time > Nanos::ZERO)?;
    let rate = bytes.0 as f64 / time.as_secs_f64();
    let rows = rate / ROW_BYTES as f64;
    let found = format!("{}/s: {} rows/s", Bytes(rate as u64), Thousands(rows as u64));
    let level = match rows {
        rows if rows < ROWS_SCARCE => Level::Hurts,
        rows if rows < ROWS_NOTED => Level::Note,
        _ => return Some(Finding::good(found)),
    };
    let why = "Where rows come faster than the disk takes them, the load waits for it, and the run says so.";
    Some(Finding::bad(level, found, why).mended_by(ELSEWHERE))
}
