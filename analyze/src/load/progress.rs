//! How far the reading is, for whoever waits at a terminal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use runlog::reader::Rows;

/// Nobody minds waiting that long without being told.
const UNTOLD: Duration = Duration::from_millis(700);
/// How often the bar is drawn.
const BETWEEN: Duration = Duration::from_millis(100);

/// How far a reading is.
pub struct Progress {
    total_bytes: u64,
}

impl Progress {
    /// Of files that are read once; a second time counts on from there.
    pub fn of_reading(files: &[Rows]) -> Self {
        Self { total_bytes: files.iter().map(|file| file.bytes()).sum() }
    }

    /// Does something, which counts the bytes that it has read. After a while, a bar is shown on standard error, where that
    /// is a terminal.
    pub fn show<T: Send>(self, read: impl FnOnce(&AtomicU64) -> T + Send) -> T {
        let done = AtomicU64::new(0);
        let (finished, waiting) = channel();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let result = read(&done);
                // Where the bar is gone already, nobody has to be told.
                let _ = finished.send(());
                result
            });
            if waiting.recv_timeout(UNTOLD) == Err(RecvTimeoutError::Timeout) {
                let bar = self.bar();
                while waiting.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                    let read = done.load(Ordering::Relaxed);
                    bar.set_length(if read > self.total_bytes { 2 * self.total_bytes } else { self.total_bytes });
                    bar.set_position(read);
                }
                bar.finish_and_clear();
            }
            reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn bar(&self) -> ProgressBar {
        let template = "reading rows  {wide_bar}  {bytes} of {total_bytes}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(self.total_bytes).with_style(style)
    }
}
