//! The audit log in memory: its bounds, and the records that are not stored yet or were loaded to
//! be read.

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::audit::AuditRecord;
use hashbrown::HashMap;

use crate::limits::{AUDIT_TRIM_MAX, DAY_MS};
use crate::record::Row;

/// Approximate size of a record in memory.
const RECORD_BYTES: usize = 160;

#[derive(Debug)]
pub(crate) struct AuditLog {
    /// The oldest record that is kept.
    first: u64,
    /// The number of the next record.
    next: u64,
    records: BTreeMap<u64, AuditRecord>,
    dirty: BTreeSet<u64>,
    /// The first record of each day.
    days: BTreeMap<u64, u64>,
    /// How many records each actor caused on the last day. Not persisted.
    today: HashMap<UserId, u32>,
    /// The day that `today` counts.
    counted: u64,
}

impl Default for AuditLog {
    fn default() -> Self {
        Self {
            first: 1,
            next: 1,
            records: BTreeMap::new(),
            dirty: BTreeSet::new(),
            days: BTreeMap::new(),
            today: HashMap::new(),
            counted: 0,
        }
    }
}

impl AuditLog {
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// The numbers of the page that begins with `first`.
    pub(crate) fn page(&self, first: u64, limit: usize) -> std::ops::Range<u64> {
        let first = first.clamp(self.first, self.next);
        first..self.next.min(first.saturating_add(limit as u64))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&AuditRecord> {
        self.records.get(&number)
    }

    /// How many records the actor caused on the day of `at`.
    pub(crate) fn count_of(&self, actor: UserId, at: Timestamp) -> u32 {
        if at.get() / DAY_MS == self.counted {
            self.today.get(&actor).copied().unwrap_or_default()
        } else {
            0
        }
    }

    /// Adds the next record. A replay may repeat one that is stored, or that has expired; then it
    /// also repeats the expiry.
    pub(crate) fn push(&mut self, record: AuditRecord) {
        let day = record.at.get() / DAY_MS;
        if day > self.counted {
            self.counted = day;
            self.today.clear();
        }
        if day == self.counted {
            *self.today.entry(record.actor).or_default() += 1;
        }
        self.install(&record);
        self.dirty.insert(record.number);
        self.records.insert(record.number, record);
    }

    /// Notes a stored record.
    pub(crate) fn install(&mut self, record: &AuditRecord) {
        let number = record.number;
        // A stored log may lack earlier records, which the replay adds.
        if self.days.is_empty() || number < self.first {
            self.first = number;
        }
        self.next = self.next.max(number.saturating_add(1));
        let day = self.days.entry(record.at.get() / DAY_MS).or_insert(number);
        *day = number.min(*day);
    }

    /// Keeps a stored record that was loaded. One in memory stays.
    pub(crate) fn load(&mut self, record: AuditRecord) {
        self.records.entry(record.number).or_insert(record);
    }

    /// The oldest record to keep if those before `since` expire. At most [`AUDIT_TRIM_MAX`] records
    /// are left out at once.
    pub(crate) fn kept_since(&self, since: Timestamp) -> Option<u64> {
        let kept = self.days.range(since.get() / DAY_MS..).next();
        let first = kept.map_or(self.next, |(_, &first)| first);
        // The last record stays, so that its number is not given out again after a restart.
        let first = first
            .min(self.next.saturating_sub(1))
            .min(self.first.saturating_add(AUDIT_TRIM_MAX));
        (first > self.first).then_some(first)
    }

    /// Drops the records before `first`.
    pub(crate) fn trim(&mut self, first: u64) {
        if first <= self.first {
            return;
        }
        self.dirty.extend(self.first..first);
        self.records = self.records.split_off(&first);
        self.first = first;
        self.next = self.next.max(first);
        // The day of the oldest record that is left begins with it.
        let mut day = None;
        while let Some((&at, &number)) = self.days.first_key_value() {
            if number >= first {
                break;
            }
            self.days.remove(&at);
            day = Some(at);
        }
        let is_followed = self.days.values().next() == Some(&first);
        if let (Some(day), false, true) = (day, is_followed, first < self.next) {
            self.days.insert(day, first);
        }
    }

    pub(crate) fn take_dirty(&mut self, rows: &mut Vec<Row>) {
        for number in std::mem::take(&mut self.dirty) {
            rows.push(Row::Audit(number, self.records.get(&number).cloned()));
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.records.len() * RECORD_BYTES
    }

    /// Evicts the records that are stored.
    pub(crate) fn evict(&mut self) {
        let dirty = &self.dirty;
        self.records.retain(|number, _| dirty.contains(number));
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::ids::DeviceId;
    use cairn_proto::model::audit::AuditAct;

    use super::*;

    fn record(number: u64, day: u64) -> AuditRecord {
        AuditRecord {
            number,
            at: Timestamp::new(day * DAY_MS + number),
            actor: UserId::new(1),
            device: DeviceId::new(7),
            act: AuditAct::Deactivated {
                user: UserId::new(2),
            },
        }
    }

    #[test]
    fn whole_days_expire() {
        let mut log = AuditLog::default();
        for (number, day) in [(1, 10), (2, 10), (3, 11), (4, 13), (5, 13)] {
            log.push(record(number, day));
        }
        let since = |day| Timestamp::new(day * DAY_MS);
        assert_eq!(log.kept_since(since(10)), None);
        assert_eq!(log.kept_since(since(11)), Some(3));
        log.trim(3);
        assert_eq!(log.page(0, 100), 3..6);
        assert_eq!(log.kept_since(since(12)), Some(4));
        assert_eq!(log.kept_since(since(14)), Some(5));
        // In the middle of a day, as a bounded step may end.
        log.trim(5);
        assert_eq!(log.kept_since(since(13)), None);
        assert_eq!(log.kept_since(since(14)), None, "the last record stays");
        log.push(record(6, 15));
        assert_eq!(log.page(0, 100), 5..7);
        let mut rows = Vec::new();
        log.take_dirty(&mut rows);
        let kept = rows
            .iter()
            .filter(|row| matches!(row, Row::Audit(_, Some(_))));
        assert_eq!((rows.len(), kept.count()), (6, 2));
    }

    /// A log is loaded from its rows, then the commit log is replayed over it.
    #[test]
    fn replay_over_stored_records_changes_nothing() {
        let mut log = AuditLog::default();
        for number in [4, 6] {
            log.install(&record(number, number));
        }
        for number in 2..=7 {
            log.push(record(number, number));
        }
        assert_eq!(log.page(0, 2), 2..4);
        log.trim(4);
        assert_eq!(log.page(0, 2), 4..6);
        assert_eq!(log.next(), 8);
    }
}
