//! One request and its answer, from the wish to the row.

use runlog::outcome::{Blame, Failure};
use runlog::row::{FailedChecks, RequestId, Row, ScenarioId};
use runlog::units::Nanos;

use super::vu::VuPlace;
use crate::answer::Figures;
use crate::data::BodyFile;
use crate::plan::{Check, Message, Request};

/// A request that is wanted, or on its way.
#[derive(Debug)]
pub struct Exchange {
    /// Who wants it.
    pub vu: VuPlace,
    /// The virtual user's number, as in the row.
    pub number: u32,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// What is sent.
    pub message: &'static Message,
    /// What it is in the row.
    pub request: RequestId,
    /// Its bytes, where they were put together for this one time and are not sent yet.
    pub composed: Option<Vec<u8>>,
    /// When it should have been sent.
    pub scheduled: Nanos,
    /// A file that is sent behind it as its body.
    pub upload: Option<&'static BodyFile>,
    /// How long it took to open a connection for it; zero where one was open.
    pub connecting: Nanos,
    /// How long it took to secure that connection.
    pub securing: Nanos,
    /// When it was handed to the kernel, and over which connection.
    pub sent: Option<(Nanos, u64)>,
    /// Bytes handed to the kernel.
    pub bytes_sent: u64,
    /// When the first byte of the answer came.
    pub first_byte: Option<Nanos>,
    /// Bytes of the answer that came.
    pub bytes_received: u64,
}

impl Exchange {
    /// A request that is wanted.
    pub const fn wanted(
        vu: VuPlace,
        number: u32,
        scenario: ScenarioId,
        message: &'static Message,
        scheduled: Nanos,
    ) -> Self {
        Self {
            vu,
            number,
            scenario,
            message,
            request: message.request,
            composed: None,
            scheduled,
            upload: None,
            connecting: Nanos::ZERO,
            securing: Nanos::ZERO,
            sent: None,
            bytes_sent: 0,
            first_byte: None,
            bytes_received: 0,
        }
    }

    /// The row of an exchange that got its whole answer. Checks of what the answer holds are left out: see `hearing`.
    pub fn answered(&self, request: &Request, status: u16, now: Nanos) -> Row {
        let row = Row { status, ..self.row(now) };
        if request.checks.is_empty() {
            return row;
        }
        let figures = figures(&row);
        let holds = |check: &Check| {
            check.check.as_ref().is_none_or(|check| !check.needs().is_nothing() || check.holds(&figures, None))
        };
        Row { failed_checks: failed_checks(&request.checks, holds), ..row }
    }

    /// The row of an exchange that will get none.
    pub fn failed(&self, request: &Request, failure: Failure, now: Nanos) -> Row {
        let failed_checks = match failure.blame() {
            Blame::Generator => FailedChecks::default(),
            Blame::Server | Blame::Network => failed_checks(&request.checks, |_| false),
        };
        Row { error: Some(failure), failed_checks, ..self.row(now) }
    }

    fn row(&self, now: Nanos) -> Row {
        let sent = self.sent.map(|(at, _)| at);
        Row {
            scheduled_ns: self.scheduled.0,
            lag_ns: sent.map(|sent| sent.since(self.scheduled).0),
            connect_ns: self.connecting.0,
            tls_ns: self.securing.0,
            ttfb_ns: sent.and_then(|sent| Some(self.first_byte?.since(sent).0)),
            duration_ns: sent.map(|sent| now.since(sent).0),
            scenario: self.scenario,
            request: self.request,
            status: 0,
            error: None,
            failed_checks: FailedChecks::default(),
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            connection: self.sent.map(|(_, connection)| connection),
            vu: Some(self.number),
        }
    }
}

/// What checks can ask of a row.
pub fn figures(row: &Row) -> Figures {
    Figures {
        status: row.status,
        duration: Nanos(row.duration_ns.unwrap_or_default()),
        ttfb: Nanos(row.ttfb_ns.unwrap_or_default()),
        response: Nanos(row.response_ns().unwrap_or_default()),
    }
}

fn failed_checks(checks: &[Check], holds: impl Fn(&Check) -> bool) -> FailedChecks {
    let mut failed = FailedChecks::default();
    for (place, check) in checks.iter().enumerate() {
        if !holds(check) {
            failed.0 |= 1 << place;
        }
    }
    failed
}
