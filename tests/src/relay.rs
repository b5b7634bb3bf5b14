//! Something between a client and a server: hands bytes on, or does worse, connection by connection.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Bytes are handed on both ways.
    Forward,
    /// A tunnel is opened where it is asked for (CONNECT), and bytes are handed on through it.
    Tunnel,
    /// A tunnel is refused with this status.
    Refuse(u16),
    /// Nothing is ever said.
    Silence,
    /// It is closed when the first bytes have come.
    Close,
    /// What is said is nothing that anybody understands.
    Garbage,
}

/// A relay before a server, for as long as the test lives.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// One that leads to a server, and treats each connection, counted from 0, as told.
    pub fn to(server: SocketAddr, treat: impl Fn(usize) -> Treatment + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let (connections, heads) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, noted) = (Arc::clone(&connections), Arc::clone(&heads));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let treatment = treat(counter.fetch_add(1, Ordering::SeqCst));
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || carry(client, server, treatment, &noted));
            }
        });
        Self { address, connections, heads }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that came so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// What tunnels were asked for with.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    treatment: Treatment,
    heads: &Mutex<Vec<String>>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    match treatment {
        Treatment::Forward => {}
        Treatment::Tunnel | Treatment::Refuse(_) => {
            let head = read_head(&mut client)?;
            heads.lock().unwrap_or_else(PoisonError::into_inner).push(head);
            if let Treatment::Refuse(status) = treatment {
                return write!(client, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
            }
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        }
        Treatment::Silence => return io::copy(&mut client, &mut io::sink()).map(drop),
        Treatment::Close => return client.read(&mut [0; 4096]).map(drop),
        Treatment::Garbage => {
            client.write_all(b"220 mail.example ESMTP ready\r\n")?;
            return io::copy(&mut client, &mut io::sink()).map(drop);
        }
    }
    let mut upstream = TcpStream::connect(server)?;
    upstream.set_nodelay(true)?;
    let (mut back, mut forth) = (upstream.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        let _ = io::copy(&mut back, &mut forth);
        forth.shutdown(Shutdown::Write)
    });
    io::copy(&mut client, &mut upstream)?;
    upstream.shutdown(Shutdown::Write)
}

fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
