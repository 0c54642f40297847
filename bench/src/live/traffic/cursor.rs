//! The position of a device in a conversation, and checks that every message arrives exactly once
//! and in order.

use std::collections::HashSet;
use std::iter::Sum;

use cairn_client::Error;
use cairn_client::proto::content::message::{Run, split_entry};
use cairn_client::proto::ids::MsgId;
use hashbrown::HashMap;

use super::stamp::Stamp;
use crate::error::Result;
use crate::limits;
use crate::results::{Results, Unit, list};

/// Outlives the device's connections, as its stored state does.
pub(crate) struct Cursor {
    /// The first message that has not arrived.
    pub(crate) next: MsgId,
    seen: HashMap<u16, Sequence>,
}

impl Cursor {
    pub(crate) fn new(next: MsgId) -> Self {
        let seen = HashMap::new();
        Self { next, seen }
    }

    /// Takes a run, and calls `saw` for each message in it.
    pub(crate) fn take(&mut self, run: Run, mut saw: impl FnMut(Stamp)) -> Result<()> {
        self.next = run.last().next();
        let mut packed = run.entries;
        let unreadable = |_| Error::Protocol("a message cannot be read");
        while let Some(entry) = split_entry(&mut packed).map_err(unreadable)? {
            // Entries without a stamp are not from the run, such as the addition of members.
            let Some(stamp) = Stamp::read(&entry) else {
                continue;
            };
            self.seen.entry(stamp.sender).or_default().saw(stamp.number);
            saw(stamp);
        }
        Ok(())
    }

    /// Compares what arrived with the number of messages that each sender sent.
    pub(crate) fn check(&self, sent: impl IntoIterator<Item = (u16, u64)>) -> Anomalies {
        let unseen = Sequence::default();
        let seen = |sender| self.seen.get(&sender).unwrap_or(&unseen);
        let check = |(sender, sent)| seen(sender).finish(sent);
        sent.into_iter().map(check).sum()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anomalies {
    pub(crate) missing: u64,
    pub(crate) duplicates: u64,
    pub(crate) out_of_order: u64,
}

impl Sum for Anomalies {
    fn sum<I: Iterator<Item = Self>>(found: I) -> Self {
        found.fold(Self::default(), |sum, found| Self {
            missing: sum.missing + found.missing,
            duplicates: sum.duplicates + found.duplicates,
            out_of_order: sum.out_of_order + found.out_of_order,
        })
    }
}

impl Anomalies {
    /// Lists the result of a check of every receiver; `None` if there was none. If the run ended
    /// before everything could arrive, `missing` is left out.
    pub(crate) fn list(found: Option<Self>, is_complete: bool, results: &mut Results) {
        let missing = found.filter(|_| is_complete).map(|found| found.missing);
        let duplicates = found.map(|found| found.duplicates);
        let out_of_order = found.map(|found| found.out_of_order);
        let counts = [missing, duplicates, out_of_order];
        results.check(counts.iter().flatten().all(|&count| count == 0));
        list! { results;
            "missing": missing, Unit::COUNT,
                "missing" => "deliveries that never came, of all that were due";
            "duplicates": duplicates, Unit::COUNT, "duplicates" => "deliveries that came again";
            "out_of_order": out_of_order, Unit::COUNT,
                "out of order" => "deliveries that came after later ones";
        }
    }
}

/// The message numbers of one sender, from 1, as one receiver sees them.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    last: u64,
    pub(crate) missing: HashSet<u64>,
    found: Anomalies,
}

impl Sequence {
    pub(crate) fn saw(&mut self, number: u64) {
        if number > self.last {
            let gap = self.last + 1..number;
            self.found.missing += number - gap.start;
            let tracked = limits::MISSING_TRACKED_MAX.saturating_sub(self.missing.len());
            self.missing.extend(gap.take(tracked));
            self.last = number;
        } else if self.missing.remove(&number) {
            self.found.missing -= 1;
            self.found.out_of_order += 1;
        } else {
            self.found.duplicates += 1;
        }
    }

    /// Returns the anomalies, given the number of messages sent.
    pub(crate) fn finish(&self, sent: u64) -> Anomalies {
        Anomalies {
            missing: self.found.missing + sent.saturating_sub(self.last),
            ..self.found
        }
    }
}
