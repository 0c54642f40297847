//! Metrics of a running server, for its owner.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::wire::codec;

/// A server's counters since its start. All but `sessions`, `clock` and most of `desk` are
/// monotonic; to measure an interval, read twice and take the difference with [`Metrics::since`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Uptime in microseconds.
    pub uptime_micros: u64,
    /// Open sessions at present.
    pub sessions: u64,
    /// Executed commands, including refused ones.
    pub commands: u64,
    /// Group commits. Each is one write and one fdatasync.
    pub commits: u64,
    /// Committed entries: messages and changes of conversations.
    pub entries: u64,
    /// Bytes appended to the commit log by group commits.
    pub log_bytes: u64,
    /// Bytes of zeros written to preallocate commit log segments.
    pub prepared_bytes: u64,
    /// The duration of each fdatasync of a group commit.
    pub syncs: Histogram,
    /// The work of checkpoints, which move data from the commit log into the trees.
    pub checkpoints: CheckpointMetrics,
    /// The clocks at present.
    pub clock: ClockMetrics,
    /// How long requests of users who had no other request queued waited for their turn to be
    /// decided.
    pub waits: Histogram,
    /// Requests that waited because their user added too much at a time.
    pub delayed: u64,
    /// Requests that were refused with [`ErrorCode::TooFast`](crate::wire::error::ErrorCode).
    pub too_fast: u64,
    /// The work of searches.
    pub searches: SearchMetrics,
    /// The support desk.
    pub desk: DeskMetrics,
}

/// The support desk: how much there is to do at present, and what routing did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskMetrics {
    /// Queues at present.
    pub queues: u64,
    /// Inquiries that wait at present.
    pub waiting: u64,
    /// Inquiries that are offered to an agent at present.
    pub offered: u64,
    /// Inquiries that an agent holds at present.
    pub held: u64,
    /// Messages left that no agent has taken, at present.
    pub left: u64,
    /// Agents on duty at present.
    pub on_duty: u64,
    /// Agents who could get an inquiry at present.
    pub ready: u64,
    /// Inquiries that routing gave or offered to an agent.
    pub steps: u64,
    /// The most of them in one command.
    pub steps_max: u64,
    /// Inquiries that routing looked at.
    pub visited: u64,
    /// The most of them in one command.
    pub visited_max: u64,
    /// Sessions of visitors at present.
    pub visitors: u64,
    /// Connections of visitors that were refused, since there were too many.
    pub visitors_refused: u64,
    /// Inquiries that were not opened, since too many were.
    pub openings_refused: u64,
    /// Signed identities of visitors that proved nothing.
    pub identities_refused: u64,
}

/// The work of searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchMetrics {
    /// Answered requests. A client sends several for a long search.
    pub requests: u64,
    /// Requests that were refused because too many were waiting.
    pub refused: u64,
    /// Blocks of messages read.
    pub blocks: u64,
    /// Time that threads spent on searches, in microseconds.
    pub micros: u64,
}

/// The server's clock, by which messages expire, beside the system's, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMetrics {
    /// The server's clock. It makes up a difference to the system's by a day for each hour.
    pub time_ms: u64,
    /// The system's clock.
    pub system_ms: u64,
    /// Whether they differ by so much that one of them must be wrong.
    pub has_jumped: bool,
}

/// The sum of all checkpoints, including the progress of a running one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointMetrics {
    /// Completed checkpoints.
    pub done: u64,
    /// The duration of completed checkpoints, in microseconds.
    pub micros: u64,
    /// Entries moved.
    pub entries: u64,
    /// Blocks written, including extended ones.
    pub blocks: u64,
    /// The size of those blocks in bytes.
    pub block_bytes: u64,
    /// Other rows written or removed.
    pub rows: u64,
}

/// A histogram of durations. Holds only non-empty buckets, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram(#[serde(deserialize_with = "codec::list")] Vec<Bucket>);

/// The events of about one duration. Bucket bounds never change, so that histograms can be
/// subtracted bucket by bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's upper bound, inclusive, in microseconds.
    pub up_to_micros: u64,
    /// The number of events.
    pub count: u64,
}

impl Metrics {
    /// Returns the difference between two readings, with the `sessions` and the `clock` of the
    /// later one. Returns `None` if `earlier` is not an earlier reading of the same run of the
    /// server.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        Some(Self {
            uptime_micros: self.uptime_micros.checked_sub(earlier.uptime_micros)?,
            sessions: self.sessions,
            commands: self.commands.checked_sub(earlier.commands)?,
            commits: self.commits.checked_sub(earlier.commits)?,
            entries: self.entries.checked_sub(earlier.entries)?,
            log_bytes: self.log_bytes.checked_sub(earlier.log_bytes)?,
            prepared_bytes: self.prepared_bytes.checked_sub(earlier.prepared_bytes)?,
            syncs: self.syncs.since(&earlier.syncs)?,
            waits: self.waits.since(&earlier.waits)?,
            delayed: self.delayed.checked_sub(earlier.delayed)?,
            too_fast: self.too_fast.checked_sub(earlier.too_fast)?,
            checkpoints: self.checkpoints.since(&earlier.checkpoints)?,
            searches: self.searches.since(&earlier.searches)?,
            desk: self.desk.since(&earlier.desk)?,
            clock: self.clock,
        })
    }

    /// Returns the uptime or, for a difference, the time between the two readings.
    #[must_use]
    pub const fn uptime(&self) -> Duration {
        Duration::from_micros(self.uptime_micros)
    }
}

impl DeskMetrics {
    /// Returns the difference between two readings, with the numbers at present and the maxima of
    /// the later one; or `None` if `earlier` is not the earlier one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let refused = |of: fn(&Self) -> u64| of(self).checked_sub(of(earlier));
        Some(Self {
            steps: self.steps.checked_sub(earlier.steps)?,
            visited: self.visited.checked_sub(earlier.visited)?,
            visitors_refused: refused(|metrics| metrics.visitors_refused)?,
            openings_refused: refused(|metrics| metrics.openings_refused)?,
            identities_refused: refused(|metrics| metrics.identities_refused)?,
            ..*self
        })
    }
}

impl SearchMetrics {
    /// Returns the difference between two readings, or `None` if `earlier` is not the earlier one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        Some(Self {
            requests: self.requests.checked_sub(earlier.requests)?,
            refused: self.refused.checked_sub(earlier.refused)?,
            blocks: self.blocks.checked_sub(earlier.blocks)?,
            micros: self.micros.checked_sub(earlier.micros)?,
        })
    }
}

impl CheckpointMetrics {
    /// Returns the difference between two readings, or `None` if `earlier` is not the earlier one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        Some(Self {
            done: self.done.checked_sub(earlier.done)?,
            micros: self.micros.checked_sub(earlier.micros)?,
            entries: self.entries.checked_sub(earlier.entries)?,
            blocks: self.blocks.checked_sub(earlier.blocks)?,
            block_bytes: self.block_bytes.checked_sub(earlier.block_bytes)?,
            rows: self.rows.checked_sub(earlier.rows)?,
        })
    }
}

/// Collects non-empty buckets in ascending order.
impl FromIterator<Bucket> for Histogram {
    fn from_iter<I: IntoIterator<Item = Bucket>>(buckets: I) -> Self {
        Self(
            buckets
                .into_iter()
                .filter(|bucket| bucket.count > 0)
                .collect(),
        )
    }
}

impl Histogram {
    /// Returns the non-empty buckets; at most [`crate::limits::HISTOGRAM_BUCKETS_MAX`].
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.0
    }

    /// Returns the number of events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |total, bucket| total.saturating_add(bucket.count))
    }

    /// Returns the events that `earlier` does not contain, or `None` if `earlier` contains events
    /// that this histogram lacks.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let mut before = earlier.0.iter().peekable();
        let mut added = Vec::new();
        for bucket in &self.0 {
            let known = before
                .next_if(|known| known.up_to_micros == bucket.up_to_micros)
                .map_or(0, |known| known.count);
            added.push(Bucket {
                count: bucket.count.checked_sub(known)?,
                ..*bucket
            });
        }
        before.next().is_none().then(|| added.into_iter().collect())
    }

    /// Returns the quantile `share` (0 to 1), rounded up to the upper bound of its bucket. Returns
    /// `None` without events.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        // An f64 represents integers exactly up to 2^53. Ranks count from 1.
        let rank = (self.total() as f64 * share).ceil().max(1.0);
        let mut seen = 0_u64;
        let reached = self.0.iter().find(|bucket| {
            seen = seen.saturating_add(bucket.count);
            seen as f64 >= rank
        });
        reached
            .or(self.0.last())
            .map(|bucket| Duration::from_micros(bucket.up_to_micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(buckets: &[(u64, u64)]) -> Histogram {
        buckets
            .iter()
            .map(|&(up_to_micros, count)| Bucket {
                up_to_micros,
                count,
            })
            .collect()
    }

    #[test]
    fn histograms_subtract_bucket_by_bucket() {
        let earlier = histogram(&[(10, 1), (30, 5)]);
        let later = histogram(&[(10, 1), (20, 2), (30, 9), (40, 1)]);
        assert_eq!(
            later.since(&earlier),
            Some(histogram(&[(20, 2), (30, 4), (40, 1)]))
        );
        assert_eq!(later.since(&Histogram::default()), Some(later.clone()));
        assert_eq!(later.since(&later), Some(Histogram::default()));
    }

    #[test]
    fn histograms_of_different_runs_do_not_subtract() {
        let later = histogram(&[(10, 1), (20, 2)]);
        assert_eq!(
            later.since(&histogram(&[(10, 2)])),
            None,
            "more events than now"
        );
        assert_eq!(
            later.since(&histogram(&[(15, 1)])),
            None,
            "a missing bucket in between"
        );
        assert_eq!(
            later.since(&histogram(&[(30, 1)])),
            None,
            "a missing bucket at the end"
        );
        assert_eq!(Histogram::default().since(&later), None);
    }

    #[test]
    fn quantiles_match() {
        let found = histogram(&[(10, 50), (20, 49), (900, 1)]);
        let micros = |share| found.quantile(share).map(|time| time.as_micros());
        assert_eq!(
            [0.0, 0.5, 0.51, 0.99, 0.991, 1.0].map(micros),
            [10, 10, 20, 20, 900, 900].map(Some)
        );
        assert_eq!(found.total(), 100);
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn metrics_subtract_within_one_run() {
        let earlier = Metrics {
            uptime_micros: 10,
            sessions: 9,
            commands: 3,
            ..Metrics::default()
        };
        let checkpoints = CheckpointMetrics {
            done: 1,
            entries: 64,
            ..CheckpointMetrics::default()
        };
        let later = Metrics {
            uptime_micros: 25,
            sessions: 2,
            commands: 5,
            checkpoints,
            ..earlier.clone()
        };
        let expected = Metrics {
            uptime_micros: 15,
            sessions: 2,
            commands: 2,
            checkpoints,
            ..Metrics::default()
        };
        assert_eq!(later.since(&earlier), Some(expected));
        assert_eq!(earlier.since(&later), None);
        assert_eq!(
            Metrics {
                uptime_micros: 30,
                ..earlier
            }
            .since(&later),
            None,
            "a counter decreased"
        );
    }
}
