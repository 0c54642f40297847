//! Counters of the engine. The commit log and the checkpoint thread have their own.

use std::time::Duration;

use cairn_proto::wire::metrics::{ClockMetrics, DeskMetrics, Histogram, Metrics, SearchMetrics};

use crate::checkpoint::Checkpointer;
use crate::commit_log::LogCounters;
use crate::env::Clock;

#[derive(Debug)]
pub(crate) struct Meter {
    clock: Clock,
    since: Duration,
    commands: u64,
    commits: u64,
    entries: u64,
}

impl Meter {
    pub(crate) fn start(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            since: clock.now(),
            commands: 0,
            commits: 0,
            entries: 0,
        }
    }

    /// Counts a command.
    pub(crate) const fn command(&mut self) {
        self.commands += 1;
    }

    /// Counts a commit with this many entries.
    pub(crate) const fn commit(&mut self, entries: usize) {
        self.commits += 1;
        self.entries += entries as u64;
    }

    pub(crate) fn metrics(
        &self,
        log: LogCounters,
        checkpointer: &Checkpointer,
        time: &cairn_core::clock::Clock,
    ) -> Metrics {
        let uptime = self.clock.since(self.since);
        Metrics {
            uptime_micros: u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX),
            // The server fills this in.
            sessions: 0,
            commands: self.commands,
            commits: self.commits,
            entries: self.entries,
            log_bytes: log.written_bytes,
            prepared_bytes: log.prepared_bytes,
            syncs: log.syncs,
            checkpoints: checkpointer.metrics(),
            clock: ClockMetrics {
                time_ms: time.time().get(),
                system_ms: time.system().get(),
                has_jumped: time.has_jumped(),
            },
            // And these.
            waits: Histogram::default(),
            delayed: 0,
            too_fast: 0,
            searches: SearchMetrics::default(),
            // The engine fills this in.
            desk: DeskMetrics::default(),
        }
    }
}
