//! How bytes travel: opens connections, sends, receives and closes, and waits. It knows nothing of HTTP, of schedules or
//! of rows.
//!
//! In: actions. Out: events, by the connection's place. A worker decides, a wire carries out: turn by turn everything
//! that was decided is handed to the kernel at once, and everything that has happened is handed back at once.
//!
//! Two wires do the same in different ways. `ring` drives an io_uring itself, with what the ring can do and monoio has no
//! way to ask for: one receive that stays armed for the life of a connection, buffers that the kernel picks, descriptors
//! that it need not look up, sends that say nothing unless they fail. `runtime` is monoio, for the kernels that do not grant
//! such a ring: on an older io_uring, and on epoll where there is none. `driver` says which it is to be.

mod buffers;
pub mod driver;
mod names;
mod ring;
mod runtime;
pub mod socket;

use runlog::outcome::Failure;
use runlog::units::Nanos;
use rustix::io::Errno;

pub use self::driver::Driver;
pub use self::ring::Ring;
pub use self::runtime::Runtime;
use crate::address::{Address, Way};
use crate::clock::Clock;
use crate::plan::target::Name;

/// A connection of its worker, by its place: a small number that is used again after the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(pub u32);

/// Bytes to be sent.
#[derive(Debug)]
pub enum Outgoing {
    /// Built before the load. Said to be sent only when it fails.
    Prepared(&'static [u8]),
    /// The same, and long or with something behind it: `Event::Sent` tells when it is sent, with an empty buffer.
    Streamed(&'static [u8]),
    /// Put together for this one time; comes back with `Event::Sent`.
    Composed(Vec<u8>),
}

impl Outgoing {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Prepared(bytes) | Self::Streamed(bytes) => bytes,
            Self::Composed(bytes) => bytes,
        }
    }
}

/// What a worker wants done.
#[derive(Debug)]
pub enum Action {
    /// Open a connection; answered by `Event::Opened`.
    Open {
        /// Its place, which is free.
        line: Line,
        /// From where to where.
        way: Way,
    },
    /// Look up a name; answered by `Event::LookedUp`.
    LookUp {
        /// Which.
        name: &'static Name,
    },
    /// Send bytes over an open connection, behind those sent before. At most one piece at a time that is told of.
    Send {
        /// Over which.
        line: Line,
        /// What.
        outgoing: Outgoing,
    },
    /// Close a connection, or give up opening it. Its place is free at once; of what was on its way nothing more is
    /// heard once this is carried out.
    Close {
        /// Which.
        line: Line,
    },
}

/// What has happened to a connection.
#[derive(Debug)]
pub enum Event<'a> {
    /// It is open, or could not be opened.
    Opened {
        /// Which.
        line: Line,
        /// Why it could not be.
        result: Result<(), Failure>,
    },
    /// A piece that is told of is sent, and its memory free for the next.
    Sent {
        /// Over which.
        line: Line,
        /// What was sent.
        buffer: Vec<u8>,
    },
    /// Bytes came.
    Received {
        /// Over which.
        line: Line,
        /// What. Borrowed from the wire.
        bytes: &'a [u8],
    },
    /// A name has been looked up.
    LookedUp {
        /// Its addresses; nothing where it has none.
        addresses: Option<Vec<Address>>,
    },
    /// Nothing more will come: closed by the other side, or reset. It still has to be closed on this side.
    Ended {
        /// Which.
        line: Line,
        /// `Closed` or `Reset`.
        failure: Failure,
    },
}

/// How long a turn may wait for something to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Asleep, for so long: the processor is free, and the end may be late.
    Asleep(Nanos),
    /// Awake, up to an instant: the processor is burnt, and the end is punctual.
    Awake(Nanos),
}

/// Carries out actions and tells what has happened.
pub trait Wire {
    /// Hands all actions to the kernel, then waits until there is an event, at the longest as it is told. Returns how
    /// much of the wait was spent awake with nothing to do.
    fn turn(&mut self, actions: &mut Vec<Action>, wait: Wait, clock: Clock) -> Nanos;

    /// Hands on what has happened since the last turn. What `hear` decides is carried out by the next turn: until then it
    /// may hear of connections that it has decided to close.
    fn reap(&mut self, hear: impl FnMut(Event<'_>));
}

/// Why a connection could not be opened.
const fn connect_failure(errno: Errno) -> Failure {
    match errno {
        Errno::CONNREFUSED => Failure::ConnectRefused,
        Errno::TIMEDOUT => Failure::ConnectTimeout,
        Errno::ADDRNOTAVAIL => Failure::NoPort,
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => Failure::NoSocket,
        _ => Failure::ConnectFailed,
    }
}
