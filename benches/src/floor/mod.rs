//! The floor: what it costs to send requests and receive answers through a ring, and nothing else.
//!
//! A loop without a parser, a clock, a schedule or a record, on everything the kernel offers to make it cheap. It counts
//! answers by their bytes, so it needs a server whose answers are all of one length. No load generator can cost less; how
//! much more one costs is what it does for its user. What was tried and found no cheaper is in `benches/NOTES.md`.
//!
//! ```text
//! target    what is asked, and how long an answer is       buffers   where the kernel puts the answers
//! exchange  one connection's account of bytes
//! ```

mod buffers;
mod exchange;
mod target;

use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fixed, SubmitArgs, Timespec};
use io_uring::{CompletionQueue, IoUring, SubmissionQueue, Submitter, cqueue, opcode};

use buffers::Buffers;
use exchange::Exchange;
pub use target::Target;

/// Whatever completes with this number is the end of the time. Smaller numbers are connections.
const TIME_IS_UP: u64 = u64::MAX;
/// Marks the completion of a send, which comes only where it failed.
const SEND: u64 = 1 << 32;
/// The longest that an answer lies about while others are waited for: shb's.
const GATHERING_MOST: Timespec = Timespec::new().nsec(500_000);
/// More submissions than this are made in several goes.
const SUBMISSIONS_MOST: u32 = 4096;

/// What the floor is to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections that are kept open.
    pub connections: u32,
    /// Requests on their way over each connection at once.
    pub depth: u32,
    /// Answers that are waited for together, though not for long: 1 takes each as soon as it comes.
    pub gather: u32,
    /// For how long.
    pub time: Duration,
}

/// Keeps all connections busy for the time, and returns how many answers came.
///
/// # Errors
/// Where the kernel refuses what the floor is made of, the server is not there, or closes a connection.
pub fn run(target: &Target, load: Load) -> anyhow::Result<u64> {
    ensure!(load.connections > 0 && load.depth > 0, "the floor needs a connection and a request on it");
    let request = target.request().repeat(load.depth as usize);
    let expected = u32::try_from(target.answer_bytes()? * load.depth as usize)?;
    // Before the ring, so that it is there until the ring is gone.
    let mut buffers = Buffers::new(2 * load.connections, expected);
    let mut ring = IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_cqsize(2 * load.connections.next_power_of_two())
        .build(load.connections.next_power_of_two().clamp(8, SUBMISSIONS_MOST))
        .context("the kernel grants no ring with deferred work; it must be 6.1 or newer and io_uring allowed")?;
    register_connections(&ring, target, load.connections)?;
    buffers.register(&ring.submitter())?;
    let (submitter, submissions, completions) = ring.split();
    let exchanges = (0..load.connections).map(|_| Exchange::of(expected)).collect();
    let mut floor = Floor {
        submitter,
        submissions,
        completions,
        buffers: &mut buffers,
        request: &request,
        exchanges,
        exchanged: 0,
    };
    floor.exchange_for(load.time, load.gather as usize)?;
    Ok(floor.exchanged * u64::from(load.depth))
}

/// Opens the connections and hands them to the ring, in whose table they are numbered from 0.
fn register_connections(ring: &IoUring, target: &Target, connections: u32) -> anyhow::Result<()> {
    let open = |number| {
        let stream = TcpStream::connect(target.address())
            .with_context(|| format!("connection {number} to {} cannot be opened", target.address()))?;
        stream.set_nodelay(true)?;
        anyhow::Ok(stream)
    };
    let streams = (0..connections).map(open).collect::<anyhow::Result<Vec<TcpStream>>>()?;
    let files: Vec<i32> = streams.iter().map(AsRawFd::as_raw_fd).collect();
    // From here on the ring keeps them open.
    ring.submitter().register_files(&files).context("the connections cannot be registered with the ring")
}

struct Floor<'a> {
    submitter: Submitter<'a>,
    submissions: SubmissionQueue<'a>,
    completions: CompletionQueue<'a>,
    buffers: &'a mut Buffers,
    request: &'a [u8],
    exchanges: Vec<Exchange>,
    /// Whole turns of requests and answers on a connection.
    exchanged: u64,
}

impl Floor<'_> {
    fn exchange_for(&mut self, time: Duration, gather: usize) -> anyhow::Result<()> {
        let time = Timespec::new().sec(time.as_secs()).nsec(time.subsec_nanos());
        self.push(&opcode::Timeout::new(&raw const time).build().user_data(TIME_IS_UP))?;
        for connection in 0..self.exchanges.len() as u32 {
            self.push(&receive(connection))?;
            self.push(&send(connection, self.request))?;
        }
        loop {
            self.submissions.sync();
            // The one system call of a turn: everything that is to be sent, then whatever has come.
            self.submit_and_wait(gather)?;
            self.completions.sync();
            while let Some(completion) = self.completions.next() {
                if completion.user_data() == TIME_IS_UP {
                    return Ok(());
                }
                self.take(&completion)?;
            }
            self.buffers.give_back();
        }
    }

    fn submit_and_wait(&self, answers: usize) -> io::Result<()> {
        if answers == 1 {
            return self.submitter.submit_and_wait(1).map(drop);
        }
        match self.submitter.submit_with_args(answers, &SubmitArgs::new().timespec(&GATHERING_MOST)) {
            Err(error) if error.raw_os_error() != Some(libc::ETIME) => Err(error),
            _ => Ok(()),
        }
    }

    fn take(&mut self, completion: &cqueue::Entry) -> anyhow::Result<()> {
        let (connection, result) = (completion.user_data() as u32, completion.result());
        if completion.user_data() & SEND != 0 {
            bail!("a send of connection {connection} ended with {result} of {} bytes", self.request.len());
        }
        if let Some(buffer) = cqueue::buffer_select(completion.flags()) {
            self.buffers.free(buffer);
        }
        match u32::try_from(result) {
            Ok(0) => bail!("the server closed connection {connection}"),
            Ok(bytes) => {
                if self.exchanges[connection as usize].ends_with(bytes)? {
                    self.exchanged += 1;
                    self.push(&send(connection, self.request))?;
                }
            }
            // All buffers are taken for this turn. The receive ended, and is asked for again below.
            Err(_) if result == -libc::ENOBUFS => {}
            Err(_) => return Err(io::Error::from_raw_os_error(-result).into()),
        }
        if !cqueue::more(completion.flags()) {
            self.push(&receive(connection))?;
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> io::Result<()> {
        loop {
            #[expect(unsafe_code, reason = "the kernel will read and write memory that the entry names")]
            // SAFETY: Entries name the request and the time, which outlive the loop that reaps them, and the group of
            // buffers, which outlives the ring.
            let pushed = unsafe { self.submissions.push(entry) };
            if pushed.is_ok() {
                return Ok(());
            }
            self.submissions.sync();
            self.submitter.submit()?;
            self.submissions.sync();
        }
    }
}

/// One receive that goes on and on.
fn receive(connection: u32) -> Entry {
    opcode::RecvMulti::new(Fixed(connection), Buffers::GROUP).build().user_data(u64::from(connection))
}

/// One send of all the requests that a connection has on their way, which reports nothing unless it fails.
fn send(connection: u32, request: &[u8]) -> Entry {
    opcode::Send::new(Fixed(connection), request.as_ptr(), request.len() as u32)
        // Where only a part can be sent, the rest follows by itself.
        .flags(libc::MSG_NOSIGNAL | libc::MSG_WAITALL)
        .build()
        .flags(Flags::SKIP_SUCCESS)
        .user_data(SEND | u64::from(connection))
}
