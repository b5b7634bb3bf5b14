//! Servers that do next to nothing: one thread, one loop over epoll, the same answer to every request.
//!
//! ```text
//! heads     where requests end in the bytes of a connection      stamped   bytes with the kernel's time of arrival
//! ```
//!
//! What differs between the servers is how they take the bytes: [`Receive`]. Requests have no bodies. A server ends when
//! its standard input closes, and so never outlives whoever started it.

mod heads;
mod stamped;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use heads::Heads;
pub use stamped::Stamped;

/// More than a pipelined client sends at once.
const READ_BYTES: usize = 1 << 16;
/// As many answers as can be asked for in one read, each of which takes a few dozen bytes at the least.
const ANSWERS_AT_ONCE: usize = READ_BYTES / 16;
/// As many events as are taken at once.
const EVENTS: usize = 256;

/// How a server takes the bytes that have come.
pub trait Receive {
    /// Sets options on the listener, which its connections inherit.
    ///
    /// # Errors
    /// Where the kernel does not know them.
    fn prepare(&mut self, _listener: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Takes bytes from a connection that has some. 0 is its end.
    ///
    /// # Errors
    /// What the kernel says of the connection.
    fn receive(&mut self, connection: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize>;

    /// The bytes that were received last had the ends of so many requests in them.
    fn requested(&mut self, requests: usize);
}

/// Takes bytes and keeps nothing.
#[derive(Debug)]
pub struct Plain;

impl Receive for Plain {
    fn receive(&mut self, connection: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, _) = rustix::net::recv(connection, buffer, RecvFlags::DONTWAIT)?;
        Ok(count)
    }

    fn requested(&mut self, _requests: usize) {}
}

/// Listens on a free port of loopback, says so on standard output, and gives this answer to every request until standard
/// input closes. All requests that come in one read are answered in one send.
///
/// # Errors
/// What the kernel says of the listener; what happens to a connection ends that connection only.
pub fn until_stdin_closes(receive: &mut impl Receive, answer: &[u8]) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // The standard library's queue of 128 would refuse thousands of connections that are opened at once.
    rustix::net::listen(&listener, 4096)?;
    listener.set_nonblocking(true)?;
    receive.prepare(listener.as_fd())?;
    writeln!(io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    Server::new(listener, receive, answer)?.serve()
}

struct Server<'a, R> {
    epoll: OwnedFd,
    listener: TcpListener,
    /// By the number of their file.
    connections: Vec<Option<Connection>>,
    receive: &'a mut R,
    answers: Vec<u8>,
    answer_bytes: usize,
    buffer: Vec<u8>,
}

struct Connection {
    socket: OwnedFd,
    heads: Heads,
}

impl<'a, R: Receive> Server<'a, R> {
    fn new(listener: TcpListener, receive: &'a mut R, answer: &[u8]) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        watch(&epoll, listener.as_fd())?;
        watch(&epoll, io::stdin().as_fd())?;
        Ok(Self {
            epoll,
            listener,
            connections: Vec::new(),
            receive,
            answers: answer.repeat(ANSWERS_AT_ONCE),
            answer_bytes: answer.len(),
            buffer: vec![0; READ_BYTES],
        })
    }

    fn serve(mut self) -> io::Result<()> {
        let (stdin, listener) = (number(io::stdin().as_fd()), number(self.listener.as_fd()));
        let mut events = Vec::with_capacity(EVENTS);
        loop {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in events.drain(..) {
                match event.data.u64() {
                    file if file == stdin => return Ok(()),
                    file if file == listener => self.accept()?,
                    file => self.answer(file as usize),
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let socket = match rustix::net::accept_with(&self.listener, rustix::net::SocketFlags::CLOEXEC) {
                Ok(socket) => socket,
                Err(Errno::AGAIN) => return Ok(()),
                // A client that has gone again before it was accepted.
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            rustix::net::sockopt::set_tcp_nodelay(&socket, true)?;
            watch(&self.epoll, socket.as_fd())?;
            let file = number(socket.as_fd()) as usize;
            if self.connections.len() <= file {
                self.connections.resize_with(file + 1, || None);
            }
            self.connections[file] = Some(Connection { socket, heads: Heads::default() });
        }
    }

    fn answer(&mut self, file: usize) {
        let Some(connection) = &mut self.connections[file] else { return };
        if exchange(connection, self.receive, &mut self.buffer, &self.answers, self.answer_bytes).is_err() {
            // Closing it also ends its being watched.
            self.connections[file] = None;
        }
    }
}

/// Takes what has come and answers it. An error is the end of the connection, in whatever way.
fn exchange(
    connection: &mut Connection,
    receive: &mut impl Receive,
    buffer: &mut [u8],
    answers: &[u8],
    answer_bytes: usize,
) -> io::Result<()> {
    let count = match receive.receive(connection.socket.as_fd(), buffer) {
        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        other => other?,
    };
    let requests = connection.heads.ends_in(&buffer[..count]);
    receive.requested(requests);
    let mut rest = &answers[..requests * answer_bytes];
    while !rest.is_empty() {
        // It waits where the client does not read: the clients of a bench do.
        let sent = rustix::net::send(&connection.socket, rest, SendFlags::NOSIGNAL)?;
        rest = &rest[sent..];
    }
    Ok(())
}

/// Has the loop told when there is something to read.
fn watch(epoll: &OwnedFd, file: BorrowedFd<'_>) -> io::Result<()> {
    Ok(epoll::add(epoll, file, EventData::new_u64(number(file)), EventFlags::IN)?)
}

fn number(file: BorrowedFd<'_>) -> u64 {
    u64::from(file.as_raw_fd().unsigned_abs())
}
