//! `options` of k6 that say how connections are made and how long they are kept.

use super::super::javascript::Node;
use super::super::{Draft, Table, Value};
use super::fields::{Fields, span};
use crate::scenario::destination;

/// What becomes of the connections of every scenario.
pub(super) fn policy(fields: &mut Fields<'_>, draft: &mut Draft) -> Table {
    let (never, once) = (fields.is_set("noConnectionReuse", draft), fields.is_set("noVUConnectionReuse", draft));
    match (never, once) {
        (true, _) => vec![("requests_per_connection".to_owned(), Value::Integer(1))],
        (_, true) => vec![("connections".to_owned(), Value::literal("per-iteration"))],
        _ => Table::new(),
    }
}

/// What `[target]` says of connections.
pub(super) fn target(fields: &mut Fields<'_>, draft: &mut Draft) {
    if fields.is_set("insecureSkipTLSVerify", draft) {
        draft.secure(None, "insecure", Value::Boolean(true));
    }
    if let Some(node) = fields.get("tlsVersion") {
        tls_version(node, draft);
    }
    if let Some(node) = fields.get("dns") {
        dns(node, draft);
    }
    if let Some(node) = fields.get("hosts") {
        hosts(node, draft);
    }
}

/// `'tls1.2'` or `{ min: 'tls1.2', max: 'tls1.3' }`: what is below 1.2 nobody should speak any more.
fn tls_version(node: &Node, draft: &mut Draft) {
    let mut fields = Fields::new("`tlsVersion`", node.object().unwrap_or_default());
    let least = node.text().or_else(|| fields.text("min", draft));
    match least {
        Some("tls1.3") => draft.secure(node.line, "min_version", Value::literal("1.3")),
        Some("tls1.2") => draft.secure(node.line, "min_version", Value::literal("1.2")),
        _ => draft.note(node.line, "`tlsVersion` is not carried over: TLS 1.2 is the least that is spoken here"),
    }
    fields.note_others(draft);
}

/// `{ ttl: '5m', select: 'random', policy: 'preferIPv4' }`.
fn dns(node: &Node, draft: &mut Draft) {
    let mut fields = Fields::new("`dns`", node.object().unwrap_or_default());
    if let Some(node) = fields.get("ttl") {
        let when = match (node.text(), span(node)) {
            (Some("0"), _) => Some("per-connection".to_owned()),
            (Some("inf"), _) => Some("once".to_owned()),
            (_, Some((time, _))) if time.0 == 0 => Some("per-connection".to_owned()),
            (_, Some((_, text))) => Some(text),
            _ => None,
        };
        match when {
            Some(when) => draft.connect(node.line, "dns", Value::literal(&when)),
            None => draft.note(node.line, format!("`ttl: {}` of `dns` is left out: it is no time", node.shown())),
        }
    }
    let family = match fields.text("policy", draft) {
        Some("preferIPv4") => Some("prefer-v4"),
        Some("preferIPv6") => Some("prefer-v6"),
        Some("onlyIPv4") => Some("v4"),
        Some("onlyIPv6") => Some("v6"),
        _ => None,
    };
    if let Some(family) = family {
        draft.connect(node.line, "ip", Value::literal(family));
    }
    // All addresses are used in turns, which is what `select` is about.
    fields.get("select");
    fields.note_others(draft);
}

/// `{ 'shop.example:443': '127.0.0.1:8443' }`.
fn hosts(node: &Node, draft: &mut Draft) {
    for (host, node) in node.object().unwrap_or_default() {
        let address = node.text().filter(|text| destination::parse_address(text).is_ok());
        match address.filter(|_| destination::parse_host_and_port(host).is_ok()) {
            Some(address) => {
                let entry = (host.to_ascii_lowercase(), Value::literal(address));
                draft.connect(node.line, "resolve", Value::Table(vec![entry]));
            }
            None => draft.note(
                node.line,
                format!("`{host}` of `hosts` is left out: `resolve` wants a host with its port and an address"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::super::tests::{accepted, imported};

    fn of(options: &str) -> String {
        let script = format!(
            "import http from 'k6/http'\nexport const options = {{ {options} }}\n\
             export default function () {{ http.get('https://shop.example/') }}"
        );
        imported(Kind::K6, &script).text
    }

    #[test]
    fn how_connections_are_made_and_kept_is_carried_over() {
        let text =
            of("insecureSkipTLSVerify: true, tlsVersion: { min: 'tls1.3', max: 'tls1.3' }, noConnectionReuse: true, \
                       dns: { ttl: '0', select: 'roundRobin', policy: 'onlyIPv4' }, \
                       hosts: { 'shop.example:443': '127.0.0.1:8443', 'other': '1.2.3.4' }");
        for line in [
            "dns = \"per-connection\"",
            "ip = \"v4\"",
            "resolve = { \"shop.example:443\" = \"127.0.0.1:8443\" }",
            "insecure = true",
            "min_version = \"1.3\"",
            "requests_per_connection = 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("`other` of `hosts` is left out") && text.contains("`max: tls1.3`"), "{text}");
        accepted(&text);
    }

    #[test]
    fn a_virtual_user_may_begin_every_iteration_anew() {
        let text = of("noVUConnectionReuse: true, vus: 2, duration: '5s'");
        assert!(text.contains("connections = \"per-iteration\""), "{text}");
        accepted(&text);
        let text = of("noConnectionReuse: 5, insecureSkipTLSVerify: false");
        assert!(!text.contains("per-iteration") && !text.contains("insecure ="), "{text}");
    }
}
