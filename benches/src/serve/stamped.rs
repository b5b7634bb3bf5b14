//! Bytes with the instant at which the kernel received them, before any program knew of it.
//!
//! On a TCP connection the stamp is that of the last segment of what is read. With one small request on a connection at a
//! time that is the arrival of the request.

use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use super::Receive;

/// Takes bytes and remembers when requests came.
#[derive(Debug)]
pub struct Stamped {
    /// The kernel's time of the last bytes, in ns since 1970, where it gave one.
    last: Option<u64>,
    arrivals: Vec<u64>,
    most: usize,
    count: u64,
    unstamped: u64,
}

impl Stamped {
    /// Remembers the first so many arrivals, in memory that is there from the start, and counts all.
    pub fn new(most: usize) -> Self {
        // Written to once, so that no page is missing when an arrival is.
        let mut arrivals = vec![u64::MAX; most];
        arrivals.clear();
        Self { last: None, arrivals, most, count: 0, unstamped: 0 }
    }

    /// When requests came, in ns since 1970, in the order in which they were read.
    pub fn arrivals(&self) -> &[u64] {
        &self.arrivals
    }

    /// How many requests came.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many of them had no stamp, because the kernel had not begun to stamp.
    pub fn unstamped(&self) -> u64 {
        self.unstamped
    }
}

impl Receive for Stamped {
    fn prepare(&mut self, listener: BorrowedFd<'_>) -> io::Result<()> {
        ask_for_stamps(listener)?;
        wait_for_stamps()
    }

    fn receive(&mut self, connection: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, stamp) = receive_stamped(connection, buffer)?;
        self.last = stamp;
        Ok(count)
    }

    fn requested(&mut self, requests: usize) {
        self.count += requests as u64;
        let Some(stamp) = self.last else {
            self.unstamped += requests as u64;
            return;
        };
        let kept = requests.min(self.most - self.arrivals.len());
        self.arrivals.extend(std::iter::repeat_n(stamp, kept));
    }
}

/// The kernel begins to stamp a while after the first socket has asked for it: sends bytes to itself until one is stamped.
fn wait_for_stamps() -> io::Result<()> {
    const ATTEMPTS: u32 = 1000;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    ask_for_stamps(listener.as_fd())?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    let (receiver, _) = listener.accept()?;
    for _ in 0..ATTEMPTS {
        sender.write_all(b"?")?;
        // Returns when the byte is there.
        receiver.peek(&mut [0])?;
        if let (_, Some(_)) = receive_stamped(receiver.as_fd(), &mut [0])? {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    Err(io::Error::other("the kernel does not stamp what arrives"))
}

/// Room for the one control message there is.
#[repr(C, align(8))]
struct Control([u8; 64]);

fn receive_stamped(connection: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Option<u64>)> {
    let mut control = Control([0; 64]);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    #[expect(unsafe_code, reason = "the structure has private padding, so that it cannot be written out")]
    // SAFETY: It consists of integers and pointers, for which zero is a value.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast();
    message.msg_controllen = size_of::<Control>();
    #[expect(unsafe_code, reason = "no safe wrapper knows this control message")]
    // SAFETY: The message points to the buffer and to the control room, both of the lengths it says, both alive.
    let received = unsafe { libc::recvmsg(connection.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let count = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    Ok((count, stamp_of(&message)))
}

fn stamp_of(message: &libc::msghdr) -> Option<u64> {
    #[expect(unsafe_code, reason = "control messages are read through pointers")]
    // SAFETY: The kernel has filled in the message, whose control room is still alive. The first header, if there is
    // one, lies within it; its data is read only where it is a `timespec` by its kind and length, and need not be
    // aligned.
    let time = unsafe {
        let header = libc::CMSG_FIRSTHDR(ptr::from_ref(message)).as_ref()?;
        let is_stamp = header.cmsg_level == libc::SOL_SOCKET && header.cmsg_type == libc::SCM_TIMESTAMPNS;
        if !is_stamp || header.cmsg_len < size_of::<libc::timespec>() {
            return None;
        }
        libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned()
    };
    Some(time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs())
}

/// Has the kernel stamp what comes on the connections that will be accepted here.
fn ask_for_stamps(listener: BorrowedFd<'_>) -> io::Result<()> {
    let yes: libc::c_int = 1;
    #[expect(unsafe_code, reason = "no safe wrapper knows this option")]
    // SAFETY: The option's value is an int, and that is what the pointer and the length say.
    let answer = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const yes).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
