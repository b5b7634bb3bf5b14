//! `[target]`: whom the load goes to and how, read and held together.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use runlog::text::printable_path;
use runlog::units::Nanos;

use super::document::{Node, Table};
use super::error::{Problem, Problems};
use super::feeder::word;
use super::http::{self, Scheme, Url};
use super::interpolate::Text;
use super::keys;
use super::target::{DEFAULT_TIMEOUT, Family, Lookup, Proxy, Route, Target, Timeouts, Tls, TlsVersion};
use super::workload::positive_span;

/// What asks for TCP: a Unix socket has none of it.
pub const OF_TCP: [&str; 6] = ["resolve", "dns", "ip", "source_addresses", "proxy", "proxy_authorization"];

const FAMILIES: [(&str, Family); 5] = [
    ("any", Family::Any),
    ("v4", Family::V4),
    ("v6", Family::V6),
    ("prefer-v4", Family::PreferV4),
    ("prefer-v6", Family::PreferV6),
];

const VERSIONS: [(&str, TlsVersion); 2] = [("1.2", TlsVersion::V1_2), ("1.3", TlsVersion::V1_3)];

/// Reads `[target]`. Files are found from `folder`, where the scenario file is.
pub(super) fn target(root: &Table, folder: &Path, problems: &mut Problems) -> Option<Target> {
    const EXAMPLE: &str = "with `base_url = \"http://127.0.0.1:8080\"`";
    let table = problems.keep(root.require("the file", "target", EXAMPLE, |node| node.table("a table")))?;
    table.know("[target]", keys::TARGET, problems);
    let url = problems.keep(table.require("[target]", "base_url", "such as `\"http://127.0.0.1:8080\"`", base_url));
    let timeouts = timeouts(table, problems);
    let route = route(table, problems);
    let tls = tls(table, folder, problems);
    let (url, shown) = url?;
    if let Scheme::Unix(_) = url.scheme {
        for node in OF_TCP.into_iter().filter_map(|key| table.get(key)) {
            problems.add(node.problem("a Unix socket has no names, addresses or proxies").expected("not with `unix:`"));
        }
    }
    let tls = match (&url.scheme, tls?) {
        (Scheme::Https, tls) => Some(tls.unwrap_or_default()),
        (_, None) => None,
        (_, Some(_)) => {
            let node = table.get("tls").or_else(|| table.get("base_url"))?;
            let problem = node.problem("the target is not secured by TLS").expected("only with `https://`");
            problems.add(problem.help("write the base URL with `https://`, or leave this out"));
            None
        }
    };
    Some(Target { url, shown, timeouts: timeouts?, route: route?, tls })
}

fn base_url(node: &Node) -> Result<(Url, String), Problem> {
    let text = node.text("a URL such as \"http://127.0.0.1:8080\"")?;
    let url = http::parse_url(&text.real).map_err(|error| node.problem(error).expected("not a URL to send load to"))?;
    if url.path.contains('?') {
        let problem = node.problem("the base URL holds a query").expected("before the paths of the requests");
        return Err(problem.help("put the query into the paths of the requests"));
    }
    Ok((url, text.shown.clone()))
}

fn timeouts(table: &Table, problems: &mut Problems) -> Option<Timeouts> {
    let mut read = |key: &str| problems.keep(table.read(key, positive_span));
    let (request, connect) = (read("request_timeout"), read("connect_timeout"));
    let (tls, first_byte) = (read("tls_timeout"), read("first_byte_timeout"));
    let request: Nanos = request?.unwrap_or(DEFAULT_TIMEOUT);
    Some(Timeouts {
        connect: connect?.unwrap_or(request),
        tls: tls?.unwrap_or(request),
        first_byte: first_byte?,
        request,
    })
}

fn route(table: &Table, problems: &mut Problems) -> Option<Route> {
    let resolve = table.get("resolve").map_or(Some(Vec::new()), |node| resolve(node, problems));
    let lookup = problems.keep(table.read("dns", lookup));
    let family = problems.keep(table.read("ip", |node| word(node, &FAMILIES)));
    let sources = problems.keep(table.read("source_addresses", sources));
    let proxy = problems.keep(table.read("proxy", proxy));
    let authorization = problems.keep(table.read("proxy_authorization", authorization));
    if let (Some(node), None) = (table.get("proxy_authorization"), table.get("proxy")) {
        problems.add(node.problem("there is no proxy to show this to").expected("only with `proxy`"));
    }
    let authorization = authorization?;
    Some(Route {
        resolve: resolve?,
        lookup: lookup?.unwrap_or_default(),
        family: family?.unwrap_or_default(),
        sources: sources?.unwrap_or_default(),
        proxy: proxy?.map(|url| Proxy { url, authorization }),
    })
}

fn resolve(node: &Node, problems: &mut Problems) -> Option<Vec<((String, u16), SocketAddr)>> {
    let table = problems.keep(node.table("a table such as `{ \"shop.example:443\" = \"127.0.0.1:8443\" }`"))?;
    let read = table.entries.iter().map(|entry| {
        let host = parse_host_and_port(&entry.key);
        let host = problems.keep(host.map_err(|error| Problem::new(entry.key_span, error).expected("not a host")));
        let address = entry
            .node
            .str("an address as a string")
            .and_then(|text| parse_address(text).map_err(|error| entry.node.problem(error).expected("not an address")));
        Some((host?, problems.keep(address)?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// `shop.example:443`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_host_and_port(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("`{text}` is not written as HOST:PORT, such as `shop.example:443`");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port.parse::<u16>() {
        Ok(port) if port > 0 && !host.is_empty() => Ok((host.to_ascii_lowercase(), port)),
        _ => Err(wrong()),
    }
}

/// An address, with a port or without one, which is then 0.
///
/// # Errors
/// What is wrong with it.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    let alone = plain.parse::<IpAddr>().map(|address| SocketAddr::new(address, 0));
    alone
        .or_else(|_| text.parse())
        .map_err(|_| format!("`{text}` is no address: write one such as `127.0.0.1`, `127.0.0.1:8443` or `[::1]:8443`"))
}

fn lookup(node: &Node) -> Result<Lookup, Problem> {
    match node.str("`once`, `per-connection` or a duration")? {
        "once" => Ok(Lookup::Once),
        "per-connection" => Ok(Lookup::PerConnection),
        _ => positive_span(node)
            .map(Lookup::Every)
            .map_err(|problem| problem.help("`\"once\"`, `\"per-connection\"`, or how often, such as `\"30s\"`")),
    }
}

fn sources(node: &Node) -> Result<Vec<IpAddr>, Problem> {
    let mut sources = Vec::new();
    for node in node.array("an array of addresses such as `[\"127.0.0.2\"]`")? {
        let text = node.str("an address as a string")?;
        let wrong = |_| node.problem(format!("`{text}` is no address of this machine")).expected("not an address");
        sources.push(text.parse::<IpAddr>().map_err(wrong)?);
    }
    if sources.iter().any(IpAddr::is_ipv4) && sources.iter().any(IpAddr::is_ipv6) {
        let problem = node.problem("addresses of IPv4 and of IPv6 do not lead to the same target");
        return Err(problem.expected("both kinds").help("give those of one kind"));
    }
    Ok(sources)
}

fn proxy(node: &Node) -> Result<Url, Problem> {
    let text = node.str("a URL such as \"http://127.0.0.1:3128\"")?;
    parse_proxy(text).map_err(|error| node.problem(error).expected("not a proxy"))
}

/// The URL of a proxy.
///
/// # Errors
/// What is wrong with it.
pub fn parse_proxy(text: &str) -> Result<Url, String> {
    let url = http::parse_url(text)?;
    match url.scheme {
        Scheme::Http if url.path.trim_matches('/').is_empty() => Ok(url),
        Scheme::Http => Err("a proxy has no path: write it such as `http://127.0.0.1:3128`".to_owned()),
        _ => Err("a proxy is spoken to in `http://`".to_owned()),
    }
}

fn authorization(node: &Node) -> Result<Text, Problem> {
    let text = node.text("such as \"Basic dXNlcjpwYXNz\"")?;
    http::check_header("Proxy-Authorization", &text.real)
        .map_err(|error| node.problem(error).expected("not the value of a header"))?;
    Ok(text.clone())
}

/// The outer `None` where something is wrong.
#[expect(clippy::option_option, reason = "wrong, missing and there are three things")]
fn tls(table: &Table, folder: &Path, problems: &mut Problems) -> Option<Option<Tls>> {
    let Some(table) = problems.keep(table.read("tls", |node| node.table("a table")))? else { return Some(None) };
    table.know("[target.tls]", keys::TLS, problems);
    let mut file = |key: &str| problems.keep(table.read(key, |node| existing(node, folder)));
    let (ca_cert, certificate, key) = (file("ca_cert"), file("client_cert"), file("client_key"));
    let server_name = problems.keep(table.read("server_name", |node| node.str("a name").map(str::to_owned)));
    let min_version = problems.keep(table.read("min_version", |node| word(node, &VERSIONS)));
    let resumption = problems.keep(table.read("resumption", Node::boolean));
    let insecure = problems.keep(table.read("insecure", Node::boolean));
    let pair = |one: &str, other: &str| {
        table.get(one).filter(|_| table.get(other).is_none()).map(|node| {
            node.problem(format!("`{one}` needs `{other}`")).expected("one of two").help(format!("add `{other}`"))
        })
    };
    for problem in [pair("client_cert", "client_key"), pair("client_key", "client_cert")].into_iter().flatten() {
        problems.add(problem);
    }
    let (ca_cert, insecure) = (ca_cert?, insecure?.unwrap_or(false));
    if let (Some(node), true) = (table.get("ca_cert"), insecure) {
        let problem = node.problem("with `insecure = true` no certificate is looked at");
        problems.add(problem.expected("of no use").help("leave out one of them"));
    }
    Some(Some(Tls {
        ca_cert,
        identity: certificate?.zip(key?),
        server_name: server_name?,
        min_version: min_version?.unwrap_or_default(),
        resumption: resumption?.unwrap_or(true),
        insecure,
    }))
}

/// A file that is there.
fn existing(node: &Node, folder: &Path) -> Result<PathBuf, Problem> {
    let path = folder.join(node.str("the path of a file as a string")?);
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => Ok(path),
        Ok(_) => Err(node.problem(format!("`{}` is no file", printable_path(&path))).expected("not a file")),
        Err(error) => {
            let message = format!("cannot read `{}`: {}", printable_path(&path), super::reason(&error));
            Err(node.problem(message).expected("this file"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port() {
        assert_eq!(parse_address("127.0.0.1"), Ok(([127, 0, 0, 1], 0).into()));
        assert_eq!(parse_address("127.0.0.1:8443"), Ok(([127, 0, 0, 1], 8443).into()));
        assert_eq!(parse_address("[::1]:9").map(|address| address.port()), Ok(9));
        assert_eq!(parse_address("::1").map(|address| address.is_ipv6()), Ok(true));
        assert!(parse_address("localhost").is_err());
    }

    #[test]
    fn a_host_has_a_port() {
        assert_eq!(parse_host_and_port("Shop.example:443"), Ok(("shop.example".to_owned(), 443)));
        assert_eq!(parse_host_and_port("[::1]:80"), Ok(("::1".to_owned(), 80)));
        for text in ["shop.example", "shop.example:", "shop.example:0", ":80", "a:b"] {
            assert!(parse_host_and_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_proxy_is_spoken_to_in_plain_http() {
        assert!(parse_proxy("http://127.0.0.1:3128").is_ok());
        for text in ["https://h:1", "http://h/path", "http://me:pw@h", "unix:/run/x"] {
            assert!(parse_proxy(text).is_err(), "{text}");
        }
    }
}
