//! One kept-alive connection: the socket and the bytes on it. It sends requests and reads answers to their end, and
//! knows nothing of schedules, rows or virtual users.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRent};
use monoio::net::TcpStream;
use runlog::outcome::Failure;
use runlog::units::Nanos;
use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::framing::Framing;

/// What most answers fit into with one read.
const BUFFER_BYTES: usize = 4 << 10;
/// How far the buffer grows for long heads and large bodies.
const BUFFER_BYTES_MOST: usize = 64 << 10;
/// A connection that has been idle for longer is looked at before it is used: the server may have closed it.
const TRUSTED_FOR: Nanos = Nanos::from_millis(100);

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    /// Lent to the kernel while it reads.
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that are still to be dealt with.
    kept: usize,
    /// Which connection of its core this is.
    pub number: u64,
    /// When it was last of use.
    pub last_used: Nanos,
}

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Some of the answer.
    Part,
    /// The rest of the answer.
    Whole,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// Why it could not be opened.
    pub async fn open(address: SocketAddr, number: u64) -> Result<Self, Failure> {
        let stream = TcpStream::connect_addr(address).await.map_err(|error| connect_failure(&error))?;
        stream.set_nodelay(true).map_err(|error| connect_failure(&error))?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER_BYTES), kept: 0, number, last_used: Nanos::ZERO })
    }

    /// Whether the server has closed the connection, or sent what nobody asked for, while it was idle.
    pub fn is_stale(&self, now: Nanos) -> bool {
        if now.since(self.last_used) < TRUSTED_FOR {
            return false;
        }
        // SAFETY: the descriptor is the stream's own, which is open as long as `self` is borrowed.
        #[expect(unsafe_code, reason = "monoio's stream lends its descriptor as a number only")]
        let socket = unsafe { BorrowedFd::borrow_raw(self.stream.as_raw_fd()) };
        let peeked = rustix::net::recv(socket, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        peeked != Err(Errno::AGAIN)
    }

    /// Hands bytes to the kernel; returns how many it took.
    ///
    /// # Errors
    /// What became of the connection.
    pub async fn send(&mut self, bytes: &'static [u8]) -> Result<usize, Failure> {
        let (taken, _) = self.stream.write(bytes).await;
        taken.map_err(|_| Failure::Reset)
    }

    /// Waits for bytes and feeds them to the framing. Returns how many came, and whether the answer is whole.
    ///
    /// # Errors
    /// What became of the answer, with the number of bytes that came to that.
    pub async fn receive(&mut self, framing: &mut Framing) -> Result<(usize, Received), (usize, Failure)> {
        if self.kept == self.buffer.capacity() {
            self.grow();
        }
        let (result, buffer) = if self.kept == 0 {
            self.stream.read(std::mem::take(&mut self.buffer)).await
        } else {
            let buffer = std::mem::take(&mut self.buffer);
            let room = self.kept..buffer.capacity();
            let (result, slice) = self.stream.read(buffer.slice_mut(room)).await;
            (result, slice.into_inner())
        };
        self.buffer = buffer;
        let came = result.map_err(|_| (0, Failure::Reset))?;
        if came == 0 {
            return if framing.finish_at_close() { Ok((0, Received::Whole)) } else { Err((0, Failure::Closed)) };
        }
        let fed = framing.feed(&self.buffer).map_err(|_| (came, Failure::BadResponse))?;
        self.kept = self.buffer.len() - fed.consumed;
        if self.kept > 0 {
            self.buffer.copy_within(fed.consumed.., 0);
        } else if self.buffer.len() == self.buffer.capacity() {
            self.grow();
        }
        Ok((came, if fed.done { Received::Whole } else { Received::Part }))
    }

    /// Whether bytes lie here that belong to no request.
    pub const fn has_leftovers(&self) -> bool {
        self.kept > 0
    }

    fn grow(&mut self) {
        if self.buffer.capacity() < BUFFER_BYTES_MOST {
            self.buffer.reserve_exact(self.buffer.capacity());
        }
    }
}

fn connect_failure(error: &io::Error) -> Failure {
    match Errno::from_io_error(error) {
        Some(Errno::CONNREFUSED) => Failure::ConnectRefused,
        Some(Errno::TIMEDOUT) => Failure::ConnectTimeout,
        Some(Errno::MFILE | Errno::NFILE | Errno::ADDRNOTAVAIL | Errno::NOBUFS) => Failure::NoSocket,
        _ => Failure::ConnectFailed,
    }
}
