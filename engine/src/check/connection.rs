//! How connections are made, and what becomes of them. What is as it always is goes without saying.

use runlog::units::Thousands;

use super::Page;
use crate::plan::{Scenario, Target};

/// Whom the load goes to, and the way there.
pub(super) fn target(target: &Target, page: &mut Page) {
    let addresses = shown(&target.addresses);
    page.heading("Target");
    page.line(format_args!("  {:<12}{}", "base URL", target.base_url));
    if target.tunnel.is_some() {
        page.line(format_args!("  {:<12}{addresses}, asked for a tunnel (CONNECT)", "proxy"));
    } else {
        page.line(format_args!("  {:<12}{addresses}", "addresses"));
    }
    match target.name.as_ref().map(|name| name.every) {
        Some(Some(every)) => page.line(format_args!("  {:<12}looked up again every {every}", "name")),
        Some(None) => page.line(format_args!("  {:<12}looked up for every connection", "name")),
        None => {}
    }
    if !target.sources.is_empty() {
        page.line(format_args!("  {:<12}{}, in turns", "from", shown(&target.sources)));
    }
    if let Some(security) = &target.security {
        page.line(format_args!("  {:<12}{security}", "TLS"));
    }
    timeouts(target, page);
}

fn timeouts(target: &Target, page: &mut Page) {
    let timeouts = &target.timeouts;
    page.line(format_args!("  {:<12}{} for each request", "timeout", timeouts.request));
    let mut line = |time, what: &str| page.line(format_args!("  {:<12}{time} {what}", ""));
    if timeouts.connect != timeouts.request {
        line(timeouts.connect, "for opening a connection");
    }
    if target.security.is_some() && timeouts.tls != timeouts.request {
        line(timeouts.tls, "for the TLS handshake");
    }
    if let Some(first_byte) = timeouts.first_byte {
        line(first_byte, "for the first byte of an answer");
    }
}

/// What becomes of a scenario's connections between requests.
pub(super) fn policy(scenario: &Scenario, page: &mut Page) {
    let policy = &scenario.connections;
    let mut line = |what: std::fmt::Arguments<'_>| page.line(format_args!("    {:<12}{what}", ""));
    if policy.per_iteration {
        line(format_args!("a new one for every iteration"));
    }
    if let Some(most) = policy.requests_most {
        line(format_args!("closed after {} requests", Thousands(most.into())));
    }
    if let Some(rate) = policy.churn {
        line(format_args!("{rate} closed between requests"));
    }
    if policy.warm_up {
        line(format_args!("all opened before the load"));
    }
}

fn shown<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
