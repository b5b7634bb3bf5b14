//! Who answers: one nginx process on a processor of its own, doing as little as it can.

use drumfire_tests::nginx::{Nginx, Settings};

/// A server that returns a few bytes on kept-alive connections and writes no log.
///
/// # Errors
/// Where nginx is not installed or does not start.
pub fn nginx_on(cpu: usize) -> anyhow::Result<Nginx> {
    Nginx::start(Settings { locations: r#"location / { return 200 "hello\n"; }"#, witness: false, cpu: Some(cpu) })
}
