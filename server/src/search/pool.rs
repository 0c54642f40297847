//! The pool of threads for searches. Principals take turns, so that many searches of one user delay
//! only further ones of that user.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use cairn_store::env;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use tracing::error;

use crate::fairness::turns::Turns;
use crate::host::Blocking;
use crate::limits::{SEARCH_THREADS_MAX, SEARCHES_WAITING_MAX, SEARCHES_WAITING_PER_USER_MAX};
use crate::principal::Principal;

/// Threads are started when they are first needed.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    blocking: Blocking,
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Notified when something is queued, and when the pool closes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    turns: Turns<VecDeque<Box<dyn Work>>>,
    waiting: usize,
    /// Threads without work.
    idle: usize,
    is_closed: bool,
}

/// Why a search is not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRun {
    /// Too many are waiting.
    Full,
    /// The server stops, or has no thread.
    Closed,
}

/// Returns whether the result is no longer wanted.
pub(crate) type IsAbandoned<'a> = &'a dyn Fn() -> bool;

trait Work: Send {
    fn is_abandoned(&self) -> bool;

    fn run(self: Box<Self>);
}

impl std::fmt::Debug for dyn Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

struct Waiting<F, T> {
    work: F,
    waiter: oneshot::Sender<T>,
}

impl<F, T> Work for Waiting<F, T>
where
    F: FnOnce(IsAbandoned<'_>) -> T + Send,
    T: Send,
{
    fn is_abandoned(&self) -> bool {
        self.waiter.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self { work, waiter } = *self;
        let result = work(&|| waiter.is_closed());
        // The task may be gone.
        drop(waiter.send(result));
    }
}

impl Pool {
    /// Creates a pool, which is used unless work is done at once.
    pub(super) fn on(blocking: Blocking) -> Self {
        let mut pool = Self::default();
        pool.blocking = blocking;
        pool
    }

    /// Runs `work` on a thread of the pool, after what the principal queued before. Dropping the
    /// future abandons it.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        principal: Principal,
        work: impl FnOnce(IsAbandoned<'_>) -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        if self.blocking == Blocking::Inline {
            let work = self.blocking.run(|| work(&|| false));
            return work.await.map_err(|_| NotRun::Closed);
        }
        let (waiter, result) = oneshot::channel();
        let needs_thread = {
            let mut queue = self.shared.queue.lock();
            queue.put(principal, Box::new(Waiting { work, waiter }))?;
            queue.idle == 0
        };
        self.shared.changed.notify_one();
        if needs_thread {
            self.start_thread();
        }
        result.await.map_err(|_| NotRun::Closed)
    }

    /// Starts another thread, unless there are enough.
    fn start_thread(&self) {
        let mut threads = self.threads.lock();
        if threads.len() >= SEARCH_THREADS_MAX {
            return;
        }
        match start(self.shared.clone()) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                error!(%error, "cannot start a thread for searches");
                if threads.is_empty() {
                    self.shared.queue.lock().clear();
                }
            }
        }
    }

    /// Ends the threads. What they run is abandoned already, as no session is left.
    pub(crate) fn close(&self) {
        {
            let mut queue = self.shared.queue.lock();
            queue.is_closed = true;
            queue.clear();
        }
        self.shared.changed.notify_all();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                error!("a thread for searches panicked");
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn put(&mut self, principal: Principal, work: Box<dyn Work>) -> Result<(), NotRun> {
        if self.is_closed {
            return Err(NotRun::Closed);
        }
        let of_user = self.turns.get(principal).map_or(0, VecDeque::len);
        if self.waiting >= SEARCHES_WAITING_MAX || of_user >= SEARCHES_WAITING_PER_USER_MAX {
            return Err(NotRun::Full);
        }
        self.waiting += 1;
        self.turns.queue(principal).push_back(work);
        Ok(())
    }

    /// Takes the next search that is still wanted.
    fn take(&mut self) -> Option<Box<dyn Work>> {
        while let Some(work) = self.turns.turn(VecDeque::pop_front).flatten() {
            self.waiting -= 1;
            if !work.is_abandoned() {
                return Some(work);
            }
        }
        None
    }

    fn clear(&mut self) {
        self.turns = Turns::default();
        self.waiting = 0;
    }
}

fn start(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("search".to_owned());
    thread.spawn(move || {
        // Sends go first: a search can wait.
        env::yield_to_others();
        while let Some(work) = shared.next() {
            work.run();
        }
    })
}

impl Shared {
    /// Waits for the next search. `None` when the pool closes.
    fn next(&self) -> Option<Box<dyn Work>> {
        let mut queue = self.queue.lock();
        loop {
            if queue.is_closed {
                return None;
            }
            if let Some(work) = queue.take() {
                return Some(work);
            }
            queue.idle += 1;
            self.changed.wait(&mut queue);
            queue.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
