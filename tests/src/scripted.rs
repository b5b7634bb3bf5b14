//! A server that misbehaves as told: every request is answered by a script, byte for byte.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use crate::patience::PATIENCE;

/// The most that a request's head and body may have together.
const REQUEST_BYTES_MOST: usize = 1 << 20;
/// The time between the pieces of an answer: enough for each to be read on its own.
const BETWEEN_PIECES: Duration = Duration::from_millis(1);

/// What the rows may say of requests to a server that goes away, answered ones among them. `connect_failed`: the system had
/// accepted the connection, and reset it before anybody looked.
pub const WORDS_OF_WHO_GOES: [&str; 5] = ["", "closed", "reset", "connect_failed", "connect_refused"];

/// A request, and which one it is.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its connection, counted from 0 as they came.
    pub connection: usize,
    /// Its place on the connection, from 0.
    pub nth_on_connection: usize,
    /// Its place among all requests, from 0.
    pub nth: usize,
    /// The method and target: `GET /path`.
    pub line: String,
    /// Head and body as they came.
    pub bytes: Vec<u8>,
}

/// What becomes of the connection behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Stay,
    Close,
    Reset,
    Silence,
}

/// An answer: pieces of bytes, when, and what then.
#[derive(Debug, Clone)]
pub struct Reply {
    pieces: Vec<Vec<u8>>,
    after: Duration,
    then: Then,
}

impl Reply {
    /// These bytes; the connection stays open.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self { pieces: vec![bytes.into()], after: Duration::ZERO, then: Then::Stay }
    }

    /// A well-formed answer with a small body.
    pub fn ok() -> Self {
        Self::of("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
    }

    /// A well-formed answer with these header lines and this body.
    pub fn with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let lines = lines.concat();
        let head = format!("HTTP/1.1 {status} Scripted\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
        Self::of([head.as_bytes(), body].concat())
    }

    /// A well-formed answer with this JSON.
    pub fn json(body: &str) -> Self {
        Self::with(200, &[("Content-Type", "application/json")], body)
    }

    /// No answer, on a connection that stays open.
    pub fn never() -> Self {
        Self::of("").then(Then::Silence)
    }

    /// The same bytes in two pieces, the second sent a moment after the first.
    #[must_use]
    pub fn split_at(mut self, place: usize) -> Self {
        let bytes = self.pieces.concat();
        let (first, second) = bytes.split_at(place.min(bytes.len()));
        self.pieces = vec![first.to_vec(), second.to_vec()];
        self
    }

    /// The same bytes, one at a time.
    #[must_use]
    pub fn byte_by_byte(mut self) -> Self {
        self.pieces = self.pieces.concat().into_iter().map(|byte| vec![byte]).collect();
        self
    }

    /// The same, so much later.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// The same; then the connection is closed in order.
    #[must_use]
    pub fn then_close(self) -> Self {
        self.then(Then::Close)
    }

    /// The same; then the connection is reset.
    #[must_use]
    pub fn then_reset(self) -> Self {
        self.then(Then::Reset)
    }

    fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// What a server says before it is asked, and what it answers.
struct Behaviour {
    greeting: &'static [u8],
    script: Box<Script>,
}

/// What the threads of a server share.
struct Shared {
    behaviour: Behaviour,
    books: Mutex<Books>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Books {
    stopping: bool,
    connections: usize,
    requests: Vec<Asked>,
    open: HashMap<usize, TcpStream>,
    threads: Vec<JoinHandle<()>>,
}

/// A running server, a thread for each connection; stopped when dropped.
pub struct Scripted {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Scripted {
    /// Answers every request by this script.
    pub fn server(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Behaviour { greeting: b"", script: Box::new(script) })
    }

    /// Speaks first, as no HTTP server does, and then says nothing more.
    pub fn greeting(greeting: &'static [u8]) -> Self {
        Self::start(Behaviour { greeting, script: Box::new(|_| Reply::never()) })
    }

    fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared { behaviour, books: Mutex::default(), changed: Condvar::new() });
        let acceptor = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that sent a request so far. (Whoever only looks whether somebody listens does not count.)
    pub fn connections(&self) -> usize {
        self.shared.books().connections
    }

    /// Requests that came so far.
    pub fn requests(&self) -> usize {
        self.shared.books().requests.len()
    }

    /// The requests that came so far, in their order.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.books().requests.clone()
    }

    /// Waits until so many requests have come.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        let books = self.shared.books();
        let (books, timeout) = self
            .shared
            .changed
            .wait_timeout_while(books, PATIENCE, |books| books.requests.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "waited for {count} requests, and only {} came", books.requests.len());
    }

    /// Stops: nobody listens any more, every connection is closed.
    pub fn stop(&mut self) {
        let Some(acceptor) = self.acceptor.take() else { return };
        self.shared.books().stopping = true;
        self.shared.changed.notify_all();
        // Wakes the acceptor, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
        acceptor.join().expect("the acceptor did not panic");
        let threads = {
            let mut books = self.shared.books();
            for stream in books.open.values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
            std::mem::take(&mut books.threads)
        };
        for thread in threads {
            thread.join().expect("no script panicked");
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a time, or until the server is to stop: whether it is.
    fn pause(&self, time: Duration) -> bool {
        if time.is_zero() {
            return self.books().stopping;
        }
        let (books, _) = self
            .changed
            .wait_timeout_while(self.books(), time, |books| !books.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        books.stopping
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let Ok((stream, _)) = listener.accept() else { return };
        let mut books = shared.books();
        if books.stopping {
            return;
        }
        // Answers go out piece by piece as the script says, not as the kernel would gather them.
        stream.set_nodelay(true).expect("a stream takes options");
        books.open.insert(number, stream.try_clone().expect("a stream can be opened twice"));
        let shared = Arc::clone(shared);
        books.threads.push(std::thread::spawn(move || {
            // A client that goes away is its own affair.
            let _ = serve(number, stream, &shared);
            shared.books().open.remove(&number);
        }));
    }
}

fn serve(number: usize, mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.write_all(shared.behaviour.greeting)?;
    let mut connection = None;
    let mut received = Vec::new();
    for nth_on_connection in 0.. {
        let Some(bytes) = next_request(&mut stream, &mut received)? else { return Ok(()) };
        let asked = {
            let mut books = shared.books();
            let connection = *connection.get_or_insert(books.connections);
            books.connections = books.connections.max(connection + 1);
            let nth = books.requests.len();
            let asked = Asked { connection, nth_on_connection, nth, line: request_line(&bytes), bytes };
            books.requests.push(asked.clone());
            asked
        };
        shared.changed.notify_all();
        let reply = (shared.behaviour.script)(&asked);
        if shared.pause(reply.after) {
            return Ok(());
        }
        for (place, piece) in reply.pieces.iter().enumerate() {
            if place > 0 && shared.pause(BETWEEN_PIECES) {
                return Ok(());
            }
            stream.write_all(piece)?;
        }
        match reply.then {
            Then::Stay => {}
            Then::Close => return stream.shutdown(Shutdown::Both),
            Then::Reset => return reset(number, stream, shared),
            // Until the client gives up, or the server stops.
            Then::Silence => return io::copy(&mut stream, &mut io::sink()).map(drop),
        }
    }
    Ok(())
}

/// A connection that is closed without lingering is reset; it is closed when nobody has it open.
fn reset(number: usize, stream: TcpStream, shared: &Shared) -> io::Result<()> {
    set_socket_linger(&stream, Some(Duration::ZERO))?;
    shared.books().open.remove(&number);
    drop(stream);
    Ok(())
}

/// Head and body of the next request; `None` where the client has closed.
fn next_request(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(length) = request_length(received) {
            let rest = received.split_off(length);
            return Ok(Some(std::mem::replace(received, rest)));
        }
        if received.len() > REQUEST_BYTES_MOST {
            return Err(io::Error::other("a request without end"));
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            count => received.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The length of the request at the start of these bytes, once it is complete.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:")).map_or(0, |value| {
        value.trim().parse::<usize>().unwrap_or_else(|_| panic!("a content length that is no number: {text:?}"))
    });
    (bytes.len() >= head + body).then_some(head + body)
}

fn request_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().next().unwrap_or_default();
    line.rsplit_once(' ').map_or(line, |(line, _version)| line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_ends_behind_its_body() {
        assert_eq!(request_length(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(request_length(b"GET / HTTP/1.1\r\n\r\nGET"), Some(18));
        assert_eq!(request_length(b"P / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"), None);
        assert_eq!(request_length(b"P / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd"), Some(38));
    }

    #[test]
    fn it_answers_by_its_script_and_keeps_books() {
        let server = Scripted::server(|asked| match asked.nth_on_connection {
            0 => Reply::of(asked.line.clone()).split_at(3),
            _ => Reply::of("!").then_close(),
        });
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        stream.write_all(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it closes in order");
        assert_eq!(answer, "GET /a!");
        assert_eq!((server.connections(), server.requests()), (1, 2));
    }
}
