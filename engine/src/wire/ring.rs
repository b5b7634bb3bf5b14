//! An io_uring driven directly: one system call a turn, whatever happens in it.
//!
//! A connection is a registered descriptor, at its line's place, with a receive that stays armed until the connection is
//! closed and lets the kernel pick a buffer for what comes. Sends of prepared bytes report only failure. Completions are
//! worked on when the worker asks for them and never interrupt it (`DEFER_TASKRUN`); whether there are any can be seen
//! without a system call, so that a worker that waits awake makes none.

use std::io;
use std::os::fd::AsRawFd;

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{CancelBuilder, Fd, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use runlog::outcome::Failure;
use runlog::units::Nanos;
use rustix::io::Errno;
use rustix::net::SocketAddrAny;

use super::buffers::{self, Buffers};
use super::names::Names;
use super::socket::socket_for;
use super::{Action, Event, Line, Outgoing, Wait, Wire, connect_failure};
use crate::address::Way;
use crate::clock::Clock;
use crate::plan::target::Name;

/// Submissions that fit into the ring at once: few, so that they stay in the processor's cache. More are handed over in
/// several goes.
const SUBMISSIONS: u32 = 256;
/// Completions that fit into the ring at once; the kernel keeps more for a while, at a cost.
const COMPLETIONS_LEAST: u32 = 1024;
const COMPLETIONS_MOST: u32 = 16_384;

/// `MSG_WAITALL`: a send is not done until all of it is handed over.
const ALL_OF_IT: i32 = 0x100;
/// `IORING_ENTER_GETEVENTS`: work on completions, whether or not any are waited for.
const GET_EVENTS: u32 = 1;

/// A wire on an io_uring.
pub struct Ring {
    /// Before what it borrows from: fields are dropped in this order.
    io: IoUring,
    buffers: Buffers,
    places: Places,
    /// Addresses that the kernel has not read yet, each where it is until then.
    #[expect(clippy::vec_box, reason = "the kernel knows them by where they are, and the list may grow")]
    addresses: Vec<Box<SocketAddrAny>>,
    /// Whoever looks up names, once one has been asked for.
    names: Option<Names>,
    /// What the kernel writes into when names have been looked up. After what writes into it: dropped last.
    rung: Box<u64>,
}

impl Ring {
    /// A ring for at most so many connections, for the thread that makes it and no other.
    ///
    /// # Errors
    /// Where the kernel does not grant such a ring: before 6.1, or switched off, or not so many descriptors.
    pub fn new(connections: u32) -> io::Result<Self> {
        let completions = connections.next_power_of_two().clamp(COMPLETIONS_LEAST, COMPLETIONS_MOST);
        let io = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_taskrun_flag()
            .setup_submit_all()
            .setup_cqsize(completions)
            .build(SUBMISSIONS)?;
        io.submitter().register_files_sparse(connections)?;
        let buffers = Buffers::lend(&io.submitter(), connections)?;
        Ok(Self {
            io,
            buffers,
            places: Places::new(connections),
            addresses: Vec::new(),
            names: None,
            rung: Box::default(),
        })
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::LookUp { name } => self.look_up(name),
            Action::Open { line, way } => {
                if let Err(errno) = self.open(line, way) {
                    self.places.stillborn.push((line, connect_failure(errno)));
                }
            }
            Action::Send { line, outgoing: Outgoing::Prepared(bytes) } => {
                let tag = self.places.tag(Kind::Send, line);
                self.push(&send(line, bytes).flags(Flags::SKIP_SUCCESS).user_data(tag));
            }
            Action::Send { line, outgoing: Outgoing::Streamed(bytes) } => {
                let tag = self.places.lend(line, Vec::new());
                self.push(&send(line, bytes).user_data(tag));
            }
            Action::Send { line, outgoing: Outgoing::Composed(bytes) } => {
                let entry = send(line, &bytes);
                let tag = self.places.lend(line, bytes);
                self.push(&entry.user_data(tag));
            }
            Action::Close { line } => self.close(line),
        }
    }

    /// Has a name looked up. Whoever cannot be asked has not found it.
    fn look_up(&mut self, name: &'static Name) {
        if self.names.is_none() {
            self.names = Names::start().ok();
            self.listen_for_names();
        }
        match &self.names {
            Some(names) => names.ask(name),
            None => self.places.unanswered += 1,
        }
    }

    /// Has the kernel tell when names have been looked up.
    fn listen_for_names(&mut self) {
        let Some(bell) = self.names.as_ref().map(|names| names.bell().as_raw_fd()) else { return };
        let rung: *mut u64 = &raw mut *self.rung;
        self.push(&opcode::Read::new(Fd(bell), rung.cast(), 8).build().user_data((Kind::Rung as u64) << 56));
    }

    fn open(&mut self, line: Line, way: Way) -> Result<(), Errno> {
        let socket = socket_for(way)?;
        // The place may be about to be given up by an earlier connection; its new descriptor is registered at once.
        self.enter();
        let registered = self.io.submitter().register_files_update(line.0, &[socket.as_raw_fd()]);
        registered.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::NOBUFS))?;
        let address = Box::new(way.to.for_kernel()?);
        let connect = opcode::Connect::new(Fixed(line.0), address.as_ptr().cast(), address.addr_len());
        self.addresses.push(address);
        let tag = self.places.tag(Kind::Open, line);
        self.push(&connect.build().user_data(tag));
        Ok(())
    }

    fn close(&mut self, line: Line) {
        let tag = self.places.tag(Kind::Close, line);
        self.places.give_up(line);
        let whatever_is_on_its_way = CancelBuilder::fd(Fixed(line.0)).all();
        let cancel = opcode::AsyncCancel2::new(whatever_is_on_its_way).build();
        self.push(&cancel.flags(Flags::SKIP_SUCCESS).user_data(tag));
        self.push(&opcode::Close::new(Fixed(line.0)).build().flags(Flags::SKIP_SUCCESS).user_data(tag));
    }

    /// Arms the receives of connections that have just opened, or had no buffer to receive into.
    fn arm(&mut self) {
        while let Some((line, turn)) = self.places.unarmed.pop() {
            if self.places.is_current(line, turn) {
                let tag = self.places.tag(Kind::Receive, line);
                self.push(&opcode::RecvMulti::new(Fixed(line.0), buffers::GROUP).build().user_data(tag));
            }
        }
    }

    fn push(&mut self, entry: &Entry) {
        // SAFETY: what an entry points to stays where it is until the kernel is done with it: prepared bytes for ever,
        // composed ones among those lent until their completion, addresses until the end of the turn that hands them over,
        // the buffers of receives as long as the ring.
        #[expect(unsafe_code, reason = "an entry names memory by its address")]
        while unsafe { self.io.submission().push(entry) }.is_err() {
            self.enter();
        }
    }

    /// Hands over what there is to hand over, and lets the kernel work on what has come.
    fn enter(&mut self) {
        let submissions = self.io.submission().len() as u32;
        // SAFETY: no argument is passed, so there is no memory to be wrong about.
        #[expect(unsafe_code, reason = "the safe call works on completions only where some are waited for")]
        let entered = unsafe { self.io.submitter().enter::<()>(submissions, 0, GET_EVENTS, None) };
        // Refused only while completions lie unread, or by a signal: what was not taken stays for the next time.
        drop(entered);
    }

    /// The same, and waits until there is a completion, but no longer than this.
    fn sleep(&mut self, span: Nanos) {
        let span = Timespec::new().sec(span.0 / 1_000_000_000).nsec((span.0 % 1_000_000_000) as u32);
        // As above; nor is the end of the time an error.
        let _ = self.io.submitter().submit_with_args(1, &SubmitArgs::new().timespec(&span));
    }

    /// Waits awake, without a system call, until there is something to reap or the instant has come; looks at least once.
    /// Returns for how long.
    fn spin(&mut self, until: Nanos, clock: Clock) -> Nanos {
        let began = clock.now();
        let mut now = began;
        while self.io.completion().is_empty() {
            if self.io.submission().taskrun() {
                self.enter();
                break;
            }
            if now >= until {
                break;
            }
            std::hint::spin_loop();
            now = clock.now();
        }
        now.since(began)
    }
}

impl Wire for Ring {
    fn turn(&mut self, actions: &mut Vec<Action>, wait: Wait, clock: Clock) -> Nanos {
        self.arm();
        for action in actions.drain(..) {
            self.carry_out(action);
        }
        // Of what could not even be begun the kernel has nothing to tell.
        let wait = if self.places.stillborn.is_empty() && self.places.unanswered == 0 {
            wait
        } else {
            Wait::Awake(Nanos::ZERO)
        };
        let spun = match wait {
            Wait::Asleep(span) => {
                self.sleep(span);
                Nanos::ZERO
            }
            Wait::Awake(until) => {
                if !self.io.submission().is_empty() {
                    self.enter();
                }
                self.spin(until, clock)
            }
        };
        self.addresses.clear();
        spun
    }

    fn reap(&mut self, mut hear: impl FnMut(Event<'_>)) {
        let Self { io, buffers, places, .. } = self;
        for _ in 0..std::mem::take(&mut places.unanswered) {
            hear(Event::LookedUp { addresses: None });
        }
        for (line, failure) in places.stillborn.drain(..) {
            hear(Event::Opened { line, result: Err(failure) });
        }
        for completion in io.completion() {
            let filled = cqueue::buffer_select(completion.flags());
            let bytes = filled.map(|id| buffers.bytes(id, completion.result().max(0) as usize));
            if let Some(event) = places.event(&completion, bytes) {
                hear(event);
            }
            if let Some(id) = filled {
                buffers.give_back(id);
            }
        }
        buffers.hand_over();
        if std::mem::take(&mut self.places.is_rung) {
            while let Some(addresses) = self.names.as_ref().and_then(Names::next) {
                hear(Event::LookedUp { addresses });
            }
            self.listen_for_names();
        }
    }
}

/// What the kernel is busy with, and for whom.
struct Places {
    /// How often each place has been given up: what comes of an earlier connection is told by it.
    turns: Vec<u32>,
    /// Composed pieces that the kernel reads, each with its line and turn.
    lent: Vec<Option<(Line, u32, Vec<u8>)>>,
    /// The places among those lent where nothing is.
    vacant: Vec<u32>,
    /// Connections whose receive is to be armed, each with its turn.
    unarmed: Vec<(Line, u32)>,
    /// Connections that could not even be begun.
    stillborn: Vec<(Line, Failure)>,
    /// Names that could not even be asked for.
    unanswered: usize,
    /// Whether names have been looked up.
    is_rung: bool,
}

/// What a completion is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Receive,
    Send,
    /// A piece that is told of: the number is its place among those lent.
    SendLent,
    /// Names have been looked up.
    Rung,
    /// Of no interest.
    Close,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Open, Self::Receive, Self::Send, Self::SendLent, Self::Rung, Self::Close];
}

/// Turns are counted modulo this: a completion comes sooner than a place is given up so often.
const TURNS: u32 = 1 << 24;

impl Places {
    fn new(connections: u32) -> Self {
        let turns = vec![0; connections as usize];
        Self {
            turns,
            lent: Vec::new(),
            vacant: Vec::new(),
            unarmed: Vec::new(),
            stillborn: Vec::new(),
            unanswered: 0,
            is_rung: false,
        }
    }

    /// What tells a completion: kind, turn and number, from the highest bits to the lowest.
    fn tag(&self, kind: Kind, line: Line) -> u64 {
        (kind as u64) << 56 | u64::from(self.turns[line.0 as usize]) << 32 | u64::from(line.0)
    }

    fn is_current(&self, line: Line, turn: u32) -> bool {
        self.turns[line.0 as usize] == turn
    }

    fn give_up(&mut self, line: Line) {
        let turn = &mut self.turns[line.0 as usize];
        *turn = (*turn + 1) % TURNS;
    }

    fn lend(&mut self, line: Line, bytes: Vec<u8>) -> u64 {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.lent.push(None);
            self.lent.len() as u32 - 1
        });
        self.lent[place as usize] = Some((line, self.turns[line.0 as usize], bytes));
        (Kind::SendLent as u64) << 56 | u64::from(place)
    }

    /// What a completion means to the worker, with the bytes that came with it; often nothing.
    fn event<'a>(&mut self, completion: &cqueue::Entry, bytes: Option<&'a [u8]>) -> Option<Event<'a>> {
        let (data, result) = (completion.user_data(), completion.result());
        let kind = Kind::ALL[(data >> 56) as usize % Kind::ALL.len()];
        if kind == Kind::SendLent {
            return self.sent(data as u32 as usize, result);
        }
        if kind == Kind::Rung {
            self.is_rung = true;
            return None;
        }
        let (line, turn) = (Line(data as u32), (data >> 32) as u32 % TURNS);
        if !self.is_current(line, turn) {
            return None;
        }
        match kind {
            Kind::Open if result < 0 => {
                let failure = connect_failure(Errno::from_raw_os_error(-result));
                Some(Event::Opened { line, result: Err(failure) })
            }
            Kind::Open => {
                self.unarmed.push((line, turn));
                Some(Event::Opened { line, result: Ok(()) })
            }
            Kind::Receive if result == 0 => Some(Event::Ended { line, failure: Failure::Closed }),
            Kind::Receive if result > 0 || result == -Errno::NOBUFS.raw_os_error() => {
                if !cqueue::more(completion.flags()) {
                    self.unarmed.push((line, turn));
                }
                bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| Event::Received { line, bytes })
            }
            Kind::Receive | Kind::Send if result < 0 => Some(Event::Ended { line, failure: Failure::Reset }),
            Kind::Receive | Kind::Send | Kind::SendLent | Kind::Rung | Kind::Close => None,
        }
    }

    fn sent(&mut self, place: usize, result: i32) -> Option<Event<'static>> {
        let (line, turn, buffer) = self.lent.get_mut(place)?.take()?;
        self.vacant.push(place as u32);
        if !self.is_current(line, turn) {
            return None;
        }
        Some(if result < 0 { Event::Ended { line, failure: Failure::Reset } } else { Event::Sent { line, buffer } })
    }
}

fn send(line: Line, bytes: &[u8]) -> Entry {
    // Whatever is longer than a submission can say comes to four gigabytes, which no request is.
    opcode::Send::new(Fixed(line.0), bytes.as_ptr(), bytes.len() as u32).flags(ALL_OF_IT).build()
}
