//! The program from outside: its one line of output, how it stops, and what it says when it cannot start.

#![allow(clippy::unwrap_used, reason = "what fails in here fails the test")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitStatus, Stdio};

struct Shop(Child);

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Shop {
    fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_drumfire-demo"))
            .args(["--products", "10"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// The address from the first line; standard output stays open.
    fn address(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.strip_prefix("listening on http://").unwrap().trim_end().to_owned()
    }

    /// Waits for the end and returns what was still written to standard error.
    fn end(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap(), said)
    }
}

#[test]
fn it_names_a_loopback_address_and_stops_when_standard_input_closes() {
    let mut shop = Shop::start(&["--until-stdin-closes"]);
    let address: std::net::SocketAddr = shop.address().parse().unwrap();
    assert!(address.ip().is_loopback());
    assert_ne!(address.port(), 0);

    drop(shop.0.stdin.take());
    assert_eq!(shop.end().0.code(), Some(0));
}

#[test]
fn it_stops_cleanly_on_a_signal() {
    for name in ["INT", "TERM"] {
        let mut shop = Shop::start(&[]);
        shop.address();
        assert!(Command::new("kill").args(["-s", name, &shop.0.id().to_string()]).status().unwrap().success());
        assert_eq!(shop.end().0.code(), Some(0), "{name}");
    }
}

#[test]
fn an_address_in_use_is_one_message_and_exit_code_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, said) = Shop::start(&["--listen", &address]).end();
    assert_eq!(status.code(), Some(2));
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
