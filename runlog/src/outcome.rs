//! What became of an arrival that got no answer, and whose doing it was.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose doing a failure was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The system under test answered wrongly, too late or not at all.
    Server,
    /// Something between the two: no route, no free port.
    Network,
    /// Drumfire itself, or whoever stopped it.
    Generator,
}

macro_rules! failures {
    ($($(#[$doc:meta])* $variant:ident = $word:literal by $blame:ident,)*) => {
        /// Why an arrival got no answer: the `error` column.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Failure { $($(#[$doc])* #[serde(rename = $word)] $variant,)* }

        impl Failure {
            /// Every failure there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in the `error` column.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whose doing it was.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$variant => Blame::$blame,)* }
            }

            /// The failure that a word in the `error` column stands for.
            pub fn from_word(word: &[u8]) -> Option<Self> {
                Self::ALL.iter().copied().find(|failure| failure.word().as_bytes() == word)
            }
        }
    };
}

failures! {
    /// Nothing listens at the target.
    ConnectRefused = "connect_refused" by Server,
    /// The connection was not accepted within the request's timeout.
    ConnectTimeout = "connect_timeout" by Server,
    /// The connection failed in another way: no route, network down.
    ConnectFailed = "connect_failed" by Network,
    /// The target's name could not be looked up.
    DnsFailed = "dns_failed" by Network,
    /// No file descriptor or memory was left to open a connection with.
    NoSocket = "no_socket" by Generator,
    /// No local port was left to open a connection from.
    NoPort = "no_port" by Generator,
    /// The proxy opened no tunnel to the target.
    ProxyRefused = "proxy_refused" by Network,
    /// The TLS handshake was not done within its timeout.
    TlsTimeout = "tls_timeout" by Server,
    /// The TLS handshake failed, or what came over a secured connection was not what had been sent.
    TlsFailed = "tls_failed" by Server,
    /// The first byte of the answer did not come within its timeout.
    FirstByteTimeout = "first_byte_timeout" by Server,
    /// No complete answer came within the request's timeout.
    Timeout = "timeout" by Server,
    /// The connection was reset before the answer was complete.
    Reset = "reset" by Server,
    /// The connection was closed before the answer was complete.
    Closed = "closed" by Server,
    /// What came back is not HTTP/1.x.
    BadResponse = "bad_response" by Server,
    /// The request was never sent: a placeholder of it had no value, because nothing was captured, or a row of its data has no
    /// such column.
    NoValue = "no_value" by Generator,
    /// The run ended while the request was on its way.
    Interrupted = "interrupted" by Generator,
    /// The arrival was never sent: no connection became free in time.
    Dropped = "dropped" by Generator,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_one_failure() {
        for failure in Failure::ALL {
            assert_eq!(Failure::from_word(failure.word().as_bytes()), Some(*failure));
        }
        assert_eq!(Failure::from_word(b"gremlins"), None);
    }
}
