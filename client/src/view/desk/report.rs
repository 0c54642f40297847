//! Reports: what the log of a queue says about waiting, answers and agents. Pure, and bounded: a
//! report of any time holds histograms, not entries.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::desk::{RouteEntry, RouteStep};

/// Buckets of a [`Spread`] for each power of two. Quantiles are off by at most 1/32.
const PARTS: u64 = 32;

/// Intervals of a report, at most.
const INTERVALS_MAX: u64 = 120;

/// Lengths of intervals that people know, in milliseconds.
const INTERVAL_LENGTHS: [u64; 9] = [
    60_000,
    5 * 60_000,
    15 * 60_000,
    3_600_000,
    4 * 3_600_000,
    24 * 3_600_000,
    7 * 24 * 3_600_000,
    30 * 24 * 3_600_000,
    365 * 24 * 3_600_000,
];

/// The distribution of durations, in a histogram of bounded size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    counts: BTreeMap<u32, u64>,
    count: u64,
    sum_ms: u64,
    max_ms: u64,
}

impl Spread {
    /// Adds a duration.
    pub fn add(&mut self, millis: u64) {
        *self.counts.entry(bucket(millis)).or_default() += 1;
        self.count += 1;
        self.sum_ms = self.sum_ms.saturating_add(millis);
        self.max_ms = self.max_ms.max(millis);
    }

    /// Adds all durations of another distribution.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, &count) in &other.counts {
            *self.counts.entry(bucket).or_default() += count;
        }
        self.count += other.count;
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    /// Returns the number of durations.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the longest duration in milliseconds, or `None` if there is none.
    #[must_use]
    pub fn max_ms(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max_ms)
    }

    /// Returns the mean in milliseconds, or `None` if there is no duration.
    #[must_use]
    pub const fn mean_ms(&self) -> Option<u64> {
        self.sum_ms.checked_div(self.count)
    }

    /// Returns the duration in milliseconds that this share of all durations does not exceed, up
    /// to the width of a bucket; or `None` if there is none.
    #[must_use]
    pub fn quantile_ms(&self, share: f64) -> Option<u64> {
        let rank = ((share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut below = 0;
        let found = self.counts.iter().find(|&(_, &count)| {
            below += count;
            below >= rank
        });
        found.map(|(&bucket, _)| upper_end(bucket).min(self.max_ms))
    }
}

/// The bucket of a duration: exact below [`PARTS`], then [`PARTS`] for each power of two.
fn bucket(millis: u64) -> u32 {
    let Some(shift) = millis.checked_div(PARTS).and_then(u64::checked_ilog2) else {
        return millis as u32;
    };
    (u64::from(shift + 1) * PARTS + (millis >> shift) % PARTS) as u32
}

/// The longest duration in a bucket.
fn upper_end(bucket: u32) -> u64 {
    let (power, part) = (u64::from(bucket) / PARTS, u64::from(bucket) % PARTS);
    match power {
        0 => part,
        power => {
            let shift = (power - 1) as u32;
            ((PARTS + part + 1) << shift) - 1
        }
    }
}

/// What was counted of a queue, of an agent, or in an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Inquiries that came into the queue: opened there, transferred or overflowed to it.
    pub came: u64,
    /// Inquiries that an agent began to hold, each time.
    pub answered: u64,
    /// Inquiries that were closed.
    pub closed: u64,
    /// Inquiries that were opened again.
    pub reopened: u64,
    /// Offers.
    pub offered: u64,
    /// Offers that the agent let pass.
    pub missed: u64,
    /// Offers that the agent refused.
    pub refused: u64,
    /// Inquiries that went back because their agent was gone.
    pub returned: u64,
    /// Inquiries that were passed on.
    pub transferred: u64,
    /// Inquiries that went to another queue because they waited for too long.
    pub overflowed: u64,
    /// Messages left while the queue was closed or full.
    pub left: u64,
    /// Ratings by stars, from one to five.
    pub stars: [u64; 5],
    /// From the beginning of the wait to an agent.
    pub waiting: Spread,
    /// From the opening to the first reply.
    pub first_reply: Spread,
    /// From the opening to the closing.
    pub resolution: Spread,
}

impl Tally {
    /// Returns the number of ratings.
    #[must_use]
    pub fn ratings(&self) -> u64 {
        self.stars.iter().sum()
    }

    /// Returns the mean number of stars, or `None` without ratings.
    #[must_use]
    pub fn mean_stars(&self) -> Option<f64> {
        let weighted = (1..).zip(self.stars).map(|(stars, count)| stars * count);
        let sum: u64 = weighted.sum();
        let count = self.ratings();
        (count > 0).then(|| sum as f64 / count as f64)
    }

    /// Adds a step of routing.
    fn add(&mut self, step: &RouteStep) {
        match step {
            RouteStep::Opened { .. } | RouteStep::Entered { .. } => self.came += 1,
            RouteStep::Left => self.left += 1,
            RouteStep::Offered { .. } => self.offered += 1,
            RouteStep::Accepted { waited_ms, .. }
            | RouteStep::Assigned { waited_ms, .. }
            | RouteStep::Taken { waited_ms, .. } => {
                self.answered += 1;
                self.waiting.add(*waited_ms);
            }
            RouteStep::Refused { .. } => self.refused += 1,
            RouteStep::Missed { .. } => self.missed += 1,
            RouteStep::Returned { .. } => self.returned += 1,
            RouteStep::TransferredToAgent { .. } | RouteStep::TransferredToQueue { .. } => {
                self.transferred += 1;
            }
            RouteStep::Overflowed { .. } => self.overflowed += 1,
            RouteStep::FirstReply { after_ms, .. } => self.first_reply.add(*after_ms),
            RouteStep::Closed { open_ms, .. } => {
                self.closed += 1;
                self.resolution.add(*open_ms);
            }
            RouteStep::Reopened => self.reopened += 1,
            RouteStep::Rated { stars, .. } => {
                let at = usize::from(*stars).checked_sub(1);
                if let Some(count) = at.and_then(|at| self.stars.get_mut(at)) {
                    *count += 1;
                }
            }
            RouteStep::Withdrawn { .. }
            | RouteStep::Tagged { .. }
            | RouteStep::Prioritized { .. }
            | RouteStep::Joined { .. }
            | RouteStep::Erased
            | RouteStep::Duty { .. } => {}
        }
    }
}

/// A part of a report's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// When it begins.
    pub from: Timestamp,
    /// What was counted.
    pub tally: Tally,
}

/// What happened in queues during a time, from [`crate::view::Desk::report`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskReport {
    /// When it begins.
    pub from: Timestamp,
    /// The end, which is not part of it.
    pub to: Timestamp,
    /// Everything together.
    pub total: Tally,
    /// By queue.
    pub queues: BTreeMap<ConversationId, Tally>,
    /// By agent. The counts of what no agent did are 0.
    pub agents: BTreeMap<UserId, Tally>,
    /// Consecutive parts of the time, of equal length.
    pub intervals: Vec<Interval>,
    /// The length of an interval.
    pub interval_ms: u64,
}

impl DeskReport {
    /// Creates an empty report of the time from `from` until before `to`.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        let length = to.get().saturating_sub(from.get());
        let fits = |each: &u64| length.div_ceil(*each) <= INTERVALS_MAX;
        let known = INTERVAL_LENGTHS.into_iter().find(fits);
        let interval_ms = known.unwrap_or_else(|| length.div_ceil(INTERVALS_MAX));
        let starts = (0..length.div_ceil(interval_ms)).map(|at| from.get() + at * interval_ms);
        let intervals = starts.map(|start| Interval {
            from: Timestamp::new(start),
            tally: Tally::default(),
        });
        Self {
            from,
            to,
            total: Tally::default(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            intervals: intervals.collect(),
            interval_ms,
        }
    }

    /// Adds an entry of the log of a queue. Entries of another time are ignored.
    pub fn add(&mut self, queue: ConversationId, at: Timestamp, entry: &RouteEntry) {
        if at < self.from || at >= self.to {
            return;
        }
        let step = &entry.step;
        self.total.add(step);
        self.queues.entry(queue).or_default().add(step);
        if let Some(agent) = agent_of(step) {
            self.agents.entry(agent).or_default().add(step);
        }
        let since = at.get().saturating_sub(self.from.get());
        let place = since.checked_div(self.interval_ms).unwrap_or_default();
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        if let Some(interval) = self.intervals.get_mut(place) {
            interval.tally.add(step);
        }
    }
}

/// The agent who did what a step says, or to whom it happened.
const fn agent_of(step: &RouteStep) -> Option<UserId> {
    match step {
        RouteStep::Offered { agent, .. }
        | RouteStep::Accepted { agent, .. }
        | RouteStep::Assigned { agent, .. }
        | RouteStep::Taken { agent, .. }
        | RouteStep::Refused { agent }
        | RouteStep::Missed { agent }
        | RouteStep::Returned { agent, .. }
        | RouteStep::FirstReply { agent, .. } => Some(*agent),
        RouteStep::TransferredToAgent { from, .. } | RouteStep::TransferredToQueue { from, .. } => {
            *from
        }
        RouteStep::Closed { agent, .. } | RouteStep::Rated { agent, .. } => *agent,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::model::desk::ClosedBy;

    #[test]
    fn buckets_are_narrow_and_in_order() {
        let mut before = 0;
        for millis in (0..5_000).chain([1 << 20, (1 << 40) + 12_345, u64::MAX / 2]) {
            let bucket = bucket(millis);
            assert!(bucket >= before, "{millis}");
            before = bucket;
            let end = upper_end(bucket);
            assert!(
                end >= millis && end - millis <= millis / 31,
                "{millis} {end}"
            );
        }
    }

    #[test]
    fn quantiles_are_those_of_the_durations() {
        let mut spread = Spread::default();
        assert_eq!((spread.quantile_ms(0.5), spread.mean_ms()), (None, None));
        for millis in 1..=100 {
            spread.add(millis);
        }
        assert_eq!(spread.quantile_ms(0.0), Some(1));
        assert_eq!(spread.quantile_ms(0.25), Some(25));
        assert_eq!(spread.quantile_ms(0.5), Some(50));
        assert_eq!(
            (spread.quantile_ms(1.0), spread.max_ms()),
            (Some(100), Some(100))
        );
        assert_eq!(spread.mean_ms(), Some(50));
        let mut both = spread.clone();
        both.merge(&spread);
        assert_eq!((both.count(), both.quantile_ms(0.5)), (200, Some(50)));
    }

    #[test]
    fn steps_are_counted_once_for_each_view() {
        let (queue, ada, bob) = (ConversationId::new(7), UserId::new(1), UserId::new(2));
        let mut report = DeskReport::new(Timestamp::new(1_000), Timestamp::new(3_601_000));
        let inquiry = ConversationId::new(9);
        let steps = [
            (500, RouteStep::Reopened),
            (
                1_000,
                RouteStep::Opened {
                    priority: 4,
                    rule: None,
                },
            ),
            (
                1_000,
                RouteStep::Offered {
                    agent: ada,
                    until: Timestamp::new(31_000),
                },
            ),
            (31_000, RouteStep::Missed { agent: ada }),
            (
                31_000,
                RouteStep::Offered {
                    agent: bob,
                    until: Timestamp::new(61_000),
                },
            ),
            (
                32_000,
                RouteStep::Accepted {
                    agent: bob,
                    waited_ms: 31_000,
                },
            ),
            (
                40_000,
                RouteStep::FirstReply {
                    agent: bob,
                    after_ms: 39_000,
                },
            ),
            (
                100_000,
                RouteStep::Closed {
                    by: ClosedBy::Agent(bob),
                    agent: Some(bob),
                    tags: Vec::new(),
                    open_ms: 99_000,
                },
            ),
            (
                110_000,
                RouteStep::Rated {
                    stars: 4,
                    agent: Some(bob),
                },
            ),
            (
                120_000,
                RouteStep::Rated {
                    stars: 6,
                    agent: Some(bob),
                },
            ),
            (3_601_000, RouteStep::Reopened),
        ];
        for (at, step) in steps {
            report.add(queue, Timestamp::new(at), &RouteEntry { inquiry, step });
        }
        let total = &report.total;
        assert_eq!((total.came, total.offered, total.missed), (1, 2, 1));
        assert_eq!((total.answered, total.closed, total.reopened), (1, 1, 0));
        assert_eq!((total.ratings(), total.mean_stars()), (1, Some(4.0)));
        assert_eq!(report.queues[&queue], *total);
        assert_eq!(
            (report.agents[&ada].missed, report.agents[&ada].answered),
            (1, 0)
        );
        assert_eq!(report.agents[&bob].first_reply.max_ms(), Some(39_000));
        assert_eq!((report.interval_ms, report.intervals.len()), (60_000, 60));
        assert_eq!(report.intervals[0].tally.answered, 1);
        assert_eq!(report.intervals[1].tally.closed, 1);
    }

    #[test]
    fn intervals_are_bounded() {
        for hours in [0, 1, 24, 24 * 400, 24 * 365 * 1_000] {
            let to = Timestamp::new(hours * 3_600_000);
            let report = DeskReport::new(Timestamp::new(0), to);
            assert!(report.intervals.len() as u64 <= INTERVALS_MAX, "{hours}");
        }
    }
}
