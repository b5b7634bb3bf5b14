//! What is on its way out of a connection: pieces in their order, one after another where it matters.

use std::ops::Range;

use memchr::memmem;
use runlog::units::Nanos;

use crate::data::BodyFile;
use crate::tls::Session;
use crate::wire::Outgoing;

use super::spare::Spare;

/// So much of a request is sealed at once: the rest of a longer one waits until it is sent.
const SEALED_AT_ONCE: usize = 64 << 10;
/// So much is handed to the wire at once.
const SENT_AT_ONCE: usize = 1 << 30;
/// So much of a file is: what is sent is forgotten piece by piece.
const OF_A_FILE_AT_ONCE: usize = 4 << 20;
/// What is longer than this may not fit into the socket's buffer, and is to be told of when it is sent.
const LONG: usize = 64 << 10;
/// How long a server may take to say `100 Continue` before the body is sent all the same (RFC 9110, 10.1.1).
pub const CONTINUE_PATIENCE: Nanos = Nanos::from_secs(1);

/// What is on its way out.
#[derive(Debug, Default)]
pub struct Outbox {
    /// What the wire has and will tell the end of: nothing may overtake it.
    lent: Lent,
    /// Bytes for the other side of the connection itself: a handshake's, a tunnel's.
    ready: Vec<u8>,
    /// What is left of the request sent last.
    rest: Option<Rest>,
    /// What of a file the wire has.
    piece: Option<(&'static BodyFile, Range<usize>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Lent {
    #[default]
    Nothing,
    /// Requests, whole as far as they go.
    Requests,
    /// A piece of a body.
    Body,
}

/// What is left of a request.
#[derive(Debug)]
struct Rest {
    bytes: Outgoing,
    /// The file whose bytes these are, where they are one's.
    file: Option<&'static BodyFile>,
    at: usize,
    /// Until then it is for the server to ask for it.
    waits_until: Option<Nanos>,
}

/// The connection cannot seal anything any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsealed;

impl Outbox {
    /// Whether something is being sent that nothing may overtake.
    pub fn is_busy(&self) -> bool {
        self.lent != Lent::Nothing
    }

    /// Whether there is something to send beside further requests.
    pub fn has_more(&self) -> bool {
        !self.ready.is_empty() || self.rest.as_ref().is_some_and(|rest| rest.waits_until.is_none())
    }

    /// Whether part of a request is not sent yet, or not told to be.
    pub fn is_amid_body(&self) -> bool {
        self.rest.is_some() || self.lent == Lent::Body
    }

    /// Until when the server is waited for to ask for a body.
    pub fn waits_until(&self) -> Option<Nanos> {
        self.rest.as_ref().and_then(|rest| rest.waits_until)
    }

    /// The body is not waited with any longer.
    pub fn release(&mut self) {
        if let Some(rest) = &mut self.rest {
            rest.waits_until = None;
        }
    }

    /// Where bytes for the other side of the connection itself are put.
    pub const fn ready(&mut self) -> &mut Vec<u8> {
        &mut self.ready
    }

    /// What the wire had is sent.
    pub fn departed(&mut self) {
        self.lent = Lent::Nothing;
        if let Some((file, piece)) = self.piece.take() {
            file.forget(piece);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The bytes for the other side of the connection itself, where there are any.
    pub fn flush(&mut self, spare: &mut Spare) -> Option<Outgoing> {
        if self.ready.is_empty() {
            return None;
        }
        self.lent = Lent::Requests;
        Some(Outgoing::Composed(std::mem::replace(&mut self.ready, spare.buffer())))
    }

    /// Keeps bytes that are to be sent behind a request's head, when the server asks for them or at once.
    fn keep(&mut self, bytes: Outgoing, waits_until: Option<Nanos>) {
        self.rest = Some(Rest { bytes, file: None, at: 0, waits_until });
    }

    /// Keeps a file that is to be sent behind a request's head, when the server asks for it or at once.
    pub fn keep_file(&mut self, file: &'static BodyFile, waits_until: Option<Nanos>) {
        self.rest = Some(Rest { bytes: Outgoing::Streamed(file.bytes()), file: Some(file), at: 0, waits_until });
    }

    /// Takes apart a request whose body waits for the server to ask for it: what is left is its head.
    pub fn keep_body_of(&mut self, request: Outgoing, until: Nanos) -> Outgoing {
        let head = memmem::find(request.bytes(), b"\r\n\r\n").map_or(request.bytes().len(), |end| end + 4);
        let (head, body) = match request {
            Outgoing::Prepared(bytes) | Outgoing::Streamed(bytes) => {
                let (head, body) = bytes.split_at(head);
                (Outgoing::Prepared(head), Outgoing::Prepared(body))
            }
            Outgoing::Composed(mut bytes) => {
                let body = bytes.split_off(head);
                (Outgoing::Composed(bytes), Outgoing::Composed(body))
            }
        };
        if !body.bytes().is_empty() {
            self.keep(body, Some(until));
        }
        head
    }

    /// A request on its way to the wire: sealed where that is done, and told of where something may come behind it.
    pub fn send(
        &mut self,
        request: Outgoing,
        is_shared: bool,
        session: Option<&mut Session>,
        spare: &mut Spare,
    ) -> Result<Outgoing, Unsealed> {
        let Some(session) = session else {
            let is_told = is_shared || self.rest.is_some() || request.bytes().len() > LONG;
            let outgoing = match request {
                Outgoing::Prepared(bytes) if is_told => Outgoing::Streamed(bytes),
                other => other,
            };
            if !matches!(outgoing, Outgoing::Prepared(_)) {
                self.lent = Lent::Requests;
            }
            return Ok(outgoing);
        };
        self.lent = Lent::Requests;
        if request.bytes().len() > SEALED_AT_ONCE && self.rest.is_none() {
            self.keep(request, None);
            return self.send_rest(Some(session), spare).map(|(outgoing, _)| outgoing);
        }
        let mut sealed = spare.buffer();
        session.seal(request.bytes(), &mut sealed).map_err(|_| Unsealed)?;
        if let Outgoing::Composed(bytes) = request {
            spare.give_buffer(bytes);
        }
        Ok(Outgoing::Composed(sealed))
    }

    /// The next piece of what is left of a request, and how much of it that is.
    pub fn send_rest(
        &mut self,
        session: Option<&mut Session>,
        spare: &mut Spare,
    ) -> Result<(Outgoing, usize), Unsealed> {
        let Some(mut rest) = self.rest.take() else { return Ok((Outgoing::Prepared(&[]), 0)) };
        self.lent = Lent::Body;
        let most = match (&session, rest.file) {
            (Some(_), _) => SEALED_AT_ONCE,
            (None, Some(_)) => OF_A_FILE_AT_ONCE,
            (None, None) => SENT_AT_ONCE,
        };
        let start = rest.at;
        let end = rest.bytes.bytes().len().min(start + most);
        rest.at = end;
        self.piece = rest.file.map(|file| (file, start..end));
        let is_last = end == rest.bytes.bytes().len();
        let outgoing = match session {
            Some(session) => {
                let mut sealed = spare.buffer();
                session.seal(&rest.bytes.bytes()[start..end], &mut sealed).map_err(|_| Unsealed)?;
                Outgoing::Composed(sealed)
            }
            None => match rest.bytes {
                Outgoing::Composed(bytes) => return Ok((Outgoing::Composed(bytes), end)),
                Outgoing::Prepared(bytes) | Outgoing::Streamed(bytes) => Outgoing::Streamed(&bytes[start..end]),
            },
        };
        if !is_last {
            self.rest = Some(rest);
        }
        Ok((outgoing, end - start))
    }
}
