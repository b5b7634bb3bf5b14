//! One connection's account: how many bytes of the answers that it waits for are still to come.

use anyhow::{Context, ensure};

/// Requests that were sent together, until all their answers have come.
#[derive(Debug)]
pub struct Exchange {
    expected: u32,
    missing: u32,
}

impl Exchange {
    /// One that waits for so many bytes, again and again.
    pub fn of(expected: u32) -> Self {
        Self { expected, missing: expected }
    }

    /// Takes what has come: whether the answers are complete, and the next requests may be sent.
    ///
    /// # Errors
    /// Where more came than was asked for: answers are not all of one length, and cannot be counted by bytes.
    pub fn ends_with(&mut self, bytes: u32) -> anyhow::Result<bool> {
        let missing = self.missing.checked_sub(bytes);
        self.missing = missing.with_context(|| {
            format!("{bytes} bytes came where {} were missing: the server's answers differ in length", self.missing)
        })?;
        let complete = self.missing == 0;
        if complete {
            self.missing = self.expected;
        }
        Ok(complete)
    }
}

/// How long the answer at the start of these bytes is, once its head is complete.
///
/// # Errors
/// Where it does not say.
pub fn answer_bytes(received: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = received.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = head + 4;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    ensure!(text.starts_with("http/1.1 200 "), "the server's answer is no 200:\n{text}");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.with_context(|| format!("the server's answer does not say its length:\n{text}"))?;
    let body: usize = length.trim().parse().with_context(|| format!("a content length of `{}`", length.trim()))?;
    Ok(Some(head + body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_ends_with_its_last_byte_and_starts_again() {
        let mut exchange = Exchange::of(100);
        assert!(!exchange.ends_with(60).expect("within"));
        assert!(exchange.ends_with(40).expect("within"));
        assert!(exchange.ends_with(100).expect("within"));
    }

    #[test]
    fn bytes_that_nobody_asked_for_are_an_error() {
        assert!(Exchange::of(100).ends_with(101).is_err());
    }

    #[test]
    fn an_answer_is_its_head_and_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(answer_bytes(answer).expect("a length"), Some(answer.len()));
        assert_eq!(answer_bytes(&answer[..20]).expect("not yet"), None);
        assert!(answer_bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello").is_err());
        assert!(answer_bytes(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
