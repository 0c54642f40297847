//! Finds the first message of a day by interpolation.

use cairn_client::proto::ids::{MsgId, Timestamp};

use crate::limits;

/// The search for the first entry that was sent at a time or later.
///
/// Times in a log hardly go back, so two entries and their times tell where a time between lies. A
/// log that grew unevenly is halved after each two guesses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateSearch {
    wanted: Timestamp,
    /// An entry from before the time; the first one, as long as no time is known.
    low: (MsgId, Option<Timestamp>),
    /// An entry from that time or later.
    high: (MsgId, Timestamp),
    pulls: u32,
}

/// The next step of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateStep {
    /// Read the time of this entry.
    Probe(MsgId),
    /// The entry is this one, or a little before it.
    Found(MsgId),
}

impl DateSearch {
    /// Starts a search between the floor and an entry from that time or later.
    pub(crate) const fn new(wanted: Timestamp, floor: MsgId, high: (MsgId, Timestamp)) -> Self {
        Self {
            wanted,
            low: (floor, None),
            high,
            pulls: 0,
        }
    }

    pub(crate) const fn wanted(&self) -> Timestamp {
        self.wanted
    }

    /// Notes when an entry was sent.
    pub(crate) fn note(&mut self, msgid: MsgId, sent_at: Timestamp) {
        if msgid <= self.low.0 || msgid >= self.high.0 {
            return;
        }
        if sent_at >= self.wanted {
            self.high = (msgid, sent_at);
        } else {
            self.low = (msgid, Some(sent_at));
        }
    }

    pub(crate) fn step(&mut self) -> DateStep {
        let (low, high) = (self.low.0, self.high.0);
        let between = high.above(low).saturating_sub(1);
        if between <= limits::PREFETCH_ENTRIES || self.pulls == limits::DATE_PULLS_MAX {
            return DateStep::Found(high);
        }
        self.pulls += 1;
        let offset = match self.low.1 {
            // The time of the first entry.
            None => 1,
            Some(_) if self.pulls.is_multiple_of(3) => between / 2,
            Some(from) => {
                let range = u128::from(self.high.1.get().saturating_sub(from.get()).max(1));
                let part = u128::from(self.wanted.get().saturating_sub(from.get()));
                let offset = u128::from(high.above(low)) * part / range;
                u64::try_from(offset).unwrap_or(u64::MAX)
            }
        };
        DateStep::Probe(low.plus(offset.clamp(1, between)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(times: &[u64], wanted: u64) -> (u64, u32) {
        let time = |msgid: u64| Timestamp::new(times[usize::try_from(msgid).unwrap() - 1]);
        let head = times.len() as u64;
        let high = (MsgId::new(head), time(head));
        let mut search = DateSearch::new(Timestamp::new(wanted), MsgId::ZERO, high);
        loop {
            match search.step() {
                DateStep::Probe(msgid) => search.note(msgid, time(msgid.get())),
                DateStep::Found(msgid) => return (msgid.get(), search.pulls),
            }
        }
    }

    #[test]
    fn even_and_uneven_logs_take_few_pulls() {
        let even: Vec<u64> = (0..1_000_000).map(|n| 1_000 * n).collect();
        let square: Vec<u64> = (0..1_000_000).map(|n| n * n / 100).collect();
        let bursts: Vec<u64> = (0..1_000_000).map(|n| 10_000_000 * (n / 90_000)).collect();
        for times in [even, square, bursts] {
            for wanted in [1, 5_000_000, 77_777_777, 110_000_000] {
                let first = times.partition_point(|time| *time < wanted) as u64 + 1;
                let (found, pulls) = search(&times, wanted);
                assert!(pulls <= limits::DATE_PULLS_MAX);
                assert!(found >= first, "{found} {first}");
                let is_near = found - first <= limits::PREFETCH_ENTRIES;
                assert!(
                    is_near || pulls == limits::DATE_PULLS_MAX,
                    "{found} {first}"
                );
            }
        }
    }
}
