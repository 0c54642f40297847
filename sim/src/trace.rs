//! The trace of a run: a hash of everything that happened, and, if wanted, the lines.

use std::fmt::Arguments;

use parking_lot::Mutex;
use tokio::time::{Duration, Instant};
use xxhash_rust::xxh3::Xxh3;

#[derive(Debug)]
pub(crate) struct Trace(Mutex<Inner>);

struct Inner {
    hash: Xxh3,
    lines: Option<Vec<String>>,
    began: Instant,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trace")
    }
}

impl Trace {
    pub(crate) fn new(keeps_lines: bool) -> Self {
        Self(Mutex::new(Inner {
            hash: Xxh3::new(),
            lines: keeps_lines.then(Vec::new),
            began: Instant::now(),
        }))
    }

    /// Returns the time since the beginning of the run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.lock().began.elapsed()
    }

    pub(crate) fn note(&self, who: &str, what: Arguments<'_>) {
        let inner = &mut *self.0.lock();
        let ms = inner.began.elapsed().as_micros() as f64 / 1_000.0;
        let line = format!("{ms:>12.3}  {who:<12} {what}");
        inner.hash.update(line.as_bytes());
        if let Some(lines) = &mut inner.lines {
            lines.push(line);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.0.lock().hash.digest()
    }

    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.0.lock().lines.take().unwrap_or_default()
    }
}
