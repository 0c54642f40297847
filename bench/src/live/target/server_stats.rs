//! Work of the server during the count: the difference between two readings of its metrics.

use cairn_client::proto::wire::metrics::Metrics;
use serde_json::json;

use crate::results::{Results, Unit, list};

#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) metrics: Metrics,
    pub(crate) written_bytes: Option<u64>,
}

impl Reading {
    /// `None` unless both readings exist: only the owner may read metrics.
    pub(crate) fn between(began: Option<Self>, ended: Option<Self>) -> Option<Self> {
        let (began, ended) = began.zip(ended)?;
        let written = ended.written_bytes.zip(began.written_bytes);
        Some(Self {
            metrics: ended.metrics.since(&began.metrics)?,
            written_bytes: written.map(|(now, then)| now.saturating_sub(then)),
        })
    }

    pub(crate) fn list(done: Option<&Self>, results: &mut Results) {
        let each = |amount: u64, of: u64| (of > 0).then(|| amount as f64 / of as f64);
        let metrics = done.map(|done| &done.metrics);
        let syncs_per_s = metrics.and_then(|done| {
            let seconds = done.uptime().as_secs_f64();
            (seconds > 0.0).then(|| done.syncs.total() as f64 / seconds)
        });
        let millis = |share| Some(metrics?.syncs.quantile(share)?.as_micros() as f64 / 1e3);
        let syncs = millis(0.5).zip(millis(0.99));
        // Everything that the process writes outside its log goes to sled.
        let to_sled = done.and_then(|done| {
            let to_log = done.metrics.log_bytes + done.metrics.prepared_bytes;
            let to_sled = done.written_bytes?.saturating_sub(to_log);
            each(to_sled, done.metrics.checkpoints.entries)
        });
        let batch = metrics.and_then(|done| each(done.entries, done.commits));
        let log_each = metrics.and_then(|done| each(done.log_bytes, done.entries));
        list! { results;
            "messages_per_commit": batch, Unit::new(1, ""),
                "batch" => "messages that share one commit, which is one write and one fdatasync";
            "fdatasync_per_s": syncs_per_s, Unit::PER_S,
                "fdatasyncs" => "by commits; checkpoints make a few of their own";
            "fdatasync_ms": syncs.map(|(p50, p99)| json!({ "p50": p50, "p99": p99 })), Unit::MILLIS,
                "fdatasync" => "how long the disk took to make one commit durable";
            "log_bytes_per_message": log_each, Unit::new(0, " B"),
                "log each" =>
                    "bytes of the commit log for each message, with the send cursor it moves";
            "sled_bytes_per_message": to_sled, Unit::new(0, " B"),
                "sled each" => "bytes written to sled for each message that moved there; \
                                rough unless there were several checkpoints";
        }
    }
}
