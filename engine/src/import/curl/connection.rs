//! curl's options that say how a connection is made. All requests of a scenario share theirs.

use std::net::IpAddr;

use super::super::{Draft, Table, Value};
use super::Reading;
use crate::scenario::destination;

impl Reading {
    /// An option of connections that takes no value. Returns whether it is one.
    pub(super) fn connection_flag(&self, option: &str, draft: &mut Draft) -> bool {
        let at = self.line;
        match option {
            "-k" | "--insecure" => draft.secure(at, "insecure", Value::Boolean(true)),
            "--tlsv1.2" => draft.secure(at, "min_version", Value::literal("1.2")),
            "--tlsv1.3" => draft.secure(at, "min_version", Value::literal("1.3")),
            "--no-sessionid" => draft.secure(at, "resumption", Value::Boolean(false)),
            "-4" | "--ipv4" => draft.connect(at, "ip", Value::literal("v4")),
            "-6" | "--ipv6" => draft.connect(at, "ip", Value::literal("v6")),
            _ => return false,
        }
        true
    }

    /// An option of connections with its value; `long` is its long name. Returns whether it is one.
    pub(super) fn connection_option(&mut self, long: &str, value: &str, draft: &mut Draft) -> bool {
        match long {
            "--cacert" => self.file("ca_cert", value, draft),
            "--cert" => self.certificate(value, draft),
            "--key" => self.file("client_key", value, draft),
            "--connect-timeout" => self.connect_timeout(value, draft),
            "--resolve" => self.resolve(value, draft),
            "--interface" => self.source(value, draft),
            "--proxy" => self.proxy(value, draft),
            "--proxy-user" => self.proxy_user(value, draft),
            "--unix-socket" => self.socket = Some(value.to_owned()),
            _ => return false,
        }
        true
    }

    fn file(&self, key: &str, path: &str, draft: &mut Draft) {
        draft.secure(self.line, key, Value::literal(path));
        draft.note(self.line, format!("`{key}`: the file `{path}` is looked for from where this scenario is"));
    }

    /// `FILE` or `FILE:PASSWORD`; the key is in the same file unless `--key` names another.
    fn certificate(&mut self, value: &str, draft: &mut Draft) {
        let (path, password) = value.split_once(':').map_or((value, None), |(path, password)| (path, Some(password)));
        if password.is_some() {
            draft.note(self.line, "a key with a password cannot be used: take the password off with `openssl pkey`");
        }
        self.file("client_cert", path, draft);
        self.certificate = Some(path.to_owned());
    }

    /// Gives a certificate without `--key` the key that is in the same file.
    pub(super) fn finish_identity(&mut self, draft: &mut Draft) {
        let has_key = draft.tls.iter().any(|(key, _)| key == "client_key");
        if let Some(path) = self.certificate.take().filter(|_| !has_key) {
            draft.secure(self.line, "client_key", Value::literal(&path));
        }
    }

    fn connect_timeout(&self, value: &str, draft: &mut Draft) {
        match value.parse::<f64>() {
            Ok(seconds) if (0.001..=super::LONGEST_SECONDS).contains(&seconds) => {
                draft.connect(self.line, "connect_timeout", Value::literal(&super::super::duration(seconds)));
            }
            _ => self.left_out("--connect-timeout", value, "it is no time in seconds", draft),
        }
    }

    /// `[+]HOST:PORT:ADDRESS[,ADDRESS…]`.
    fn resolve(&self, value: &str, draft: &mut Draft) {
        let plain = value.trim_start_matches('+');
        let parts = plain.match_indices(':').nth(1).map(|(at, _)| (&plain[..at], &plain[at + 1..]));
        let read = parts.and_then(|(host, addresses)| {
            let (first, others) = addresses.split_once(',').map_or((addresses, None), |(a, b)| (a, Some(b)));
            let address = first.trim_matches(['[', ']']).parse::<IpAddr>().ok()?;
            destination::parse_host_and_port(host).ok()?;
            Some((host.to_ascii_lowercase(), address, others.is_some()))
        });
        match read {
            Some((host, address, has_others)) => {
                let entry = (host, Value::literal(&address.to_string()));
                draft.connect(self.line, "resolve", Value::Table(vec![entry]));
                if has_others {
                    draft.note(self.line, format!("`--resolve {value}`: the first of its addresses is taken"));
                }
            }
            None => self.left_out("--resolve", value, "it is not written as HOST:PORT:ADDRESS", draft),
        }
    }

    fn source(&self, value: &str, draft: &mut Draft) {
        match value.parse::<IpAddr>() {
            Ok(address) => {
                let addresses = vec![Value::literal(&address.to_string())];
                draft.connect(self.line, "source_addresses", Value::Array(addresses));
            }
            Err(_) => self.left_out("--interface", value, "only an address can be started from", draft),
        }
    }

    /// `[http://][USER:PASSWORD@]HOST[:PORT]`.
    fn proxy(&self, value: &str, draft: &mut Draft) {
        let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
        let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
        let host = host.trim_end_matches('/');
        // The port that curl takes where there is none.
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let url = format!("{scheme}://{host}{}", if has_port { "" } else { ":1080" });
        match destination::parse_proxy(&url) {
            Ok(_) => draft.connect(self.line, "proxy", Value::literal(&url)),
            Err(reason) => return self.left_out("--proxy", &format!("{scheme}://{host}"), &reason, draft),
        }
        if let Some(user) = user {
            self.proxy_user(user, draft);
        }
    }

    /// What is sent is `user:password` in Base64, which is as secret as the password.
    fn proxy_user(&self, user: &str, draft: &mut Draft) {
        let mut found = Vec::new();
        let value = draft.secrets.header("Proxy-Authorization", &format!("Basic {user}"), &mut found);
        draft.connect(self.line, "proxy_authorization", Value::Text(value));
        draft.note_secrets(Some(self.line), found);
    }

    fn left_out(&self, option: &str, value: &str, reason: &str, draft: &mut Draft) {
        draft.note(self.line, format!("`{option} {value}` is not carried over: {reason}"));
    }
}

/// Takes back what means nothing beside the rest: credentials without a proxy, a key without a certificate, names and
/// proxies of a Unix socket.
pub(super) fn drop_what_means_nothing(origin: &str, draft: &mut Draft) {
    let has = |table: &Table, wanted: &str| table.iter().any(|(key, _)| key == wanted);
    if !has(&draft.target, "proxy") {
        draft.target.retain(|(key, _)| key != "proxy_authorization");
    }
    if origin.starts_with("unix:") {
        draft.target.retain(|(key, _)| !destination::OF_TCP.contains(&key.as_str()));
    }
    if !has(&draft.tls, "client_cert") {
        draft.tls.retain(|(key, _)| key != "client_key");
    }
    if has(&draft.tls, "insecure") && has(&draft.tls, "ca_cert") {
        draft.note(None, "with `-k` no certificate is looked at: `--cacert` is left out");
        draft.tls.retain(|(key, _)| key != "ca_cert");
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Kind;
    use super::super::super::tests::{accepted, imported};

    #[test]
    fn how_a_connection_is_made_is_carried_over() {
        let imported = imported(
            Kind::Curl,
            "curl https://shop.example/ -k --tlsv1.3 --resolve +shop.example:443:127.0.0.1,127.0.0.2 -4 \
             --connect-timeout 1.5 -x me:hunter2@proxy.example:3128 --interface 127.0.0.3 --no-sessionid",
        );
        for line in [
            "resolve = { \"shop.example:443\" = \"127.0.0.1\" }",
            "ip = \"v4\"",
            "connect_timeout = \"1.5s\"",
            "proxy = \"http://proxy.example:3128\"",
            "proxy_authorization = \"Basic ${BASIC_TOKEN:-}\"",
            "source_addresses = [\"127.0.0.3\"]",
            "[target.tls]",
            "insecure = true",
            "min_version = \"1.3\"",
            "resumption = false",
        ] {
            assert!(imported.text.lines().any(|found| found == line), "{line}\n{}", imported.text);
        }
        assert!(!imported.text.contains("hunter2") && !imported.notes.join("").contains("hunter2"));
        accepted(&imported.text);
    }

    #[test]
    fn a_certificate_has_its_key_with_it_or_beside() {
        let text = imported(Kind::Curl, "curl https://a/ -E me.pem:pw --cacert ca.pem").text;
        for line in ["client_cert = \"me.pem\"", "client_key = \"me.pem\"", "ca_cert = \"ca.pem\""] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let text = imported(Kind::Curl, "curl https://a/ --cert me.pem --key me.key").text;
        assert!(text.contains("client_key = \"me.key\""), "{text}");
    }

    #[test]
    fn a_socket_takes_the_place_of_the_host() {
        let text = imported(Kind::Curl, "curl --unix-socket /run/app.sock http://app/x -k -6").text;
        assert!(
            text.contains("base_url = \"${BASE_URL:-unix:/run/app.sock}\"") && text.contains("path = \"/x\""),
            "{text}"
        );
        accepted(&text);
    }

    #[test]
    fn what_all_requests_share_is_said_once() {
        let imported =
            imported(Kind::Curl, "curl http://a/ -x p:1\ncurl http://a/ -x q:2\ncurl http://a/ -x socks5://q:2");
        let notes = imported.notes.join("\n");
        assert!(notes.contains("file:2: `proxy` is the same for all requests"), "{notes}");
        assert!(notes.contains("file:3: `--proxy socks5://q:2` is not carried over"), "{notes}");
        accepted(&imported.text);
    }
}
