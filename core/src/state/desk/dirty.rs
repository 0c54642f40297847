//! Persistence of the desk: the rows that changed, and eviction of what is stored.

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::ids::{ConversationId, UserId, VisitorId};
use cairn_proto::model::desk::{Canned, InquiryPlace};
use cairn_proto::text::Tag;
use xxhash_rust::xxh3::xxh3_64;

use super::Desk;
use crate::record::{Row, SecretHash};

/// What differs from the trees.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    queues: BTreeSet<ConversationId>,
    agents: BTreeSet<UserId>,
    inquiries: BTreeSet<ConversationId>,
    askers: BTreeSet<ConversationId>,
    visitors: BTreeSet<VisitorId>,
    keys: BTreeSet<SecretHash>,
    canned: BTreeSet<Tag>,
    rules: bool,
    /// Where the lists of closed inquiries changed, and whether an inquiry is there.
    closed: BTreeMap<(ConversationId, InquiryPlace), bool>,
}

impl Desk {
    pub(crate) fn note_queue(&mut self, id: ConversationId) {
        self.dirty.queues.insert(id);
    }

    pub(crate) fn note_agent(&mut self, user: UserId) {
        self.dirty.agents.insert(user);
    }

    pub(crate) fn note_inquiry(&mut self, id: ConversationId) {
        self.dirty.inquiries.insert(id);
    }

    pub(crate) fn note_asker(&mut self, id: ConversationId) {
        self.dirty.askers.insert(id);
    }

    pub(crate) fn note_visitor(&mut self, id: VisitorId) {
        self.dirty.visitors.insert(id);
    }

    pub(crate) fn note_key(&mut self, key: SecretHash) {
        self.dirty.keys.insert(key);
    }

    pub(crate) fn note_canned(&mut self, name: Tag) {
        self.dirty.canned.insert(name);
    }

    pub(crate) const fn note_rules(&mut self) {
        self.dirty.rules = true;
    }

    /// Notes where an inquiry was in a list of closed ones, and where it is.
    pub(crate) fn note_closed(
        &mut self,
        before: Option<(ConversationId, InquiryPlace)>,
        after: Option<(ConversationId, InquiryPlace)>,
    ) {
        if before != after {
            self.dirty.closed.extend(before.map(|place| (place, false)));
            self.dirty.closed.extend(after.map(|place| (place, true)));
        }
    }

    pub(crate) fn take_dirty(&mut self, rows: &mut Vec<Row>) {
        let dirty = std::mem::take(&mut self.dirty);
        for id in dirty.queues {
            let queue = self.queues.get(&id);
            rows.push(Row::Queue(id, queue.map(|queue| queue.record.clone())));
            rows.push(Row::QueueHours(id, queue.map(|queue| queue.hours.clone())));
        }
        for user in dirty.agents {
            let agent = self.agents.get(&user);
            rows.push(Row::Agent(user, agent.map(|agent| agent.record.clone())));
        }
        for id in dirty.inquiries {
            let record = self.inquiry(id).cloned();
            let is_open = record.as_ref().is_some_and(|record| {
                // One that is being erased must be found at the next start.
                record.state.is_open() || record.is_erased
            });
            rows.push(Row::Inquiry(id, record));
            rows.push(Row::OpenInquiry(id, is_open));
        }
        for id in dirty.askers {
            rows.push(Row::Asker(id, self.askers.get(&id).cloned()));
        }
        for id in dirty.visitors {
            rows.push(Row::Visitor(id, self.visitors.get(&id).cloned()));
        }
        for key in dirty.keys {
            rows.push(Row::DeskKey(key, self.keys.get(&key).cloned()));
        }
        for name in dirty.canned {
            let hash = xxh3_64(name.as_str().as_bytes());
            let text = self.canned.get(&name).cloned();
            rows.push(Row::Canned(hash, text.map(|text| Canned { name, text })));
        }
        for ((queue, place), is_taken) in dirty.closed {
            rows.push(Row::ClosedInquiry(queue, place, is_taken));
        }
        if dirty.rules {
            rows.push(Row::RouteRules(self.rules.clone()));
        }
    }

    /// Evicts closed inquiries and visitors without an open one. Call once everything is stored.
    pub(crate) fn evict(&mut self) {
        let Self {
            inquiries,
            askers,
            visitors,
            dirty,
            gone,
            gone_visitors,
            known_closed,
            ..
        } = self;
        *known_closed = None;
        gone.retain(|id| dirty.inquiries.contains(id));
        gone_visitors.retain(|id| dirty.visitors.contains(id));
        inquiries.retain(|id, inquiry| {
            inquiry.record.state.is_open()
                || inquiry.record.is_erased
                || dirty.inquiries.contains(id)
        });
        askers.retain(|id, _| inquiries.contains_key(id) || dirty.askers.contains(id));
        visitors.retain(|id, visitor| {
            let mut of_visitor = visitor.record.inquiries.iter();
            dirty.visitors.contains(id) || of_visitor.any(|id| inquiries.contains_key(id))
        });
    }
}
