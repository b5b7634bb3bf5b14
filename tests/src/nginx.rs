//! A well-behaved server: an nginx of our own, with everything it writes in a temporary folder.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tempfile::TempDir;

use crate::pin::spawn_on;

/// How an nginx is set up.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The `location` blocks.
    pub locations: &'a str,
    /// Whether it notes every request, to be a witness.
    pub witness: bool,
    /// The processor it may use; any, if none is named.
    pub cpu: Option<usize>,
}

/// A running nginx of one process; stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

/// What an nginx without further wishes serves: a small text everywhere.
pub const HELLO: &str = r#"location / { return 200 "hello\n"; }"#;

impl Nginx {
    /// Starts one that serves these `location` blocks and notes every request.
    pub fn serving(locations: &str) -> Self {
        Self::start(Settings { locations, witness: true, cpu: None }).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Starts one on a free port and waits until it answers.
    ///
    /// # Errors
    /// Where it is not installed, or does not take its configuration.
    pub fn start(settings: Settings<'_>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("drumfire-nginx-").tempdir()?;
        // It inherits a socket that listens already: no port that somebody else may take meanwhile, no waiting.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let configuration = configuration(settings, address);
        fs::write(folder.path().join("nginx.conf"), configuration)?;
        let mut command = Command::new("nginx");
        command
            .args(["-p", &folder.path().display().to_string(), "-c", "nginx.conf", "-e", "error.log"])
            .env("NGINX", "0;")
            .env("PATH", search_path())
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = match settings.cpu {
            Some(cpu) => spawn_on(cpu, &mut command),
            None => command.spawn(),
        };
        let child = child.context("nginx cannot be started; install it: apt-get install nginx-light")?;
        let nginx = Self { child, address, folder };
        nginx.answers().with_context(|| format!("nginx does not answer:\n{}", nginx.error_log()))?;
        Ok(nginx)
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests it has answered so far, as lines of `STATUS METHOD URI CONNECTION`, in the order of their ends.
    pub fn witnessed(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("access.log")).expect("this nginx is a witness");
        log.lines().map(str::to_owned).collect()
    }

    fn answers(&self) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(b"GET /are-you-there HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 "), "it said: {answer:?}");
        Ok(())
    }

    fn error_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where to look for it: Debian keeps it in a folder that is not on everybody's path.
fn search_path() -> String {
    std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin"
}

fn configuration(settings: Settings<'_>, address: SocketAddr) -> String {
    let access_log = if settings.witness { "access_log access.log witness" } else { "access_log off" };
    let locations = settings.locations;
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    log_format witness '$status $request_method $request_uri $connection';
    {access_log};
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
        location = /are-you-there {{ access_log off; return 204; }}
        {locations}
    }}
}}
"
    )
}
