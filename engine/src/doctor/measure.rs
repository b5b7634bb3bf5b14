//! What is measured on this machine: the only part of the doctor that asks a clock, a ring or a disk. All of it is bounded.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use runlog::units::{Bytes, Nanos};
use rustix::fs::{fdatasync, statvfs};

use super::machine::{Folder, Measured};
use crate::clock::Clock;
use crate::host;
use crate::wire::driver::{Driver, Refused};
use crate::wire::{Ring, Runtime, Wait, Wire};

/// How often, and for how long, each core sleeps.
const SLEEPS: usize = 400;
const SLEEP: Nanos = Nanos::from_millis(1);
/// How many looks at the clock are timed.
const LOOKS: u64 = 10_000;
/// At most so much is written, in pieces that are each synced, and nothing more after so long.
const WRITTEN_MOST: Bytes = Bytes(64 << 20);
const PIECE: Bytes = Bytes(4 << 20);
const WRITING_MOST: Nanos = Nanos::from_secs(1);

/// Measures this machine; `folder` is where runs are to be written. Takes one or two seconds.
pub fn measure(folder: &Path) -> Measured {
    host::allow_locked_memory();
    let driver = Driver::granted().next();
    let stat = || host::read("/proc/stat").unwrap_or_default();
    let before = stat();
    let wake_ups = driver.map(wake_ups).unwrap_or_default();
    let while_idle = [before, stat()];
    Measured {
        driver,
        refusal: Refused::here().map(|refused| refused.errno),
        while_idle,
        wake_ups,
        clock_reading: clock_reading(),
        folder: look_at(folder),
    }
}

/// How late sleepers are woken on every core at once, as workers sleep; sorted.
fn wake_ups(driver: Driver) -> Vec<Nanos> {
    let sleepers: Vec<_> = host::cores().into_iter().map(|cpu| thread::spawn(move || sleep_on(cpu, driver))).collect();
    let lags = sleepers.into_iter().filter_map(|sleeper| sleeper.join().ok()?.ok());
    let mut lags: Vec<Nanos> = lags.flatten().collect();
    lags.sort_unstable();
    lags
}

fn sleep_on(cpu: usize, driver: Driver) -> io::Result<Vec<Nanos>> {
    core_affinity::set_for_current(core_affinity::CoreId { id: cpu });
    match driver {
        Driver::Ring => Ok(lags(Ring::new(1)?)),
        driver => Ok(lags(Runtime::new(driver, 1)?)),
    }
}

fn lags(mut wire: impl Wire) -> Vec<Nanos> {
    let clock = Clock::starting_in(Nanos::ZERO);
    let mut nothing_to_do = Vec::new();
    let sleep = |_| {
        let due = clock.now().after(SLEEP);
        wire.turn(&mut nothing_to_do, Wait::Asleep(SLEEP), clock);
        clock.now().since(due)
    };
    (0..SLEEPS).map(sleep).collect()
}

fn clock_reading() -> Nanos {
    let clock = Clock::starting_in(Nanos::ZERO);
    let before = clock.now();
    for _ in 0..LOOKS {
        std::hint::black_box(clock.now());
    }
    Nanos(clock.now().since(before).0 / LOOKS)
}

fn look_at(folder: &Path) -> Folder {
    let folders = folder.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let there = folders.into_iter().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    let path = fs::canonicalize(there).unwrap_or_else(|_| there.to_owned());
    let room = statvfs(&path).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    let written = write_into(&path).map_err(|error| error.to_string());
    Folder { path, room: Bytes(room), written }
}

/// Writes as much as is allowed, or as the time is enough for, into a file that nobody else sees.
fn write_into(folder: &Path) -> io::Result<(Bytes, Nanos)> {
    let path: PathBuf = folder.join(format!(".drumfire-doctor-{}", std::process::id()));
    let mut file = File::create_new(&path)?;
    // Without a name it is gone as soon as it is closed, however this ends.
    fs::remove_file(&path)?;
    let rows = vec![b'1'; PIECE.0 as usize];
    let clock = Clock::starting_in(Nanos::ZERO);
    let mut written = Bytes(0);
    while written < WRITTEN_MOST && clock.now() < WRITING_MOST {
        file.write_all(&rows)?;
        fdatasync(&file)?;
        written.0 += PIECE.0;
    }
    Ok((written, clock.now()))
}
