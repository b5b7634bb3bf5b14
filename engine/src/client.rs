//! HTTP/1.1 with others than the target, on a connection that is kept: a document is fetched, or something is posted.

use std::io;
use std::pin::Pin;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use runlog::text::printable;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use crate::plan::Endpoint;
use crate::scenario::http::Scheme;
use crate::tls::explain;

/// The most bytes of an answer that are read.
const LONGEST_ANSWER: usize = 4 << 20;
/// How much of the reason that a server gives is passed on, in bytes.
const LONGEST_REASON: usize = 200;

/// Talks to one endpoint, again and again. To be used within a `tokio::task::LocalSet`.
pub struct Client {
    endpoint: &'static Endpoint,
    /// The connection, while nothing is under way on it.
    idle: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Of the document, or the receiver, that is there.
    pub const fn new(endpoint: &'static Endpoint) -> Self {
        Self { endpoint, idle: None }
    }

    /// The document as it is now.
    ///
    /// # Errors
    /// Why there is none: no connection, another status than 200, too long.
    pub async fn get(&mut self) -> Result<Vec<u8>, String> {
        let (status, document) = self.send(&Method::GET, &[], &Bytes::new()).await?;
        if status == StatusCode::OK { Ok(document) } else { Err(format!("the status is {}", status.as_u16())) }
    }

    /// Posts a body with these headers.
    ///
    /// # Errors
    /// Why it was not taken: no connection, or a status that says no, with what the server says of it.
    pub async fn post(&mut self, headers: &[(&str, &str)], body: &Bytes) -> Result<(), String> {
        let (status, said) = self.send(&Method::POST, headers, body).await?;
        if status.is_success() {
            return Ok(());
        }
        let said = printable(String::from_utf8_lossy(&said).trim());
        let said = &said[..said.floor_char_boundary(LONGEST_REASON)];
        let because = if said.is_empty() { String::new() } else { format!(": {said}") };
        Err(format!("the status is {}{because}", status.as_u16()))
    }

    async fn send(
        &mut self,
        method: &Method,
        headers: &[(&str, &str)],
        body: &Bytes,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        // Whoever gives up in the middle leaves no connection on which an answer is still to come.
        let kept = self.idle.take().filter(|connection| !connection.is_closed());
        let is_kept = kept.is_some();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let response = match self.ask(&mut connection, method, headers, body).await {
            // A server may close a kept connection at any time.
            Err(_) if is_kept => {
                connection = self.connect().await?;
                self.ask(&mut connection, method, headers, body).await
            }
            answered => answered,
        };
        let response = response.map_err(|error| format!("no answer: {}", reason(&error)))?;
        let status = response.status();
        let answer = whole(response.into_body()).await?;
        self.idle = Some(connection);
        Ok((status, answer))
    }

    async fn ask(
        &self,
        connection: &mut SendRequest<Full<Bytes>>,
        method: &Method,
        headers: &[(&str, &str)],
        body: &Bytes,
    ) -> hyper::Result<Response<Incoming>> {
        let url = &self.endpoint.url;
        let path = if url.path.is_empty() { "/" } else { &url.path };
        let mut request = Request::builder().method(method).uri(path);
        let is_given = |name: &str| self.endpoint.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if !is_given("host") {
            request = request.header(header::HOST, url.authority());
        }
        if !is_given("user-agent") {
            request = request.header(header::USER_AGENT, concat!("drumfire/", env!("CARGO_PKG_VERSION")));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &self.endpoint.headers {
            request = request.header(name, &value.real);
        }
        connection.ready().await?;
        // Path and headers were checked when they were read.
        let request = request.body(Full::new(body.clone())).unwrap_or_default();
        connection.send_request(request).await
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let url = &self.endpoint.url;
        let unreachable = |error: io::Error| format!("cannot connect to {}: {error}", url.base());
        if let Scheme::Unix(path) = &url.scheme {
            return spoken(UnixStream::connect(path).await.map_err(unreachable)?).await;
        }
        let stream = match self.endpoint.address {
            Some(address) => TcpStream::connect(address).await,
            None => TcpStream::connect((url.host_name(), url.port)).await,
        };
        let stream = stream.map_err(unreachable)?;
        let Some(security) = &self.endpoint.security else { return spoken(stream).await };
        let credentials = security.for_one_thread();
        let connector = TlsConnector::from(credentials.config);
        let secured = connector.connect(credentials.name, stream).await.map_err(|error| {
            let why = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).map(explain);
            format!("no TLS with {}: {}", url.base(), why.unwrap_or_else(|| error.to_string()))
        })?;
        spoken(secured).await
    }
}

/// HTTP over a stream; what drives it is a task of its own, which ends with the connection.
async fn spoken(stream: impl AsyncRead + AsyncWrite + Unpin + 'static) -> Result<SendRequest<Full<Bytes>>, String> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| reason(&error))?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// A body as a whole.
async fn whole(mut body: Incoming) -> Result<Vec<u8>, String> {
    let mut document = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| format!("the answer breaks off: {}", reason(&error)))?;
        let Some(data) = frame.data_ref() else { continue };
        if document.len() + data.len() > LONGEST_ANSWER {
            return Err(format!("the answer is longer than {} MiB", LONGEST_ANSWER >> 20));
        }
        document.extend_from_slice(data);
    }
    Ok(document)
}

/// What went wrong, with its cause.
fn reason(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    format!("{error}{cause}")
}
