//! Spares: segment files that were zero-filled in advance or dropped, so that the sequencer waits
//! for neither.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::disk::Disk;
use crate::env::{Env, Sizes, Worker};
use crate::limits;

use super::segment::Spare;

/// Prepares spares in the background.
#[derive(Debug)]
pub(super) struct Preparer {
    shared: Arc<Shared>,
    worker: Worker,
}

#[derive(Debug)]
struct Shared {
    disk: Arc<dyn Disk>,
    sizes: Sizes,
    dir: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes of zeros written since the start.
    prepared_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    spares: Vec<Spare>,
    /// Segments to reuse or remove.
    dropped: VecDeque<PathBuf>,
    /// The least size of a requested spare.
    wanted_bytes: Option<u64>,
    working: bool,
    stop: bool,
    next_number: u64,
}

enum Job {
    Prepare { bytes: u64, number: u64 },
    Recycle { path: PathBuf, number: u64 },
}

impl Preparer {
    /// Starts without spares; new ones are numbered from `next_number`.
    pub(super) fn start(env: &Env, dir: &Path, next_number: u64) -> io::Result<Self> {
        let state = State {
            next_number,
            ..State::default()
        };
        let shared = Arc::new(Shared {
            disk: Arc::clone(&env.disk),
            sizes: env.sizes,
            dir: dir.to_owned(),
            state: Mutex::new(state),
            changed: Condvar::new(),
            prepared_bytes: AtomicU64::new(0),
        });
        let of_thread = Arc::clone(&shared);
        let worker = env
            .background
            .start("log-preparer", move || of_thread.run())?;
        Ok(Self { shared, worker })
    }

    /// Requests a spare of the usual size, without waiting.
    pub(super) fn want(&self) {
        let bytes = self.shared.sizes.segment_bytes;
        let mut state = self.shared.state.lock();
        if state.wanted_bytes.is_none_or(|wanted| wanted < bytes) && !state.has_spare(bytes) {
            state.wanted_bytes = Some(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// Turns segments into spares or removes them, without waiting.
    pub(super) fn recycle(&self, segments: impl IntoIterator<Item = PathBuf>) {
        self.shared.state.lock().dropped.extend(segments);
        self.shared.changed.notify_all();
    }

    /// Takes the largest spare. If none is ready, waits for one in preparation, or creates a small
    /// one.
    pub(super) fn take(&self) -> io::Result<Spare> {
        let mut state = self.shared.state.lock();
        loop {
            let largest = state
                .spares
                .iter()
                .enumerate()
                .max_by_key(|(_, spare)| spare.bytes)
                .map(|(at, _)| at);
            if let Some(at) = largest {
                return Ok(state.spares.swap_remove(at));
            }
            if !state.has_work() {
                break;
            }
            if self.worker.is_stepped() {
                MutexGuard::unlocked(&mut state, || self.shared.step());
            } else {
                self.shared.changed.wait(&mut state);
            }
        }
        let number = state.take_number();
        drop(state);
        self.shared
            .create(self.shared.sizes.segment_bytes_small, number)
    }

    /// Does the next piece of queued work. Returns whether there was any.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn step(&self) -> bool {
        self.shared.step()
    }

    pub(super) fn prepared_bytes(&self) -> u64 {
        self.shared.prepared_bytes.load(Ordering::Relaxed)
    }

    /// Does the queued work, and returns the spares.
    pub(super) fn stop(mut self) -> Vec<Spare> {
        while self.worker.is_stepped() && self.shared.step() {}
        self.join();
        std::mem::take(&mut self.shared.state.lock().spares)
    }

    fn join(&mut self) {
        {
            let mut state = self.shared.state.lock();
            state.stop = true;
            state.wanted_bytes = None;
        }
        self.shared.changed.notify_all();
        self.worker.join();
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.join();
    }
}

impl State {
    fn has_spare(&self, bytes: u64) -> bool {
        self.spares.iter().any(|spare| spare.bytes >= bytes)
    }

    fn has_work(&self) -> bool {
        self.working || self.wanted_bytes.is_some() || !self.dropped.is_empty()
    }

    fn take_number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    fn next_job(&mut self) -> Option<Job> {
        if self.dropped.is_empty() && self.wanted_bytes.is_none() {
            return None;
        }
        self.working = true;
        let number = self.take_number();
        match self.dropped.pop_front() {
            Some(path) => Some(Job::Recycle { path, number }),
            None => self
                .wanted_bytes
                .take()
                .map(|bytes| Job::Prepare { bytes, number }),
        }
    }

    /// Adds a spare. Returns one to remove: the smallest of too many, or a truncated one.
    fn add(&mut self, spare: Spare, sizes: Sizes) -> Option<Spare> {
        if spare.bytes < sizes.segment_bytes_small {
            return Some(spare);
        }
        self.spares.push(spare);
        if self.spares.len() <= limits::SPARE_SEGMENTS_MAX {
            return None;
        }
        let smallest = self
            .spares
            .iter()
            .enumerate()
            .min_by_key(|(_, spare)| spare.bytes)
            .map(|(at, _)| at)?;
        Some(self.spares.swap_remove(smallest))
    }
}

impl Shared {
    fn run(&self) {
        while let Some(job) = self.wait() {
            self.work(job);
        }
    }

    fn step(&self) -> bool {
        let job = self.state.lock().next_job();
        let is_some = job.is_some();
        if let Some(job) = job {
            self.work(job);
        }
        is_some
    }

    /// A failure only costs a spare: the sequencer creates its own, and gets the error if it lasts.
    fn work(&self, job: Job) {
        let made = match job {
            Job::Prepare { bytes, number } => self.create(bytes, number),
            Job::Recycle { path, number } => self.rename(&path, number),
        };
        let mut state = self.state.lock();
        state.working = false;
        let surplus = match made {
            Ok(spare) => state.add(spare, self.sizes),
            Err(error) => {
                let dir = self.dir.display();
                tracing::warn!(%error, %dir, "cannot prepare a log segment");
                None
            }
        };
        drop(state);
        self.changed.notify_all();
        if let Some(Err(error)) = surplus.map(|spare| spare.remove(self.disk.as_ref())) {
            tracing::warn!(%error, dir = %self.dir.display(), "cannot remove a log segment");
        }
    }

    fn wait(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.next_job() {
                return Some(job);
            }
            if state.stop {
                return None;
            }
            self.changed.wait(&mut state);
        }
    }

    fn create(&self, bytes: u64, number: u64) -> io::Result<Spare> {
        let path = Spare::path(&self.dir, number);
        Spare::create(self.disk.as_ref(), path, bytes, &self.prepared_bytes)
    }

    /// The old name must be durably gone before the spare gets another header. Otherwise a crash
    /// could leave the one with the other.
    fn rename(&self, path: &Path, number: u64) -> io::Result<Spare> {
        let spare = Spare::path(&self.dir, number);
        self.disk.rename(path, &spare)?;
        self.disk.sync_dir(&self.dir)?;
        Spare::adopt(self.disk.as_ref(), spare)
    }
}
