//! One request and its answer: sends, receives, and says in a row how it went.

use runlog::outcome::{Blame, Failure};
use runlog::row::{FailedChecks, RequestId, Row};
use runlog::units::Nanos;

use super::connection::{Connection, Received};
use super::core::Core;
use super::framing::Framing;
use super::lane::Lane;
use crate::plan::{Check, Request};

/// Makes one request over the virtual user's connection, opening one where there is none. Returns the row and when it
/// was over. The connection stays open if it can carry another request.
pub async fn exchange(
    core: &Core,
    lane: &Lane,
    connection: &mut Option<Connection>,
    id: RequestId,
    scheduled: Nanos,
) -> (Row, Nanos) {
    let request = &core.plan.requests[usize::from(id.0)];
    let mut row = Row {
        scheduled_ns: scheduled.0,
        scenario: lane.scenario,
        request: id,
        vu: Some(lane.number),
        ..Row::default()
    };
    let outcome = attempt(core, lane, connection, request, &mut row).await;
    lane.clear_deadline();
    match outcome {
        Ok(Answer { status, at, reusable }) => {
            row.status = status;
            row.duration_ns = row.lag_ns.map(|lag| at.since(scheduled).0 - lag);
            row.failed_checks = failed_checks(&request.checks, |check| check.condition.holds(status));
            if let Some(open) = connection.as_mut() {
                open.last_used = at;
            }
            if !reusable {
                close(core, connection);
            }
            (row, at)
        }
        Err(failure) => {
            let over = core.clock.now();
            row.error = Some(failure);
            row.duration_ns = row.lag_ns.map(|lag| over.since(scheduled).0.saturating_sub(lag));
            if failure.blame() != Blame::Generator {
                row.failed_checks = failed_checks(&request.checks, |_| false);
            }
            close(core, connection);
            (row, over)
        }
    }
}

/// A complete answer.
struct Answer {
    status: u16,
    at: Nanos,
    reusable: bool,
}

async fn attempt(
    core: &Core,
    lane: &Lane,
    slot: &mut Option<Connection>,
    request: &'static Request,
    row: &mut Row,
) -> Result<Answer, Failure> {
    let mut sent = core.clock.now();
    if slot.as_ref().is_some_and(|open| open.is_stale(sent)) {
        close(core, slot);
    }
    let connection = if let Some(open) = slot {
        open
    } else {
        let opened = open(core, lane, row).await?;
        sent = core.clock.now();
        slot.insert(opened)
    };
    row.connection = Some(connection.number);
    row.lag_ns = Some(sent.since(Nanos(row.scheduled_ns)).0);
    lane.set_deadline(sent.after(core.plan.request_timeout));
    core.gauge.borrow_mut().in_flight += 1;
    let answer = converse(core, lane, connection, request, row, sent).await;
    core.gauge.borrow_mut().in_flight -= 1;
    answer
}

async fn open(core: &Core, lane: &Lane, row: &mut Row) -> Result<Connection, Failure> {
    let number = core.next_connection();
    let addresses = &core.plan.target.addresses;
    let address = addresses[number as usize % addresses.len()];
    let began = core.clock.now();
    lane.set_deadline(began.after(core.plan.request_timeout));
    let opened = lane.unless_cut(Connection::open(address, number)).await;
    lane.clear_deadline();
    row.connect_ns = core.clock.now().since(began).0;
    let connection = match opened {
        Ok(opened) => opened?,
        Err(Failure::Timeout) => return Err(Failure::ConnectTimeout),
        Err(cut) => return Err(cut),
    };
    core.gauge.borrow_mut().connections += 1;
    Ok(connection)
}

fn close(core: &Core, slot: &mut Option<Connection>) {
    if slot.take().is_some() {
        core.gauge.borrow_mut().connections -= 1;
    }
}

async fn converse(
    core: &Core,
    lane: &Lane,
    connection: &mut Connection,
    request: &'static Request,
    row: &mut Row,
    sent: Nanos,
) -> Result<Answer, Failure> {
    let mut rest: &'static [u8] = &request.bytes;
    while !rest.is_empty() {
        let taken = lane.unless_cut(connection.send(rest)).await??;
        row.bytes_sent += taken as u64;
        rest = &rest[taken..];
    }
    let mut framing = Framing::new(request.is_head);
    loop {
        let (came, received) =
            lane.unless_cut(connection.receive(&mut framing)).await?.map_err(|(came, failure)| {
                row.bytes_received += came as u64;
                failure
            })?;
        core.stir();
        let now = core.clock.now();
        row.bytes_received += came as u64;
        if row.ttfb_ns.is_none() {
            row.ttfb_ns = Some(now.since(sent).0);
        }
        if received == Received::Whole {
            let reusable = framing.keep_alive() && !connection.has_leftovers();
            return Ok(Answer { status: framing.status(), at: now, reusable });
        }
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
