//! Where the workers of a run wait for each other before t=0.

use std::sync::mpsc::{Receiver, Sender, channel};

use crate::clock::Clock;

/// One worker's way to the start.
#[derive(Debug)]
pub struct Gate {
    ready: Sender<u64>,
    start: Receiver<Clock>,
}

/// The gates of all workers, as whoever opens them sees them.
#[derive(Debug)]
pub struct Gates {
    ready: Receiver<u64>,
    starts: Vec<Sender<Clock>>,
}

impl Gate {
    /// Says that this worker is ready, with so many connections open, and waits for t=0 to be told; nothing where there
    /// will be none.
    pub fn wait(self, open: u64) -> Option<Clock> {
        // Nobody need be listening for that.
        let _ = self.ready.send(open);
        // Whoever waits for all must not wait for one that has ended.
        drop(self.ready);
        self.start.recv().ok()
    }
}

impl Gates {
    /// A gate for each of so many workers.
    pub fn new(workers: usize) -> (Self, Vec<Gate>) {
        let (ready, all_ready) = channel();
        let (starts, gates) = (0..workers)
            .map(|_| {
                let (start, begins) = channel();
                (start, Gate { ready: ready.clone(), start: begins })
            })
            .unzip();
        (Self { ready: all_ready, starts }, gates)
    }

    /// Waits until every worker is ready or has ended. Returns how many connections they have open.
    pub fn wait(&self) -> u64 {
        self.ready.iter().sum()
    }

    /// Tells all of them when t=0 is.
    pub fn open(self, clock: Clock) {
        for start in self.starts {
            // Whoever has ended need not know.
            let _ = start.send(clock);
        }
    }
}
