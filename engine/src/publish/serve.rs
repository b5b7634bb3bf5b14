//! Answers to those who ask for figures, from a thread beside the load.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use prometheus::TEXT_FORMAT;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

/// How much less than others the thread insists on a processor: where one is free, that is nothing.
const NICE: i32 = 10;
/// The most who are answered at once. Others wait until one of them is.
const MOST_AT_ONCE: usize = 16;
/// How long one who asks may take over it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody is let in where the system has no socket left for one more.
const PAUSE: Duration = Duration::from_millis(100);

/// What is answered.
pub struct Page {
    /// The figures.
    pub text: String,
    /// Whether they will not change any more.
    pub is_final: bool,
}

/// Somebody who answers; see [`Server::end`].
pub struct Server {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Answers with `page` as it is then. `told` is told of each answer that was final and has been written.
    ///
    /// # Errors
    /// Where the system refuses a thread, or the socket.
    pub fn start(
        listener: TcpListener,
        page: impl Fn() -> Page + Send + 'static,
        told: SyncSender<()>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let work = move || attend(&runtime, &listener, page, &told, stopped);
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(work)?;
        Ok(Self { stop, thread })
    }

    /// Answers nobody any more.
    pub fn end(self) {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

fn attend(
    runtime: &Runtime,
    listener: &tokio::net::TcpListener,
    page: impl Fn() -> Page + 'static,
    told: &SyncSender<()>,
    stopped: oneshot::Receiver<()>,
) {
    // Where that is refused, it is as important as everybody else.
    let _ = rustix::process::nice(NICE);
    let (page, places) = (Rc::new(page), Arc::new(Semaphore::new(MOST_AT_ONCE)));
    let let_in = async {
        loop {
            // It is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            let (page, told) = (Rc::clone(&page), told.clone());
            tokio::task::spawn_local(async move {
                let answered_for_good = timeout(PATIENCE, answer(stream, &*page)).await.unwrap_or(false);
                if answered_for_good {
                    // Once is enough.
                    let _ = told.try_send(());
                }
                drop(place);
            });
        }
    };
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        tokio::select! {
            () = let_in => {}
            // It ends by being dropped.
            _ = stopped => {}
        }
    });
}

/// Answers one request, and closes the connection. Returns whether what was answered is final, and was written.
async fn answer(stream: TcpStream, page: &impl Fn() -> Page) -> bool {
    let is_final = Rc::new(Cell::new(false));
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer_to(&request, page, &is_final);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    connection.await.is_ok() && is_final.get()
}

fn answer_to(request: &Request<Incoming>, page: &impl Fn() -> Page, is_final: &Cell<bool>) -> Response<String> {
    let (status, content_type, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            let page = page();
            is_final.set(page.is_final);
            (StatusCode::OK, TEXT_FORMAT, page.text)
        }
        (&Method::HEAD, "/metrics") => (StatusCode::OK, TEXT_FORMAT, String::new()),
        (&Method::GET | &Method::HEAD, _) => {
            (StatusCode::NOT_FOUND, "text/plain", "the figures are at /metrics\n".to_owned())
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "figures are only read, by GET\n".to_owned()),
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, sync_channel};

    use super::*;

    /// A server whose figures are final when that is said.
    fn server() -> (Server, std::net::SocketAddr, &'static AtomicBool, Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let is_final: &AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
        let (tell, told) = sync_channel(1);
        let page = || Page { text: "up 1\n".to_owned(), is_final: is_final.load(Ordering::SeqCst) };
        (Server::start(listener, page, tell).unwrap(), address, is_final, told)
    }

    fn ask(address: std::net::SocketAddr, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn figures_are_had_by_get_and_nothing_else() {
        let (server, address, _, _told) = server();
        let get = ask(address, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(get.starts_with("HTTP/1.1 200 OK\r\n") && get.ends_with("\r\n\r\nup 1\n"), "{get}");
        assert!(get.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{get}");
        let head = ask(address, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(ask(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(ask(address, "POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
        assert!(ask(address, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
        server.end();
        assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
    }

    #[test]
    fn who_says_nothing_keeps_nobody_else_waiting() {
        let (server, address, _, _told) = server();
        let silent: Vec<_> = (1..MOST_AT_ONCE).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        assert!(ask(address, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("up 1\n"));
        server.end();
        drop(silent);
    }

    #[test]
    fn that_final_figures_were_had_is_told() {
        let (server, address, is_final, told) = server();
        let get = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        ask(address, get);
        is_final.store(true, Ordering::SeqCst);
        ask(address, "GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(told.try_recv().is_err(), "nobody has had the final figures");
        ask(address, get);
        told.recv().unwrap();
        server.end();
    }
}
