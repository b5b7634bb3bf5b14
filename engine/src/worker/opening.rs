//! How a connection comes to be open: a name is looked up, a socket connected, a tunnel asked for, TLS agreed on.

use runlog::outcome::Failure;
use runlog::units::Nanos;

use super::framing::{Framing, Memo};
use super::line::{Line, Opened, Stage, State};
use super::spare::Spare;
use crate::tls::{Credentials, Session};

/// What has become of the opening of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something has to be sent, or to come.
    Waits,
    /// It is open.
    Open,
    /// It will not be.
    Failed(Failure),
}

/// What connections are opened with.
#[derive(Debug)]
pub struct Keys {
    /// What a proxy is asked for a tunnel with.
    pub tunnel: Option<&'static [u8]>,
    /// How they are secured.
    pub credentials: Option<Credentials>,
}

impl Line {
    /// It is known where it leads to.
    pub const fn resolved(&mut self) {
        if let State::Opening(began, Stage::Resolving) = self.state {
            self.state = State::Opening(began, Stage::Connecting);
        }
    }

    /// Whether its name is being looked up.
    pub const fn is_resolving(&self) -> bool {
        matches!(self.state, State::Opening(_, Stage::Resolving))
    }

    /// The kernel has connected it.
    pub fn connected(&mut self, keys: &Keys, now: Nanos) -> Step {
        match (self.state, keys.tunnel) {
            (State::Opening(began, Stage::Connecting), Some(tunnel)) => {
                self.state = State::Opening(began, Stage::Tunnelling);
                self.outbox.ready().extend_from_slice(tunnel);
                Step::Waits
            }
            _ => self.secure(keys, now),
        }
    }

    /// Something came before it was open.
    pub fn hear_opening(&mut self, bytes: &[u8], keys: &Keys, spare: &mut Spare, now: Nanos) -> Step {
        match self.state {
            State::Opening(_, Stage::Tunnelling) => self.hear_proxy(bytes, keys, now),
            State::Opening(_, Stage::Securing { .. }) => self.hear_handshake(bytes, spare, now),
            _ => Step::Waits,
        }
    }

    /// It has ended before it was open.
    pub const fn ended_opening(&self, failure: Failure) -> Failure {
        match self.state {
            State::Opening(_, Stage::Tunnelling) => Failure::ProxyRefused,
            State::Opening(_, Stage::Securing { .. }) => Failure::TlsFailed,
            _ => failure,
        }
    }

    /// How long it has taken so far to open it.
    pub(super) fn opened_until(&self, now: Nanos) -> Opened {
        match self.state {
            State::Opening(began, Stage::Securing { since }) => {
                Opened { connecting: since.since(began), securing: now.since(since) }
            }
            State::Opening(began, _) => Opened { connecting: now.since(began), securing: Nanos::ZERO },
            State::Shut | State::Open(_) => Opened::default(),
        }
    }

    fn secure(&mut self, keys: &Keys, now: Nanos) -> Step {
        let State::Opening(began, _) = self.state else { return Step::Waits };
        let Some(credentials) = &keys.credentials else {
            self.state = State::Open(self.opened_until(now));
            return Step::Open;
        };
        match Session::new(credentials, self.outbox.ready()) {
            Ok(session) => {
                self.session = Some(Box::new(session));
                self.state = State::Opening(began, Stage::Securing { since: now });
                Step::Waits
            }
            Err(_) => Step::Failed(Failure::TlsFailed),
        }
    }

    /// A proxy answers: a success opens the tunnel, and what comes behind it comes from the target.
    fn hear_proxy(&mut self, bytes: &[u8], keys: &Keys, now: Nanos) -> Step {
        let joined = self.join(bytes).into_owned();
        // An answer to CONNECT has no body, like one to HEAD.
        let mut framing = Framing::new(true);
        match framing.feed(&joined, &mut Memo::default(), None) {
            Ok(fed) if !fed.done => {
                self.kept.extend_from_slice(&joined);
                Step::Waits
            }
            // A target speaks when it is spoken to.
            Ok(fed) if (200..300).contains(&framing.status()) && fed.consumed == joined.len() => self.secure(keys, now),
            _ => Step::Failed(Failure::ProxyRefused),
        }
    }

    fn hear_handshake(&mut self, bytes: &[u8], spare: &mut Spare, now: Nanos) -> Step {
        let Some(session) = &mut self.session else { return Step::Failed(Failure::TlsFailed) };
        let mut plain = spare.buffer();
        let heard = session.feed(bytes, &mut plain, self.outbox.ready());
        let has_spoken = !plain.is_empty();
        spare.give_buffer(plain);
        // A server speaks when it is spoken to.
        if heard.is_err() || has_spoken || session.has_ended() {
            return Step::Failed(Failure::TlsFailed);
        }
        if session.is_open() {
            self.state = State::Open(self.opened_until(now));
            return Step::Open;
        }
        Step::Waits
    }

    /// Takes the bytes of a secured connection: what they say is put behind what is in `plain`.
    ///
    /// # Errors
    /// Where they are not what the other side would send.
    pub fn unseal(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.session {
            Some(session) => session.feed(bytes, plain, self.outbox.ready()).map_err(|_| Failure::TlsFailed),
            None => Ok(()),
        }
    }

    /// Whether what comes over it is sealed.
    pub const fn is_secured(&self) -> bool {
        self.session.is_some()
    }

    /// Whether the other side has said that nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.has_ended())
    }
}
