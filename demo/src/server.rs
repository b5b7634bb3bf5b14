//! From an address to a served router and back to silence: the part that touches sockets, signals and standard streams.
//! It knows nothing of products or orders.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::store::DatabaseFailure;

/// How long requests in flight may still take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How many connections may wait to be accepted; the system may allow fewer. With the usual 128, of a crowd that comes all at
/// once a part is ignored, and asks again a second later.
const BACKLOG: u32 = 4096;

/// Why the server did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The address is taken, not ours or not allowed.
    #[error("cannot listen on {address}: {source}; choose another with --listen, or port 0 for any free one")]
    Bind {
        /// What `--listen` asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is no shop on the database.
    #[error(transparent)]
    Database(#[from] DatabaseFailure),
    /// What the shop measures of itself has two things of one name.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Anything else that the system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// 2 where the input is wrong, 1 where it failed while running.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Bind { .. }
            | Self::Database(DatabaseFailure::Url | DatabaseFailure::Taken | DatabaseFailure::Unfinished) => 2,
            Self::Database(_) | Self::Metrics(_) | Self::Io(_) => 1,
        }
    }
}

/// The runtime, with `threads` workers or one per core.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime(threads: Option<u16>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads.into());
    }
    builder.enable_all().build()
}

/// Listens on `address`.
///
/// # Errors
/// [`Failure::Bind`] when the address cannot be had.
///
/// # Panics
/// Outside of a runtime.
pub fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    listen(address).map_err(|source| Failure::Bind { address, source })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As `TcpListener::bind` does: a shop that was just closed can be opened again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Prints the one line that says where the server listens; whoever started it waits for this line.
///
/// # Errors
/// When standard output cannot be written.
pub fn announce(listener: &TcpListener) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()
}

/// A future that ends at SIGINT, SIGTERM or, `with_stdin`, at the end of standard input.
///
/// # Errors
/// When the system accepts no signal handler or no thread.
pub fn stop_requested(with_stdin: bool) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    // Installed here and not inside the future: a signal that comes before the first poll counts as well.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stdin_closed = if with_stdin { Some(stdin_closed()?) } else { None };
    Ok(async move {
        let stdin_closed = async {
            match stdin_closed {
                // The sender only ever goes away when standard input is at its end.
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = stdin_closed => {}
        }
    })
}

/// A thread of its own reads standard input: the runtime would wait for a pending read before it ends, and a thread is left behind.
fn stdin_closed() -> io::Result<oneshot::Receiver<()>> {
    let (closed, receiver) = oneshot::channel();
    std::thread::Builder::new().name("stdin".into()).spawn(move || {
        // An error means that there is nothing left to read, just as an end does.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(closed);
    })?;
    Ok(receiver)
}

/// Serves `router` until `stop` ends; requests in flight then get a short grace.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Answers are small and go out at once; where the option is refused they are only slower.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let (stopping, stopped) = oneshot::channel::<()>();
    let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        drop(stopping);
    });
    let mut served = pin!(graceful.into_future());
    tokio::select! {
        result = &mut served => result,
        // A client that never finishes its request must not keep the server alive.
        _ = stopped => tokio::time::timeout(GRACE, served).await.unwrap_or(Ok(())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_crowd_that_comes_at_once_is_not_sent_away() {
        let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(900));
        let crowd: Result<Vec<_>, _> = (0..300).map(connect).collect();
        assert!(crowd.is_ok(), "nobody has been accepted yet, and all can wait: {crowd:?}");
    }
}
