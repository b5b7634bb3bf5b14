//! The pieces of a request as people write them, checked against what HTTP/1.1 (RFC 9110, 9112) allows on the wire.

use std::path::PathBuf;

/// What is spoken, and over what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS over TCP.
    Https,
    /// HTTP over the Unix socket at this path.
    Unix(PathBuf),
}

impl Scheme {
    /// The port where none is written.
    const fn port(&self) -> u16 {
        if matches!(self, Self::Https) { 443 } else { 80 }
    }
}

/// An absolute URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// What is spoken, and over what.
    pub scheme: Scheme,
    /// The host as it goes into `Host`, an IPv6 address in brackets.
    pub host: String,
    /// The port; that of the scheme where none is written.
    pub port: u16,
    /// From the first `/` on, query included; empty where there is none.
    pub path: String,
}

impl Url {
    /// The host as a resolver wants it: without brackets.
    pub fn host_name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The URL without its path.
    pub fn base(&self) -> String {
        match &self.scheme {
            Scheme::Http => format!("http://{}", self.authority()),
            Scheme::Https => format!("https://{}", self.authority()),
            Scheme::Unix(path) => format!("unix:{}", path.display()),
        }
    }

    /// The value of the `Host` header.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Takes a URL apart.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn parse_url(text: &str) -> Result<Url, String> {
    if let Some(rest) = text.strip_prefix("unix:") {
        return parse_unix(rest);
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("`{text}` is not a URL: write one such as `http://127.0.0.1:8080`"));
    };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(format!("`{scheme}://` is not supported, only `http://`, `https://` and `unix:/path`")),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("a URL must not hold a user or a password: put them into an `Authorization` header".to_owned());
    }
    let (host, port) = split_port(authority, scheme.port())?;
    check_host(host)?;
    let path = if path.starts_with('?') { format!("/{path}") } else { path.to_owned() };
    if !path.is_empty() {
        check_path(&path)?;
    }
    Ok(Url { scheme, host: host.to_ascii_lowercase(), port, path })
}

/// `/run/app.sock`, with a path behind a colon or without one.
fn parse_unix(rest: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "write one such as `unix:/run/app.sock`, or with a path `unix:/run/app.sock:/api`";
    // The kernel's bound for the path of a socket.
    const LONGEST: usize = 107;
    let (socket, path) = rest.split_once(':').unwrap_or((rest, ""));
    if !socket.starts_with('/') || socket.starts_with("//") || socket.contains('\0') {
        return Err(format!("`{socket}` is no absolute path of a Unix socket: {EXAMPLE}"));
    }
    if socket.len() > LONGEST {
        return Err(format!("the path of a Unix socket has at most {LONGEST} bytes"));
    }
    if !path.is_empty() {
        check_path(path)?;
    }
    let scheme = Scheme::Unix(PathBuf::from(socket));
    Ok(Url { port: scheme.port(), scheme, host: "localhost".to_owned(), path: path.to_owned() })
}

fn split_port(authority: &str, default: u16) -> Result<(&str, u16), String> {
    let host_end = if authority.starts_with('[') {
        authority.find(']').ok_or_else(|| format!("`{authority}` has no closing bracket"))? + 1
    } else if authority.matches(':').count() > 1 {
        return Err(format!("`{authority}` is no host: an IPv6 address stands in brackets, such as `[::1]:8080`"));
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(host_end);
    let number = match port.strip_prefix(':') {
        None if port.is_empty() => return Ok((host, default)),
        None => return Err(format!("`{port}` cannot follow a host: a port is written `:8080`")),
        Some(number) => number,
    };
    match number.parse::<u16>() {
        Ok(number) if number > 0 && !port.contains('+') => Ok((host, number)),
        _ => Err(format!("`{number}` is no port: a port is a number from 1 to 65535")),
    }
}

fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("the URL has no host: write one such as `http://127.0.0.1:8080`".to_owned());
    }
    let good = match host.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.len() <= 253 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    if good { Ok(()) } else { Err(format!("`{host}` is neither the name nor the address of a host")) }
}

/// Whether a path, with or without a query, can stand in a request line.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_path(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` must begin with `/`"));
    }
    match path.chars().find(|c| !c.is_ascii_graphic() || *c == '#') {
        None => Ok(()),
        Some('#') => Err("a path holds no `#`: the part behind it is never sent; `%23` stands for the sign".to_owned()),
        Some(c) if c.is_control() => Err(format!("a path holds no control characters such as {}", c.escape_default())),
        Some(c) => {
            let encoded: Vec<String> = c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect();
            Err(format!("a path holds no `{c}`: write it as `{}`", encoded.concat()))
        }
    }
}

const STANDARD_METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// Whether a method can be sent.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_method(method: &str) -> Result<(), String> {
    if !is_token(method) || method.len() > 30 {
        return Err(format!("`{method}` is no method: write one such as `GET`"));
    }
    let upper = method.to_ascii_uppercase();
    if upper == "CONNECT" {
        return Err("`CONNECT` opens a tunnel, which is not a request with an answer".to_owned());
    }
    if upper != method && STANDARD_METHODS.contains(&upper.as_str()) {
        return Err(format!("methods are case-sensitive: write `{upper}`"));
    }
    Ok(())
}

/// Whether a header can be given by a scenario.
///
/// # Errors
/// Where it cannot: why not.
pub fn check_header(name: &str, value: &str) -> Result<(), String> {
    if !is_token(name) {
        return Err(format!("`{name}` is no name of a header"));
    }
    // What frames the message follows from the body alone: a second opinion in a header is how answers get mixed up.
    match name.to_ascii_lowercase().as_str() {
        "content-length" | "transfer-encoding" => {
            return Err(format!("`{name}` follows from the body and cannot be given"));
        }
        "connection" if !value.eq_ignore_ascii_case("close") && !value.eq_ignore_ascii_case("keep-alive") => {
            return Err(format!("`{name}` can only be `close` or `keep-alive`"));
        }
        "expect" if !value.eq_ignore_ascii_case("100-continue") => {
            return Err(format!("`{name}` can only be `100-continue`"));
        }
        "upgrade" | "te" | "trailer" => {
            return Err(format!("`{name}` asks for a conversation that is not supported"));
        }
        "host" if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) => {
            return Err(format!("`{value}` is no host"));
        }
        _ => {}
    }
    match value.chars().find(|c| c.is_control() && *c != '\t') {
        Some(c) => Err(format!("the value of `{name}` holds the control character {}", c.escape_default())),
        None => Ok(()),
    }
}

/// Whether a text is a token of RFC 9110: letters, digits and some signs.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = parse_url("http://Shop.example:8080/api?x=1").expect("a URL");
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("shop.example", 8080, "/api?x=1"));
        assert_eq!(url.authority(), "shop.example:8080");
        assert_eq!(parse_url("HTTP://h").map(|url| url.authority()), Ok("h".to_owned()));
        let url = parse_url("http://[::1]:9?q").expect("a URL");
        assert_eq!((url.host_name(), url.authority().as_str(), url.path.as_str()), ("::1", "[::1]:9", "/?q"));
    }

    #[test]
    fn a_url_says_over_what() {
        let url = parse_url("https://h/x").expect("a URL");
        assert_eq!((url.scheme.clone(), url.port, url.authority().as_str()), (Scheme::Https, 443, "h"));
        assert_eq!(parse_url("https://h:80").map(|url| url.authority()), Ok("h:80".to_owned()));
        let url = parse_url("unix:/run/app.sock:/api?x=1").expect("a URL");
        assert_eq!(url.scheme, Scheme::Unix("/run/app.sock".into()));
        assert_eq!((url.authority().as_str(), url.path.as_str()), ("localhost", "/api?x=1"));
        assert_eq!(url.base(), "unix:/run/app.sock");
    }

    #[test]
    fn a_wrong_url_says_what_is_wrong() {
        for (text, wrong) in [
            ("127.0.0.1:8080", "not a URL"),
            ("unix:run/x", "absolute path"),
            ("unix:///run/x", "absolute path"),
            ("unix:/run/x:a b", "must begin"),
            ("ftp://h", "only `http://`"),
            ("http://", "no host"),
            ("http://:80", "no host"),
            ("http://h:0", "no port"),
            ("http://h:65536", "no port"),
            ("http://h:", "no port"),
            ("http://h:+80", "no port"),
            ("http://h:8o80", "no port"),
            ("http://me:pw@h", "Authorization"),
            ("http://[::1", "bracket"),
            ("http://[zz]", "neither"),
            ("http://::1", "brackets"),
            ("http://[::1]8080", "cannot follow"),
            ("http://a b", "neither"),
            ("http://h/a b", "%20"),
            ("http://h/#x", "`#`"),
        ] {
            let error = parse_url(text).expect_err(text);
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    #[test]
    fn a_path_that_would_break_the_request_line_is_refused() {
        assert_eq!(check_path("/a?b=c"), Ok(()));
        for path in ["", "a", "*", "/a b", "/a\r\nX: y", "/ü", "/a#b", "/\u{7f}"] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        assert!(check_path("/ü").expect_err("not ASCII").contains("%C3%BC"));
    }

    #[test]
    fn a_header_cannot_smuggle_another() {
        assert_eq!(check_header("X-Text", "grün\tund blau"), Ok(()));
        assert_eq!(check_header("Host", "other.example"), Ok(()));
        assert_eq!(check_header("Connection", "Close"), Ok(()));
        for (name, value) in [
            ("X", "a\r\nY: b"),
            ("X", "a\0"),
            ("X:", "a"),
            ("", "a"),
            ("Content-Length", "5"),
            ("transfer-encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Expect", "something"),
            ("Host", "a b"),
        ] {
            assert!(check_header(name, value).is_err(), "{name}: {value:?}");
        }
    }

    #[test]
    fn a_method_is_a_token_in_capitals() {
        assert_eq!(check_method("PURGE"), Ok(()));
        assert_eq!(check_method("x-custom"), Ok(()));
        for method in ["", "get", "GE T", "GET\r\n", "CONNECT", "connect"] {
            assert!(check_method(method).is_err(), "{method:?}");
        }
    }
}
