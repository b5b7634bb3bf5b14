//! One secured connection: bytes that came in, what was said in them and the bytes to be sent out.

use std::fmt;

use rustls::Error;
use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus};

use super::config::Credentials;

/// The most that one record carries.
const RECORD_BYTES: usize = 16 << 10;
/// The most that a record adds to what it carries.
const RECORD_OVERHEAD: usize = 64;

/// A secured connection.
pub struct Session {
    connection: UnbufferedClientConnection,
    /// The beginning of a record that is not complete.
    incoming: Vec<u8>,
    is_open: bool,
    has_ended: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_open", &self.is_open).finish_non_exhaustive()
    }
}

impl Session {
    /// A connection that nothing has been sent over. What has to be sent first is put behind what is in `out`.
    ///
    /// # Errors
    /// Where there is nothing to begin with: no cipher that both versions know.
    pub fn new(credentials: &Credentials, out: &mut Vec<u8>) -> Result<Self, Error> {
        let connection = UnbufferedClientConnection::new(credentials.config.clone(), credentials.name.clone())?;
        let mut session = Self { connection, incoming: Vec::new(), is_open: false, has_ended: false };
        session.feed(&[], &mut Vec::new(), out)?;
        Ok(session)
    }

    /// Whether the handshake is done.
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the other side has said that nothing more will come.
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Takes bytes that came: what they say is put behind what is in `plain`, what has to be sent because of them behind what
    /// is in `out`.
    ///
    /// # Errors
    /// Where they are not what the other side would send: the connection is of no more use.
    pub fn feed(&mut self, bytes: &[u8], plain: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Error> {
        self.incoming.extend_from_slice(bytes);
        let mut used = 0;
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.connection.process_tls_records(&mut self.incoming[used..]);
            let goes_on = match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        discard += record.discard;
                        plain.extend_from_slice(record.payload);
                    }
                    true
                }
                ConnectionState::EncodeTlsData(mut data) => {
                    let start = out.len();
                    while let Err(error) = data.encode(&mut out[start..]) {
                        let EncodeError::InsufficientSize(InsufficientSizeError { required_size }) = error else {
                            break;
                        };
                        out.resize(start + required_size, 0);
                    }
                    true
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    true
                }
                ConnectionState::WriteTraffic(_) => {
                    self.is_open = true;
                    false
                }
                ConnectionState::PeerClosed | ConnectionState::Closed => {
                    self.has_ended = true;
                    false
                }
                // Waiting for more, or nothing that a client ever sees.
                _ => false,
            };
            used += discard;
            if !goes_on {
                break;
            }
        }
        if used == self.incoming.len() {
            // Between records nothing is kept, not even memory: most connections are between records most of the time.
            self.incoming = Vec::new();
        } else {
            self.incoming.drain(..used);
        }
        Ok(())
    }

    /// Seals bytes to be sent, behind what is in `out`.
    ///
    /// # Errors
    /// Where the handshake is not done, or the keys are worn out.
    pub fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        out.resize(start + plain.len() + (plain.len() / RECORD_BYTES + 1) * RECORD_OVERHEAD, 0);
        let UnbufferedStatus { state, .. } = self.connection.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = state? else { return Err(Error::HandshakeNotComplete) };
        let mut sealed = traffic.encrypt(plain, &mut out[start..]);
        if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = sealed {
            out.resize(start + required_size, 0);
            sealed = traffic.encrypt(plain, &mut out[start..]);
        }
        let length = sealed.map_err(|_| Error::EncryptError)?;
        out.truncate(start + length);
        Ok(())
    }
}
