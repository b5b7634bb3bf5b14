//! A well-behaved server: an nginx of our own, with everything it writes in a temporary folder.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::get::get;
use crate::guard::Guard;
use crate::patience::eventually;
use crate::pin::spawn_on;

/// How an nginx is set up.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The `location` blocks.
    pub locations: &'a str,
    /// What else stands in the `server` block, such as further `listen` lines.
    pub also: &'a str,
    /// Whether it notes every request, to be a witness.
    pub witness: bool,
    /// The processor it may use; any, if none is named.
    pub cpu: Option<usize>,
}

/// A running nginx of one process; stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    process: Guard,
    address: SocketAddr,
    folder: TempDir,
}

/// What an nginx without further wishes serves: a small text everywhere.
pub const HELLO: &str = r#"location / { return 200 "hello\n"; }"#;

impl Nginx {
    /// Starts one that serves these `location` blocks and notes every request.
    pub fn serving(locations: &str) -> Self {
        Self::serving_also("", locations)
    }

    /// Starts one that serves these `location` blocks, has these lines in its `server` block, and notes every request.
    pub fn serving_also(also: &str, locations: &str) -> Self {
        Self::start(Settings { locations, also, witness: true, cpu: None }).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Starts one on a free port and waits until it answers.
    ///
    /// # Errors
    /// Where it is not installed, or does not take its configuration.
    pub fn start(settings: Settings<'_>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("drumfire-nginx-").tempdir()?;
        let address = free_address()?;
        fs::write(folder.path().join("nginx.conf"), configuration(settings, address))?;
        let mut command = Command::new("nginx");
        command
            .args(["-p", &folder.path().display().to_string(), "-c", "nginx.conf", "-e", "error.log"])
            .env("PATH", search_path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = match settings.cpu {
            Some(cpu) => spawn_on(cpu, &mut command),
            None => command.spawn(),
        };
        let child = child.context("nginx cannot be started; install it: apt-get install nginx-light")?;
        let mut nginx = Self { process: Guard(child), address, folder };
        eventually("nginx answers or ends", || (nginx.answers() || nginx.process.has_ended()).then_some(()));
        ensure!(!nginx.process.has_ended(), "nginx does not start:\n{}", nginx.error_log());
        Ok(nginx)
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests it has answered so far, as lines of `STATUS METHOD URI CONNECTION`, in the order of their ends.
    pub fn witnessed(&self) -> Vec<String> {
        // It notes a request when the answer has gone out, which may be a while later; but it does one thing after another.
        eventually("nginx answers", || self.answers().then_some(()));
        let log = fs::read_to_string(self.folder.path().join("access.log")).expect("this nginx is a witness");
        log.lines().map(str::to_owned).collect()
    }

    fn answers(&self) -> bool {
        get(self.address, "/are-you-there").is_ok_and(|(status, _)| status == 204)
    }

    fn error_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

/// An address that nobody listens at. Somebody else may take it before we do, but the system hands out every other one
/// first.
///
/// # Errors
/// What the system says.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Where to look for it: Debian keeps it in a folder that is not on everybody's path.
fn search_path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin"
}

fn configuration(settings: Settings<'_>, address: SocketAddr) -> String {
    let access_log = if settings.witness { "access_log access.log witness" } else { "access_log off" };
    let Settings { locations, also, .. } = settings;
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
worker_rlimit_nofile 20000;
events {{ worker_connections 20000; }}
http {{
    log_format witness '$status $request_method $request_uri $connection';
    {access_log};
    client_max_body_size 0;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    default_type text/plain;
    server {{
        listen {address} backlog=4096;
        {also}
        location = /are-you-there {{ access_log off; return 204; }}
        {locations}
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn it_serves_bears_witness_and_is_gone_when_dropped() {
        let nginx = Nginx::serving(HELLO);
        let address = nginx.address;
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.ends_with("\r\n\r\nhello\n"), "{answer}");
        let witnessed = nginx.witnessed();
        assert!(witnessed.len() == 1 && witnessed[0].starts_with("200 GET /a "), "{witnessed:?}");

        drop(nginx);
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }

    #[test]
    fn what_nginx_says_of_a_wrong_configuration_is_passed_on() {
        let settings = Settings { locations: "nonsense;", also: "", witness: false, cpu: None };
        let error = format!("{:#}", Nginx::start(settings).expect_err("nonsense is refused"));
        assert!(error.contains("nonsense"), "{error}");
    }
}
