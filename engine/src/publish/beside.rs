//! The thread beside the load: who asks is answered, and those who want figures sent are sent them.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};

use super::push::Push;
use super::{Shared, serve};

/// How much less than others the thread insists on a processor: where one is free, that is nothing.
const NICE: i32 = 10;

/// Those who publish, at work.
pub struct Beside {
    end: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Beside {
    /// Sets them to work. `scraped` is told of each answer that was final and has been written.
    ///
    /// # Errors
    /// Where the system refuses a thread, or the socket.
    pub fn start(
        shared: &Arc<Shared>,
        listener: Option<TcpListener>,
        scraped: SyncSender<()>,
        pushes: &Arc<[Push]>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
        let listener = {
            let _entered = runtime.enter();
            listener.map(tokio::net::TcpListener::from_std).transpose()?
        };
        let (end, ended) = watch::channel(false);
        let (shared, pushes) = (Arc::clone(shared), Arc::clone(pushes));
        let work = move || attend(runtime, shared, listener, scraped, &pushes, ended);
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(work)?;
        Ok(Self { end, thread })
    }

    /// Answers nobody any more, and has the figures sent once more.
    pub fn end(self) {
        self.end.send_replace(true);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

fn attend(
    runtime: Runtime,
    shared: Arc<Shared>,
    listener: Option<tokio::net::TcpListener>,
    scraped: SyncSender<()>,
    pushes: &Arc<[Push]>,
    mut ended: watch::Receiver<bool>,
) {
    // Where that is refused, it is as important as everybody else.
    let _ = rustix::process::nice(NICE);
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let pushing: Vec<_> = (0..pushes.len())
            .map(|place| {
                let (pushes, shared, ended) = (Arc::clone(pushes), Arc::clone(&shared), ended.clone());
                spawn_local(async move { pushes[place].attend(&shared, ended).await })
            })
            .collect();
        if let Some(listener) = listener {
            spawn_local(serve::serve(listener, move || shared.page(), scraped));
        }
        // Whoever would tell has gone: it is over.
        let _ = ended.wait_for(|is_end| *is_end).await;
        for push in pushing {
            let _ = push.await;
        }
    });
    // Who is being answered is left.
    drop(tasks);
    // A look-up of a name that is under way is not waited for.
    runtime.shutdown_background();
}
