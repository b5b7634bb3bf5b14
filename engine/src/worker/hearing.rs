//! What an answer says: checks of what it holds, values that are kept of it, cookies, redirects. Only answers that
//! something is wanted of are listened to.

use runlog::row::{FailedChecks, Row};
use runlog::units::Nanos;

use super::exchange::figures;
use super::journey::Journey;
use crate::answer::{Content, follow};
use crate::plan::parts::Hop;
use crate::plan::{Message, Request};

/// What answers are heard with.
#[derive(Clone, Copy)]
pub struct Ear<'a> {
    /// What messages are in the rows.
    pub requests: &'a [Request],
    /// Host and port of the target, as in the `Host` header.
    pub authority: &'a str,
    /// Whether cookies are kept.
    pub keeps_cookies: bool,
    /// The time since 1970.
    pub unix: Nanos,
}

impl Ear<'_> {
    /// Listens to the answer to a message: completes its row, and remembers what later requests need.
    pub fn hear(&self, message: &Message, content: &mut Content, journey: &mut Journey, row: &mut Row) {
        if message.needs.body {
            content.decode();
        }
        if self.keeps_cookies {
            self.keep_cookies(content, journey);
        }
        let is_followed = self.follow(message, content, journey, row);
        if is_followed {
            return;
        }
        self.check(content, row);
        for capture in &message.captures {
            let found = capture.source.find(content).map(Vec::into_boxed_slice);
            if let Some(check) = capture.check.filter(|_| found.is_none()) {
                row.failed_checks.0 |= 1 << check;
            }
            if let Some(kept) = journey.captured.get_mut(usize::from(capture.slot.0)) {
                *kept = found;
            }
        }
    }

    /// Makes the checks that need more than the row's own figures; the others are made already.
    fn check(&self, content: &Content, row: &mut Row) {
        let checks = &self.requests[usize::from(row.request.0)].checks;
        let figures = figures(row);
        for (place, check) in checks.iter().enumerate() {
            if let Some(check) = check.check.as_ref().filter(|check| !check.needs().is_nothing())
                && !check.holds(&figures, Some(content))
            {
                row.failed_checks.0 |= 1 << place;
            }
        }
    }

    fn keep_cookies(&self, content: &Content, journey: &mut Journey) {
        let mut cookies = content.header("set-cookie").peekable();
        if cookies.peek().is_some() {
            let path = journey.path();
            journey.jar.get_or_insert_default().hear(cookies, &path, self.unix);
        }
    }

    /// Whether the answer leads elsewhere and is followed there: then the row is that of a redirect on the way.
    fn follow(&self, message: &Message, content: &Content, journey: &mut Journey, row: &mut Row) -> bool {
        let before = journey.hop.take();
        let Some((most, redirect)) = message.redirects else { return false };
        let left = before.as_ref().map_or(most, |hop| hop.left);
        let changed = before.and_then(|hop| hop.method);
        let method = changed.unwrap_or(&message.parts.method);
        let location = content.header("location").next();
        let hop = location
            .filter(|_| left > 0)
            .and_then(|location| follow(row.status, method, location, self.authority, &journey.path()));
        let Some(hop) = hop else { return false };
        // What has become a GET stays one.
        let method = if hop.keeps_method_and_body { changed } else { Some(get(message)) };
        journey.hop = Some(Box::new(Hop { path: hop.path, method, left: left - 1 }));
        row.request = redirect;
        row.failed_checks = FailedChecks::default();
        true
    }
}

/// The method of a request that has lost its body.
const fn get(message: &Message) -> &'static str {
    if message.is_head { "HEAD" } else { "GET" }
}
