//! The screen: how the run stands, redrawn in place on a terminal, and the keys that somebody presses there. `view` says
//! what is shown, `painter` what has to be written for that, and here it is written. What was printed before stays above.

#[cfg(test)]
mod golden;
mod painter;
mod suspension;
mod terminal;
mod view;

use std::io::{self, Write, stderr};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runlog::text::printable_lines;
use runlog::units::Nanos;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use self::painter::{ERASE, Painter};
use self::suspension::Suspension;
use self::terminal::KeyMode;
use self::view::Keys;
use super::standing::Standing;
use crate::stop::Stop;

/// How often it is redrawn, and keys are read.
const EVERY: Nanos = Nanos::from_millis(200);
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// The screen of a run.
pub struct Screen {
    painter: Painter,
    /// Whether nothing of ours is on the terminal, nor its mode ours.
    idle: Arc<AtomicBool>,
    suspension: Suspension,
    keys: Option<KeyMode>,
    shows_keys: bool,
    /// When it is redrawn next.
    next: Nanos,
}

impl Screen {
    /// The screen, where there is a terminal for it. Nothing is on it until something is shown.
    pub fn open() -> Option<Self> {
        if !terminal::is_capable() {
            return None;
        }
        let idle = Arc::new(AtomicBool::new(true));
        let suspension = Suspension::watch(&idle).ok()?;
        make_way_for_panics(Arc::clone(&idle));
        Some(Self {
            painter: Painter::new(terminal::has_colours()),
            idle,
            suspension,
            keys: None,
            shows_keys: false,
            next: Nanos::ZERO,
        })
    }

    /// Whether it is time to redraw it.
    pub fn is_due(&self, now: Nanos) -> bool {
        now >= self.next
    }

    /// Shows how the run stands, and does what the keys say that were pressed. In the background it is out of sight.
    pub fn show(&mut self, standing: &Standing, stop: &Stop) {
        self.next = standing.now.after(EVERY);
        if self.suspension.is_asked() {
            self.leave();
            self.suspension.stop();
        }
        if !terminal::is_ours() || !is_writable() {
            return;
        }
        self.enter();
        self.read_keys(stop);
        let keys = match (&self.keys, self.shows_keys) {
            (None, _) => Keys::None,
            (Some(_), false) => Keys::Short,
            (Some(_), true) => Keys::All,
        };
        let size = terminal::size();
        let lines = view::lines(standing, size, keys);
        write(&self.painter.paint(&lines, size.columns));
    }

    /// Says something above it.
    pub fn note(&mut self, text: &str) {
        write(&self.painter.above(&printable_lines(text)));
    }

    /// Takes it away, and leaves the terminal as it was found.
    pub fn leave(&mut self) {
        if !self.idle.swap(true, Ordering::AcqRel) {
            write(&format!("{}{SHOW_CURSOR}", self.painter.erase()));
        }
        self.painter.forget();
        self.keys = None;
    }

    fn enter(&mut self) {
        if self.idle.swap(false, Ordering::AcqRel) {
            self.painter.forget();
            write(HIDE_CURSOR);
        }
        if self.keys.is_none() {
            self.keys = KeyMode::begin();
        }
    }

    fn read_keys(&mut self, stop: &Stop) {
        for key in self.keys.iter().flat_map(KeyMode::pressed).collect::<Vec<u8>>() {
            match key {
                b'q' | b'Q' => stop.interrupt(|| "stopped by a key".to_owned()),
                b'?' | b'h' => self.shows_keys = !self.shows_keys,
                _ => {}
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Takes the screen away before a thread says that it has panicked, so that both can be read.
fn make_way_for_panics(idle: Arc<AtomicBool>) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !idle.swap(true, Ordering::AcqRel) {
            write(&format!("{ERASE}{SHOW_CURSOR}"));
        }
        before(panic);
    }));
}

/// Whether the terminal takes something: a connection that has stalled must not hold up whoever watches.
fn is_writable() -> bool {
    let terminal = stderr();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&terminal, PollFlags::OUT)], Some(&at_once)).is_ok_and(|ready| ready > 0)
}

fn write(text: &str) {
    let mut terminal = stderr().lock();
    // Nobody may be looking any more; the run goes on.
    let _: io::Result<()> = terminal.write_all(text.as_bytes());
}
