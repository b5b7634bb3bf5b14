//! Names looked up beside the wire, by threads that may wait for it.

use std::net::ToSocketAddrs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::address::Address;
use crate::plan::target::{Name, of_family};

/// So many names are looked up at once.
const THREADS: usize = 4;

/// What names have come to; nothing for one that has no address.
pub type Found = Option<Vec<Address>>;

/// Threads that look up names.
pub struct Names {
    asked: Sender<&'static Name>,
    found: Receiver<Found>,
    bell: Arc<OwnedFd>,
}

impl Names {
    /// Starts the threads; they end when this is dropped.
    ///
    /// # Errors
    /// Where the system grants no descriptor to be told by.
    pub fn start() -> Result<Self, Errno> {
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let (asked, questions) = channel::<&'static Name>();
        let (answers, found) = channel();
        let questions = Arc::new(Mutex::new(questions));
        for _ in 0..THREADS {
            let (questions, answers, bell) = (Arc::clone(&questions), answers.clone(), Arc::clone(&bell));
            // Without a thread nobody answers, and whoever waits is told that it took too long.
            let _ = std::thread::Builder::new().name("names".to_owned()).spawn(move || {
                loop {
                    let question = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(name) = question else { return };
                    if answers.send(look_up(name)).is_err() || rustix::io::write(&*bell, &1_u64.to_ne_bytes()).is_err()
                    {
                        return;
                    }
                }
            });
        }
        Ok(Self { asked, found, bell })
    }

    /// Has a name looked up.
    pub fn ask(&self, name: &'static Name) {
        let _ = self.asked.send(name);
    }

    /// The next name that has been looked up.
    pub fn next(&self) -> Option<Found> {
        self.found.try_recv().ok()
    }

    /// What can be read from when names have been looked up.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

fn look_up(name: &Name) -> Found {
    let found = (name.host.as_str(), name.port).to_socket_addrs().ok()?;
    Some(of_family(found.collect(), name.family)).filter(|addresses| !addresses.is_empty())
}
