//! Steps that are done once, before the load or after it: one user, one connection at a time, no measurement. What a step
//! captures is for the load to use.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::thread;

use runlog::row::{Row, ScenarioId};
use runlog::units::Nanos;

use crate::address::Way;
use crate::answer::Content;
use crate::clock::Clock;
use crate::plan::choice::{Choices, Purpose};
use crate::plan::template::Scene;
use crate::plan::{Captured, Errand, Message, Part};
use crate::stop::Stop;
use crate::visit::Visit;
use crate::worker::framing::{Framing, Memo};
use crate::worker::hearing::Ear;
use crate::worker::journey::{Journey, Next};

/// Why an errand could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// A request got no answer.
    #[error("{part}: request `{request}` got no answer from {target}: {reason}")]
    NoAnswer {
        /// When.
        part: Part,
        /// The request.
        request: String,
        /// Where it was sent.
        target: String,
        /// What happened.
        reason: String,
    },
    /// The answer is not as it has to be.
    #[error("{part}: request `{request}` was answered with status {status}: {what}")]
    Wrong {
        /// When.
        part: Part,
        /// The request.
        request: String,
        /// The status.
        status: u16,
        /// What is wrong with it.
        what: String,
    },
    /// A placeholder has no value.
    #[error("{part}: request `{request}` cannot be made: a placeholder of it has no value")]
    NoValue {
        /// When.
        part: Part,
        /// The request.
        request: String,
    },
    /// Somebody has stopped it.
    #[error("{part}: stopped by a signal")]
    Stopped {
        /// When.
        part: Part,
    },
}

/// The longest that waiting goes on without a look at whether the run is to stop.
const NAP: Nanos = Nanos::from_millis(50);

/// The scenario whose choices an errand makes: none that there is.
const NO_SCENARIO: ScenarioId = ScenarioId(u16::MAX);

/// Does the steps of an errand. Returns what they have captured.
///
/// # Errors
/// Where a request gets no answer, or one that is not as it has to be.
pub fn run(errand: &'static Errand, part: Part, stop: &Stop) -> Result<Captured, ErrandError> {
    let mut runner = Runner {
        errand,
        part,
        journey: Journey::default(),
        choices: Choices::new(errand.seed, NO_SCENARIO, Purpose::Vu(0)),
        clock: Clock::starting_in(Nanos::ZERO),
        connection: None,
        stop,
    };
    runner.journey.begin(&errand.flow, true);
    loop {
        if stop.requested() {
            return Err(ErrandError::Stopped { part });
        }
        match runner.journey.next(&mut runner.choices, Nanos::ZERO) {
            Next::Request(id) => runner.exchange(&errand.messages[id.0 as usize])?,
            Next::Think(time) => runner.think(time),
            Next::Left(..) => {}
            Next::Replay | Next::Over => break,
        }
    }
    let captured = errand.captures.iter().zip(runner.journey.captured);
    Ok(captured.filter_map(|(name, value)| Some((name.clone(), value?.into_vec()))).collect::<BTreeMap<_, _>>())
}

struct Runner<'a> {
    errand: &'static Errand,
    part: Part,
    journey: Journey,
    choices: Choices,
    clock: Clock,
    connection: Option<Visit>,
    stop: &'a Stop,
}

impl Runner<'_> {
    fn think(&self, time: Nanos) {
        let end = self.clock.now().after(time);
        while self.clock.now() < end && !self.stop.requested() {
            thread::park_timeout(end.since(self.clock.now()).min(NAP).into());
        }
    }

    fn unix(&self) -> Nanos {
        Nanos(self.clock.start_unix_ns()).after(self.clock.now())
    }

    fn name(&self, message: &Message) -> String {
        self.errand.requests[usize::from(message.request.0)].name.clone()
    }

    /// Sends a request and listens to its answer, which has to be as it is wanted.
    fn exchange(&mut self, message: &Message) -> Result<(), ErrandError> {
        let bytes = self.compose(message)?;
        self.journey.sends(&bytes);
        let (status, mut content) = match self.ask(&bytes, message) {
            Ok(answer) => answer,
            Err(_) if self.stop.requested() => return Err(ErrandError::Stopped { part: self.part }),
            Err(error) => {
                return Err(ErrandError::NoAnswer {
                    part: self.part,
                    request: self.name(message),
                    target: self.errand.target.base_url.clone(),
                    reason: error.to_string(),
                });
            }
        };
        let mut row = Row { status, request: message.request, lag_ns: Some(0), duration_ns: Some(0), ..Row::default() };
        let ear = Ear {
            requests: &self.errand.requests,
            authority: &self.errand.target.authority,
            keeps_cookies: true,
            unix: self.unix(),
        };
        self.journey.status = status;
        ear.hear(message, &mut content, &mut self.journey, &mut row);
        let request = &self.errand.requests[usize::from(row.request.0)];
        let failed: Vec<&str> = (0..)
            .zip(&request.checks)
            .filter(|(place, _)| row.failed_checks.contains(*place))
            .map(|(_, check)| check.name.as_str())
            .collect();
        let what = if !request.expect_status.iter().any(|&(from, to)| (from..=to).contains(&status)) {
            "that was not expected".to_owned()
        } else if failed.is_empty() {
            return Ok(());
        } else {
            format!("`{}` failed", failed.join("`, `"))
        };
        Err(ErrandError::Wrong { part: self.part, request: request.name.clone(), status, what })
    }

    fn compose(&mut self, message: &Message) -> Result<Vec<u8>, ErrandError> {
        let unix = self.unix();
        let mut scene = Scene {
            choices: &mut self.choices,
            captured: &self.journey.captured,
            seed: self.errand.seed,
            scenario: NO_SCENARIO,
            number: 0,
            iteration: 0,
            vu: 0,
            unix,
        };
        let mut bytes = Vec::new();
        let (jar, hop) = (self.journey.jar.as_deref(), self.journey.hop.as_deref());
        match message.parts.write(&mut scene, jar, hop, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(_) => Err(ErrandError::NoValue { part: self.part, request: self.name(message) }),
        }
    }

    /// Sends bytes and reads the answer. A connection that was closed before any of it came had grown old, and is opened
    /// anew, once.
    fn ask(&mut self, bytes: &[u8], message: &Message) -> io::Result<(u16, Box<Content>)> {
        if let Some(connection) = self.connection.take() {
            match self.ask_over(connection, bytes, message) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                answered => return answered,
            }
        }
        let connection = self.connect()?;
        self.ask_over(connection, bytes, message)
    }

    fn connect(&self) -> io::Result<Visit> {
        let target = &self.errand.target;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for &to in &target.addresses {
            let way = Way { from: target.sources.first().copied(), to };
            match Visit::open(target, way, target.timeouts.connect.into()) {
                Ok(visit) => return Ok(visit),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask_over(&mut self, mut connection: Visit, bytes: &[u8], message: &Message) -> io::Result<(u16, Box<Content>)> {
        let deadline = self.clock.now().after(self.errand.target.timeouts.request);
        connection.write_all(bytes).map_err(unheard)?;
        if let Some(file) = message.body_file.as_ref().filter(|_| self.journey.hop.is_none()) {
            connection.write_all(file.bytes()).map_err(unheard)?;
        }
        let (mut framing, mut memo, mut content) =
            (Framing::new(message.is_head), Memo::default(), Box::<Content>::default());
        let mut received = Vec::new();
        let mut buffer = [0; 16 << 10];
        let mut heard = false;
        loop {
            let read = self.read(&mut connection, &mut buffer, deadline);
            let count = if heard { read? } else { read.and_then(some).map_err(unheard)? };
            if count == 0 {
                let whole = framing.finish_at_close();
                return if whole { Ok((framing.status(), content)) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            heard = true;
            received.extend_from_slice(&buffer[..count]);
            let fed = framing
                .feed(&received, &mut memo, Some(&mut content))
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what came back is not HTTP/1.x"))?;
            received.drain(..fed.consumed);
            if fed.done {
                self.connection = framing.keep_alive().then_some(connection);
                return Ok((framing.status(), content));
            }
        }
    }

    /// Reads what has come, or waits for it, up to a deadline or until it is to stop.
    fn read(&self, connection: &mut Visit, buffer: &mut [u8], deadline: Nanos) -> io::Result<usize> {
        loop {
            let left = deadline.since(self.clock.now());
            if left == Nanos::ZERO || self.stop.requested() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            connection.set_patience(left.min(NAP).into())?;
            match connection.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}

/// The bytes that came, where the connection was not closed instead.
fn some(count: usize) -> io::Result<usize> {
    if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(count) }
}

/// What happened to a connection before any of the answer came: whether it was closed or reset is the same.
fn unheard(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was closed without an answer")
        }
        _ => error,
    }
}
