//! monoio: for kernels that do not grant a ring of our own. The same turns, carried out by tasks: one that opens a
//! connection and then receives, and one that sends.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use monoio::io::{AsyncReadRent, AsyncWriteRentExt, Splitable};
use monoio::net::TcpStream;
use monoio::net::tcp::TcpOwnedWriteHalf;
use monoio::time::TimeDriver;
use monoio::{IoUringDriver, LegacyDriver, RuntimeBuilder};
use runlog::outcome::Failure;
use runlog::units::Nanos;
use rustix::io::Errno;

use super::names::{Found, Names};
use super::socket::socket_for;
use super::{Action, Driver, Event, Line, Outgoing, Wait, Wire, connect_failure};
use crate::address::Way;
use crate::clock::Clock;
use crate::plan::target::Name;

/// What is received into; one for each connection at a time.
const BUFFER_BYTES: usize = 16 << 10;
/// Submissions that fit into the ring at once.
const SUBMISSIONS: u32 = 1024;
/// The runtime's timer counts milliseconds: longer sleeps than this are taken in several.
const NAP: Nanos = Nanos::from_millis(1);

/// A wire on monoio.
pub struct Runtime {
    tasks: Flavour,
    news: Rc<News>,
    connections: Vec<Option<Rc<Link>>>,
    /// Those that have their buffer back and do not know it yet: tasks can be woken from within the runtime only.
    heard: Vec<Rc<Link>>,
}

enum Flavour {
    Ring(monoio::Runtime<TimeDriver<IoUringDriver>>),
    Epoll(monoio::Runtime<TimeDriver<LegacyDriver>>),
}

/// What the tasks have to tell.
#[derive(Default)]
struct News {
    items: RefCell<VecDeque<(Rc<Link>, Item)>>,
    /// Whoever looks up names, once one has been asked for.
    names: OnceCell<Option<Names>>,
    /// Names that could not even be asked for.
    unanswered: Cell<usize>,
    /// Whoever waits for news.
    waker: RefCell<Option<Waker>>,
}

enum Item {
    Opened(Result<(), Failure>),
    Sent(Vec<u8>),
    Received(Vec<u8>),
    Ended(Failure),
}

/// What a connection's tasks and the wire share.
struct Link {
    line: Line,
    closed: Cell<bool>,
    outgoing: RefCell<VecDeque<Outgoing>>,
    /// Where what comes is put; not there while the kernel or the worker has it.
    buffer: RefCell<Option<Vec<u8>>>,
    /// The tasks, woken when any of the above has changed.
    wakers: RefCell<Vec<Waker>>,
}

impl Runtime {
    /// A runtime for at most so many connections, for the thread that makes it.
    ///
    /// # Errors
    /// Where the kernel does not grant it.
    pub fn new(driver: Driver, connections: u32) -> io::Result<Self> {
        let ring = |builder: io_uring::Builder| {
            let runtime = RuntimeBuilder::<IoUringDriver>::new().uring_builder(builder).with_entries(SUBMISSIONS);
            runtime.enable_timer().build().map(Flavour::Ring)
        };
        let tasks = match driver {
            Driver::Ring | Driver::CoopRing => {
                let mut builder = io_uring::IoUring::builder();
                builder.setup_coop_taskrun();
                ring(builder)?
            }
            Driver::PlainRing => ring(io_uring::IoUring::builder())?,
            Driver::Epoll => Flavour::Epoll(RuntimeBuilder::<LegacyDriver>::new().enable_timer().build()?),
        };
        let connections = (0..connections).map(|_| None).collect();
        Ok(Self { tasks, news: Rc::new(News::default()), connections, heard: Vec::new() })
    }

    fn block_on<F: Future>(&mut self, future: F) -> F::Output {
        match &mut self.tasks {
            Flavour::Ring(runtime) => runtime.block_on(future),
            Flavour::Epoll(runtime) => runtime.block_on(future),
        }
    }
}

impl Wire for Runtime {
    fn turn(&mut self, actions: &mut Vec<Action>, wait: Wait, clock: Clock) -> Nanos {
        let actions = std::mem::take(actions);
        let news = Rc::clone(&self.news);
        let heard = std::mem::take(&mut self.heard);
        let mut connections = std::mem::take(&mut self.connections);
        let (connections, spun) = self.block_on(async move {
            for link in heard {
                link.wake();
            }
            for action in actions {
                carry_out(action, &mut connections, &news);
            }
            (connections, news.wait(wait, clock).await)
        });
        self.connections = connections;
        spun
    }

    fn reap(&mut self, mut hear: impl FnMut(Event<'_>)) {
        while let Some(addresses) = self.news.next_name() {
            hear(Event::LookedUp { addresses });
        }
        loop {
            let Some((link, item)) = self.news.items.borrow_mut().pop_front() else { return };
            if link.closed.get() {
                continue;
            }
            let line = link.line;
            match item {
                Item::Opened(result) => hear(Event::Opened { line, result }),
                Item::Sent(buffer) => hear(Event::Sent { line, buffer }),
                Item::Ended(failure) => hear(Event::Ended { line, failure }),
                Item::Received(buffer) => {
                    hear(Event::Received { line, bytes: &buffer });
                    *link.buffer.borrow_mut() = Some(buffer);
                    self.heard.push(link);
                }
            }
        }
    }
}

fn carry_out(action: Action, connections: &mut [Option<Rc<Link>>], news: &Rc<News>) {
    match action {
        Action::LookUp { name } => news.look_up(name),
        Action::Open { line, way } => {
            let link = Rc::new(Link {
                line,
                closed: Cell::new(false),
                outgoing: RefCell::default(),
                buffer: RefCell::new(Some(Vec::with_capacity(BUFFER_BYTES))),
                wakers: RefCell::default(),
            });
            connections[line.0 as usize] = Some(Rc::clone(&link));
            monoio::spawn(carry(link, way, Rc::clone(news)));
        }
        Action::Send { line, outgoing } => {
            if let Some(link) = &connections[line.0 as usize] {
                link.outgoing.borrow_mut().push_back(outgoing);
                link.wake();
            }
        }
        Action::Close { line } => {
            if let Some(link) = connections[line.0 as usize].take() {
                link.closed.set(true);
                link.wake();
            }
        }
    }
}

/// Opens a connection and tells what comes over it, for as long as it lasts.
async fn carry(link: Rc<Link>, way: Way, news: Rc<News>) {
    let Some(opened) = link.unless_closed(connect(way)).await else { return };
    let stream = match opened {
        Ok(stream) => stream,
        Err(errno) => return news.tell(&link, Item::Opened(Err(connect_failure(errno)))),
    };
    let (mut incoming, outgoing) = stream.into_split();
    news.tell(&link, Item::Opened(Ok(())));
    monoio::spawn(send_all(Rc::clone(&link), outgoing, Rc::clone(&news)));
    while let Some(buffer) = link.until(|| link.buffer.borrow_mut().take()).await {
        let Some((result, buffer)) = link.unless_closed(incoming.read(buffer)).await else { return };
        match result {
            Ok(0) => return news.tell(&link, Item::Ended(Failure::Closed)),
            Ok(_) => news.tell(&link, Item::Received(buffer)),
            Err(_) => return news.tell(&link, Item::Ended(Failure::Reset)),
        }
    }
}

/// A stream over any socket: a Unix socket reads and writes like another.
async fn connect(way: Way) -> Result<TcpStream, Errno> {
    let said = |error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    let socket = socket_for(way)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    let address = way.to.for_kernel()?;
    let connecting = match rustix::net::connect(&socket, &address) {
        Ok(()) => false,
        Err(Errno::INPROGRESS) => true,
        Err(errno) => return Err(errno),
    };
    let witness = socket.try_clone().map_err(said)?;
    let stream = TcpStream::from_std(socket.into()).map_err(said)?;
    if connecting {
        stream.writable(false).await.map_err(said)?;
        rustix::net::sockopt::socket_error(&witness)??;
    }
    Ok(stream)
}

/// Sends what there is to send, in order.
async fn send_all(link: Rc<Link>, mut stream: TcpOwnedWriteHalf, news: Rc<News>) {
    while let Some(piece) = link.until(|| link.outgoing.borrow_mut().pop_front()).await {
        let sent = match piece {
            Outgoing::Prepared(bytes) => link.unless_closed(stream.write_all(bytes)).await.map(|(sent, _)| sent),
            Outgoing::Streamed(bytes) => link
                .unless_closed(stream.write_all(bytes))
                .await
                .map(|(sent, _)| sent.inspect(|_| news.tell(&link, Item::Sent(Vec::new())))),
            Outgoing::Composed(bytes) => link
                .unless_closed(stream.write_all(bytes))
                .await
                .map(|(sent, buffer)| sent.inspect(|_| news.tell(&link, Item::Sent(buffer)))),
        };
        match sent {
            Some(Ok(_)) => {}
            Some(Err(_)) => return news.tell(&link, Item::Ended(Failure::Reset)),
            None => return,
        }
    }
}

impl Link {
    fn wake(&self) {
        self.wakers.borrow_mut().drain(..).for_each(Waker::wake);
    }

    /// Waits for a future; `None` where the connection is closed before.
    async fn unless_closed<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            _ if self.closed.get() => Poll::Ready(None),
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.wait(cx),
        })
        .await
    }

    /// Waits until there is something; `None` where the connection is closed before.
    async fn until<T>(&self, mut something: impl FnMut() -> Option<T>) -> Option<T> {
        poll_fn(|cx| match something() {
            _ if self.closed.get() => Poll::Ready(None),
            Some(thing) => Poll::Ready(Some(thing)),
            None => self.wait(cx),
        })
        .await
    }

    fn wait<T>(&self, cx: &Context<'_>) -> Poll<T> {
        let mut wakers = self.wakers.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl News {
    fn tell(&self, link: &Rc<Link>, item: Item) {
        self.items.borrow_mut().push_back((Rc::clone(link), item));
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Waits until there are news, at the longest as told. Returns how much of it was spent awake.
    async fn wait(&self, wait: Wait, clock: Clock) -> Nanos {
        let began = clock.now();
        let until = match wait {
            Wait::Asleep(span) => began.after(span),
            Wait::Awake(until) => until,
        };
        // The tasks get a turn even where there is no time to wait.
        yield_once().await;
        while self.items.borrow().is_empty() && !self.has_names() && clock.now() < until {
            match wait {
                Wait::Awake(_) => yield_once().await,
                Wait::Asleep(_) => self.nap(until.since(clock.now()).min(NAP)).await,
            }
        }
        if matches!(wait, Wait::Awake(_)) { clock.now().since(began) } else { Nanos::ZERO }
    }

    /// Has a name looked up. Whoever cannot be asked has not found it.
    fn look_up(&self, name: &'static Name) {
        match self.names.get_or_init(|| Names::start().ok()) {
            Some(names) => names.ask(name),
            None => self.unanswered.set(self.unanswered.get() + 1),
        }
    }

    /// The next name that has been looked up, or could not be.
    fn next_name(&self) -> Option<Found> {
        if let Some(left) = self.unanswered.get().checked_sub(1) {
            self.unanswered.set(left);
            return Some(None);
        }
        self.names.get()?.as_ref()?.next()
    }

    fn has_names(&self) -> bool {
        let has_rung = |names: &Names| rustix::io::ioctl_fionread(names.bell()).is_ok_and(|bytes| bytes > 0);
        self.unanswered.get() > 0 || self.names.get().and_then(Option::as_ref).is_some_and(has_rung)
    }

    /// Sleeps for so long, or until there are news.
    async fn nap(&self, span: Nanos) {
        let mut sleep = pin!(monoio::time::sleep(span.into()));
        poll_fn(|cx| {
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            if self.items.borrow().is_empty() { sleep.as_mut().poll(cx) } else { Poll::Ready(()) }
        })
        .await;
    }
}

/// Lets every task have its turn, and the sockets too. monoio puts a task that wakes itself in front of all others; one
/// that waits for a new one comes behind them.
async fn yield_once() {
    monoio::spawn(async {}).await;
}
