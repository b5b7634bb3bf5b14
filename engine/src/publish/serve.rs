//! Answers to those who ask for figures.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use prometheus::TEXT_FORMAT;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

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

/// Answers with `page` as it is then, for as long as this is polled, in a `LocalSet`. `told` is told of each answer that was final
/// and has been written.
pub async fn serve(listener: TcpListener, page: impl Fn() -> Page + 'static, told: SyncSender<()>) {
    let (page, places) = (Rc::new(page), Arc::new(Semaphore::new(MOST_AT_ONCE)));
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let (page, told) = (Rc::clone(&page), told.clone());
        spawn_local(async move {
            if timeout(PATIENCE, answer(stream, &*page)).await.unwrap_or(false) {
                // Once is enough.
                let _ = told.try_send(());
            }
            drop(place);
        });
    }
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
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, sync_channel};

    use tokio::runtime::Builder;
    use tokio::sync::oneshot;
    use tokio::task::LocalSet;

    use super::*;

    /// A server on a thread of its own, for as long as it is kept.
    struct Server {
        address: SocketAddr,
        is_final: &'static AtomicBool,
        told: Receiver<()>,
        stop: oneshot::Sender<()>,
        thread: std::thread::JoinHandle<()>,
    }

    impl Server {
        fn start() -> Self {
            let is_final: &AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
            let (tell, told) = sync_channel(1);
            let (stop, stopped) = oneshot::channel();
            let (say, address) = sync_channel(1);
            let page = || Page { text: "up 1\n".to_owned(), is_final: is_final.load(Ordering::SeqCst) };
            let thread = std::thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                LocalSet::new().block_on(&runtime, async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    say.send(listener.local_addr().unwrap()).unwrap();
                    spawn_local(serve(listener, page, tell));
                    let _ = stopped.await;
                });
            });
            Self { address: address.recv().unwrap(), is_final, told, stop, thread }
        }

        fn end(self) {
            drop(self.stop);
            self.thread.join().unwrap();
        }
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn figures_are_had_by_get_and_nothing_else() {
        let server = Server::start();
        let address = server.address;
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
        let server = Server::start();
        let address = server.address;
        let silent: Vec<_> = (1..MOST_AT_ONCE).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        assert!(ask(address, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("up 1\n"));
        server.end();
        drop(silent);
    }

    #[test]
    fn that_final_figures_were_had_is_told() {
        let server = Server::start();
        let address = server.address;
        let get = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        ask(address, get);
        server.is_final.store(true, Ordering::SeqCst);
        ask(address, "GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(server.told.try_recv().is_err(), "nobody has had the final figures");
        ask(address, get);
        server.told.recv().unwrap();
        server.end();
    }
}
