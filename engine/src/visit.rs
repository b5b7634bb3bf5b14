//! A connection that is waited for: to see before the load whether the target can be reached, and for what is done once.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::io::{Errno, retry_on_intr};

use crate::address::{Address, Way};
use crate::plan::Target;
use crate::tls::{Session, explain};
use crate::wire::socket::socket_for;
use crate::worker::framing::{Framing, Memo};

/// So much is sealed at once.
const SEALED_AT_ONCE: usize = 64 << 10;

/// An open connection, through its proxy and secured where the target asks for it.
#[derive(Debug)]
pub struct Visit {
    stream: TcpStream,
    session: Option<Session>,
    /// What was said and is not read yet.
    said: Vec<u8>,
}

impl Visit {
    /// Opens one; each step of it may take so long.
    ///
    /// # Errors
    /// What went wrong, in words that help.
    pub fn open(target: &Target, way: Way, patience: Duration) -> io::Result<Self> {
        let stream = connect(way, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let mut visit = Self { stream, session: None, said: Vec::new() };
        if let Some(tunnel) = &target.tunnel {
            visit.tunnel(tunnel)?;
        }
        if let Some(security) = &target.security {
            let mut out = Vec::new();
            let session = Session::new(&security.for_one_thread(), &mut out).map_err(|error| refused(&error))?;
            visit.stream.write_all(&out)?;
            visit.session = Some(session);
            while visit.session.as_ref().is_some_and(|session| !session.is_open()) {
                if visit.hear().map_err(unanswered)? == 0 {
                    return Err(io::Error::other("the server closed the connection in the TLS handshake"));
                }
            }
            // A server that wants more of a client than it has (a certificate) says so behind the handshake of TLS 1.3.
            visit.stream.set_read_timeout(Some(AFTERTHOUGHT.min(patience)))?;
            match visit.hear() {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                heard => drop(heard?),
            }
            visit.stream.set_read_timeout(Some(patience))?;
        }
        Ok(visit)
    }

    /// So long a read may wait.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(patience))
    }

    fn tunnel(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)?;
        // An answer to CONNECT has no body, like one to HEAD.
        let (mut framing, mut received, mut byte) = (Framing::new(true), Vec::new(), [0]);
        loop {
            // Byte by byte: what comes behind it is not for the proxy.
            if read(&self.stream, &mut byte).map_err(unanswered)? == 0 {
                return Err(io::Error::other("the proxy closed the connection"));
            }
            received.extend_from_slice(&byte);
            let fed = framing.feed(&received, &mut Memo::default(), None);
            if fed.map_err(|_| io::Error::other("the proxy's answer is not HTTP"))?.done {
                break;
            }
        }
        match framing.status() {
            200..300 => Ok(()),
            407 => Err(io::Error::other("the proxy wants a name and a password (407): see `proxy_authorization`")),
            status => Err(io::Error::other(format!("the proxy opens no tunnel to the target (status {status})"))),
        }
    }

    /// Reads once. Returns how many bytes came over the socket.
    fn hear(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 << 10];
        let count = read(&self.stream, &mut buffer)?;
        if let Some(session) = &mut self.session {
            let mut out = Vec::new();
            session.feed(&buffer[..count], &mut self.said, &mut out).map_err(|error| refused(&error))?;
            self.stream.write_all(&out)?;
        } else {
            self.said.extend_from_slice(&buffer[..count]);
        }
        Ok(count)
    }
}

/// So long a server is listened to when the handshake is done for this side.
const AFTERTHOUGHT: Duration = Duration::from_millis(50);

impl Read for Visit {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.said.is_empty() {
            if self.session.as_ref().is_some_and(Session::has_ended) || self.hear()? == 0 {
                return Ok(0);
            }
        }
        let count = self.said.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.said[..count]);
        self.said.drain(..count);
        Ok(count)
    }
}

impl Write for Visit {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(session) = &mut self.session else { return self.stream.write(bytes) };
        let piece = &bytes[..bytes.len().min(SEALED_AT_ONCE)];
        let mut sealed = Vec::new();
        session.seal(piece, &mut sealed).map_err(|error| refused(&error))?;
        self.stream.write_all(&sealed)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn connect(way: Way, patience: Duration) -> io::Result<TcpStream> {
    if let Way { from: None, to: Address::Tcp(address) } = way {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_nodelay(true)?;
        return Ok(stream);
    }
    let socket = socket_for(way).map_err(|errno| match errno {
        Errno::ADDRNOTAVAIL => {
            let from = way.from.map_or_else(String::new, |from| from.to_string());
            io::Error::other(format!("{from} is no address of this machine (source_addresses, --source)"))
        }
        errno => errno.into(),
    })?;
    // A socket whose sending may take so long may take so long to connect.
    let stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(patience))?;
    let address = way.to.for_kernel()?;
    retry_on_intr(|| rustix::net::connect(&stream, &address)).map_err(|errno| match errno {
        Errno::INPROGRESS | Errno::AGAIN => io::ErrorKind::TimedOut.into(),
        errno => io::Error::from(errno),
    })?;
    Ok(stream)
}

/// Reads once; on, where the process was stopped for a while (Ctrl-Z), as it would without a bound on how long that takes.
fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::io::read(stream, &mut *buffer))?)
}

fn refused(error: &rustls::Error) -> io::Error {
    io::Error::other(explain(error))
}

/// No answer within the time that there was is told as that.
fn unanswered(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => io::Error::other("no answer came in time"),
        _ => error,
    }
}
