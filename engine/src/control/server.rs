//! Hears what is asked at the control socket: a thread beside the load, which holds so many lines and so many bytes of each
//! at the most, and waits for nobody.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use runlog::control::Asker;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;

use super::desk::Desk;
use super::protocol::{Answer, LONGEST_REQUEST, Request};
use super::socket::Door;

/// How many may be connected at once. Whoever comes when there is no more room takes the place of whoever was silent longest.
const GUESTS_MOST: usize = 16;

/// How long it waits when it cannot let anybody in.
const NAP_NS: i64 = 200_000_000;

/// Whoever listens at the control socket. The socket is gone when this is dropped.
#[derive(Debug)]
pub struct Server {
    thread: Option<JoinHandle<()>>,
    /// Closed when it is time to go.
    end: Option<UnixStream>,
}

impl Server {
    /// Opens the socket of a run directory, and answers for the desk.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(directory: &Path, desk: Arc<Desk>) -> io::Result<Self> {
        let door = Door::open(directory)?;
        let (end, ended) = UnixStream::pair()?;
        let thread = std::thread::Builder::new().name("control".to_owned());
        let thread = thread.spawn(move || serve(&door, &ended, &desk))?;
        Ok(Self { thread: Some(thread), end: Some(end) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, the load is none the worse for it.
            let _ = thread.join();
        }
    }
}

/// Somebody who is connected.
struct Guest {
    stream: UnixStream,
    by: Option<Asker>,
    /// What was said and is no whole line yet.
    heard: Vec<u8>,
}

/// Answers until the other end of `ended` is closed.
fn serve(door: &Door, ended: &UnixStream, desk: &Desk) {
    let mut guests: Vec<Guest> = Vec::new();
    loop {
        let mut watched = vec![PollFd::new(ended, PollFlags::IN), PollFd::new(&door.listener, PollFlags::IN)];
        watched.extend(guests.iter().map(|guest| PollFd::new(&guest.stream, PollFlags::IN)));
        match poll(&mut watched, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        let ready: Vec<bool> = watched.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(watched);
        let [is_over, somebody_comes, spoke @ ..] = ready.as_slice() else { return };
        if *is_over {
            return;
        }
        let mut spoke = spoke.iter();
        let mut spoken = Vec::new();
        for mut guest in std::mem::take(&mut guests) {
            match spoke.next() {
                Some(true) if guest.hear(desk) => spoken.push(guest),
                Some(true) => {}
                _ => guests.push(guest),
            }
        }
        // The silent ones are at the front.
        guests.append(&mut spoken);
        if *somebody_comes {
            let Ok((stream, _)) = door.listener.accept() else {
                // Where no more files may be open, whoever knocks is still there: asking again at once leads nowhere.
                let nap = Timespec { tv_sec: 0, tv_nsec: NAP_NS };
                let _ = poll(&mut [PollFd::new(ended, PollFlags::IN)], Some(&nap));
                continue;
            };
            if guests.len() >= GUESTS_MOST {
                guests.remove(0);
            }
            guests.extend(Guest::welcome(stream));
        }
    }
}

impl Guest {
    fn welcome(stream: UnixStream) -> Option<Self> {
        stream.set_nonblocking(true).ok()?;
        let by = socket_peercred(&stream).ok();
        let by = by.map(|by| Asker { uid: by.uid.as_raw(), pid: by.pid.as_raw_nonzero().get().cast_unsigned() });
        Some(Self { stream, by, heard: Vec::new() })
    }

    /// Hears what was said, and answers every whole line. Returns whether the guest stays.
    fn hear(&mut self, desk: &Desk) -> bool {
        let mut bytes = [0; LONGEST_REQUEST];
        let is_last = match self.stream.read(&mut bytes) {
            Ok(0) => true,
            Ok(count) => {
                self.heard.extend_from_slice(&bytes[..count]);
                false
            }
            Err(error) => return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        while let Some(end) = memchr::memchr(b'\n', &self.heard) {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            if !self.answer(line.trim_ascii(), desk) {
                return false;
            }
        }
        if self.heard.len() > LONGEST_REQUEST {
            let _ = self.say(&Answer::refused(format!("a request has at most {LONGEST_REQUEST} bytes")));
            return false;
        }
        if is_last {
            // A last line may do without its end.
            let line = std::mem::take(&mut self.heard);
            self.answer(line.trim_ascii(), desk);
        }
        !is_last
    }

    fn answer(&mut self, line: &[u8], desk: &Desk) -> bool {
        if line.is_empty() {
            return true;
        }
        let answer = match Request::read(line) {
            Ok(request) => desk.ask(request, self.by),
            Err(wrong) => Answer::refused(wrong),
        };
        self.say(&answer).is_ok()
    }

    /// Says something to a guest who listens; one who does not would be waited for.
    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        self.stream.write_all(answer.line().as_bytes())
    }
}
