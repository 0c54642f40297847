//! How the server worked while a run counted: the difference between what it told its owner at the beginning and at the end.

use std::fmt;

use cairn_client::proto::wire::metrics::{Histogram, Metrics};
use serde::Serialize;

use crate::report::{Figure, grouped};

/// What a server told at one moment.
#[derive(Clone, Debug)]
pub struct Reading {
    pub figures: Metrics,
    /// What its process has written to files, where the system tells.
    pub written_bytes: Option<u64>,
}

/// How the server worked. `null` where it does not tell: it tells its owner alone.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Workings {
    messages_per_commit: Option<f64>,
    fdatasync_per_s: Option<f64>,
    fdatasync_ms: Option<SyncMillis>,
    log_bytes_per_message: Option<f64>,
    sled_bytes_per_message: Option<f64>,
}

/// How long one fdatasync took, in milliseconds: half of them took at most `p50`, 99 of a hundred `p99`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SyncMillis {
    p50: f64,
    p99: f64,
}

impl SyncMillis {
    /// `None` when there was none.
    pub fn of(syncs: &Histogram) -> Option<Self> {
        let millis = |share| {
            syncs
                .quantile(share)
                .map(|time| time.as_micros() as f64 / 1_000.0)
        };
        Some(Self {
            p50: millis(0.5)?,
            p99: millis(0.99)?,
        })
    }
}

impl fmt::Display for SyncMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.2}  p99 {:.2} ms", self.p50, self.p99)
    }
}

impl Workings {
    /// What was done between two readings.
    pub fn between(began: Option<&Reading>, ended: Option<&Reading>) -> Self {
        let Some((began, ended)) = began.zip(ended) else {
            return Self::default();
        };
        let Some(done) = ended.figures.since(&began.figures) else {
            return Self::default();
        };
        let each = |amount: u64, of: u64| (of > 0).then(|| amount as f64 / of as f64);
        let seconds = done.uptime().as_secs_f64();
        // Whatever the server's process writes that is not its log goes to sled.
        let to_log = done.log_bytes + done.prepared_bytes;
        let written = ended
            .written_bytes
            .zip(began.written_bytes)
            .map(|(ended, began)| ended.saturating_sub(began));
        let to_sled = written.map(|written| written.saturating_sub(to_log));
        Self {
            messages_per_commit: each(done.entries, done.commits),
            fdatasync_per_s: (seconds > 0.0).then(|| done.syncs.total() as f64 / seconds),
            fdatasync_ms: SyncMillis::of(&done.syncs),
            log_bytes_per_message: each(done.log_bytes, done.entries),
            sled_bytes_per_message: to_sled.and_then(|bytes| each(bytes, done.checkpoints.entries)),
        }
    }

    /// What was measured of it, for people.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let bytes = |bytes: f64| format!("{} B", grouped(bytes));
        let rows = [
            (
                "batch",
                self.messages_per_commit
                    .map(|messages| format!("{messages:.1}")),
                "messages that share one commit, which is one write and one fdatasync",
            ),
            (
                "fdatasyncs",
                self.fdatasync_per_s
                    .map(|rate| format!("{} /s", grouped(rate))),
                "by commits; checkpoints make a few of their own",
            ),
            (
                "fdatasync",
                self.fdatasync_ms.map(|millis| millis.to_string()),
                "how long the disk took to make one commit durable",
            ),
            (
                "log each",
                self.log_bytes_per_message.map(bytes),
                "bytes of the commit log for each message, with the send cursor it moves",
            ),
            (
                "sled each",
                self.sled_bytes_per_message.map(bytes),
                "bytes written to sled for each message that moved there; rough unless there were several checkpoints",
            ),
        ];
        rows.into_iter()
            .filter_map(|(name, value, meaning)| Some(Figure::new(name, value?, meaning)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_client::proto::wire::metrics::{Bucket, CheckpointMetrics};

    fn reading(written_bytes: Option<u64>, times: u64) -> Reading {
        let syncs = [(500, 3), (4_000, 1)].map(|(up_to_micros, count)| Bucket {
            up_to_micros,
            count: count * times,
        });
        let figures = Metrics {
            uptime_micros: 2_000_000 * times,
            commits: 4 * times,
            entries: 100 * times,
            log_bytes: 20_000 * times,
            prepared_bytes: 64_000 * times,
            syncs: Histogram::from_iter(syncs),
            checkpoints: CheckpointMetrics {
                entries: 50 * times,
                ..CheckpointMetrics::default()
            },
            ..Metrics::default()
        };
        Reading {
            figures,
            written_bytes,
        }
    }

    #[test]
    fn what_was_done_lies_between_the_readings() {
        let (began, ended) = (reading(Some(1_000_000), 3), reading(Some(1_100_000), 4));
        let json = serde_json::to_value(Workings::between(Some(&began), Some(&ended))).unwrap();
        let expected = serde_json::json!({
            "messages_per_commit": 25.0,
            "fdatasync_per_s": 2.0,
            "fdatasync_ms": { "p50": 0.5, "p99": 4.0 },
            "log_bytes_per_message": 200.0,
            "sled_bytes_per_message": 320.0,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_nobody_tells_is_null() {
        let (began, ended) = (reading(None, 3), reading(Some(7), 4));
        let found = Workings::between(Some(&began), Some(&ended));
        assert_eq!(
            (found.messages_per_commit, found.sled_bytes_per_message),
            (Some(25.0), None)
        );
        let nothing = [
            Workings::between(None, Some(&ended)),
            Workings::between(Some(&ended), Some(&began)),
        ];
        for found in nothing {
            assert!(
                serde_json::to_value(found)
                    .unwrap()
                    .as_object()
                    .unwrap()
                    .values()
                    .all(serde_json::Value::is_null)
            );
            assert_eq!(found.figures().count(), 0);
        }
    }
}
