//! What the engine itself has done since it was opened. The commit log and the checkpoint thread
//! count what they do.

use std::time::Instant;

use cairn_proto::wire::metrics::Metrics;

use crate::checkpoint::Checkpointer;
use crate::commit_log::CommitLog;

/// The counters of one engine.
#[derive(Debug)]
pub(crate) struct Meter {
    since: Instant,
    commands: u64,
    commits: u64,
    entries: u64,
}

impl Meter {
    /// Counts from now on.
    pub(crate) fn start() -> Self {
        Self {
            since: Instant::now(),
            commands: 0,
            commits: 0,
            entries: 0,
        }
    }

    /// A command comes.
    pub(crate) const fn command(&mut self) {
        self.commands += 1;
    }

    /// A batch with so many entries is durable.
    pub(crate) const fn commit(&mut self, entries: usize) {
        self.commits += 1;
        self.entries += entries as u64;
    }

    /// All of it together.
    pub(crate) fn metrics(&self, log: &CommitLog, checkpointer: &Checkpointer) -> Metrics {
        Metrics {
            uptime_micros: u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX),
            // The store knows of none.
            sessions: 0,
            commands: self.commands,
            commits: self.commits,
            entries: self.entries,
            log_bytes: log.written_bytes(),
            prepared_bytes: log.prepared_bytes(),
            syncs: log.sync_times(),
            checkpoints: checkpointer.metrics(),
        }
    }
}
