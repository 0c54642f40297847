//! How the server worked while a run counted: the difference between two readings of its metrics.

use cairn_client::proto::wire::metrics::Metrics;
use serde::Serialize;

use crate::results::{Results, Unit, list};

#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) metrics: Metrics,
    /// What the server's process has written to files.
    pub(crate) written_bytes: Option<u64>,
}

/// `None` where the server does not say: only its owner may read metrics.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerStats {
    pub(crate) messages_per_commit: Option<f64>,
    fdatasync_per_s: Option<f64>,
    fdatasync_ms: Option<SyncMillis>,
    log_bytes_per_message: Option<f64>,
    pub(crate) sled_bytes_per_message: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct SyncMillis {
    p50: f64,
    p99: f64,
}

impl ServerStats {
    pub(crate) fn between(began: Option<Reading>, ended: Option<Reading>) -> Self {
        let since = |(began, ended)| Self::since(&began, &ended);
        began.zip(ended).and_then(since).unwrap_or_default()
    }

    fn since(began: &Reading, ended: &Reading) -> Option<Self> {
        let done = ended.metrics.since(&began.metrics)?;
        let each = |amount: u64, of: u64| (of > 0).then(|| amount as f64 / of as f64);
        let seconds = done.uptime().as_secs_f64();
        let written = ended.written_bytes.zip(began.written_bytes);
        // What the process writes that is not its log goes to sled.
        let to_log = done.log_bytes + done.prepared_bytes;
        let to_sled = written.map(|(now, then)| now.saturating_sub(then).saturating_sub(to_log));
        let millis = |share| Some(done.syncs.quantile(share)?.as_micros() as f64 / 1e3);
        let syncs = millis(0.5).zip(millis(0.99));
        Some(Self {
            messages_per_commit: each(done.entries, done.commits),
            fdatasync_per_s: (seconds > 0.0).then(|| done.syncs.total() as f64 / seconds),
            fdatasync_ms: syncs.map(|(p50, p99)| SyncMillis { p50, p99 }),
            log_bytes_per_message: each(done.log_bytes, done.entries),
            sled_bytes_per_message: to_sled.and_then(|bytes| each(bytes, done.checkpoints.entries)),
        })
    }

    pub(crate) fn list(self, results: &mut Results) {
        list! { results;
            "messages_per_commit": self.messages_per_commit, Unit::new(1, ""),
                "batch" => "messages that share one commit, which is one write and one fdatasync";
            "fdatasync_per_s": self.fdatasync_per_s, Unit::PER_S,
                "fdatasyncs" => "by commits; checkpoints make a few of their own";
            "fdatasync_ms": self.fdatasync_ms, Unit::MILLIS,
                "fdatasync" => "how long the disk took to make one commit durable";
            "log_bytes_per_message": self.log_bytes_per_message, Unit::new(0, " B"), "log each" =>
                "bytes of the commit log for each message, with the send cursor it moves";
            "sled_bytes_per_message": self.sled_bytes_per_message, Unit::new(0, " B"),
                "sled each" => "bytes written to sled for each message that moved there; \
                                rough unless there were several checkpoints";
        }
    }
}
