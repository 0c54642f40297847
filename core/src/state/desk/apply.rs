//! Applying changes of the desk, and installing what was stored.

use cairn_proto::ids::{ConversationId, UserId, VisitorId};
use cairn_proto::model::desk::{Canned, RouteRule};

use crate::api::change::Change;
use crate::record::{
    AgentRecord, AskerRecord, DeskKeyRecord, InquiryRecord, QueueHours, QueueRecord, SecretHash,
    StoredVisitor,
};
use crate::state::State;

impl State {
    pub(crate) fn apply_desk(&mut self, change: &Change) {
        let desk = &mut self.desk;
        match change {
            Change::Queue(id, record) => {
                desk.note_queue(*id);
                desk.set_queue(*id, record.as_deref().cloned());
            }
            Change::QueueHours(id, hours) => {
                desk.note_queue(*id);
                desk.set_hours(*id, hours.clone());
            }
            Change::Agent(user, config) => {
                desk.note_agent(*user);
                desk.set_agent(*user, config.as_deref().cloned());
            }
            Change::AgentStand(user, stand) => {
                desk.note_agent(*user);
                desk.set_stand(*user, *stand);
            }
            Change::Inquiry(id, record) => {
                desk.note_inquiry(*id);
                let before = desk.closed_place(*id);
                desk.set_inquiry(*id, (**record).clone());
                desk.note_closed(before, desk.closed_place(*id));
            }
            Change::Asker(id, record) => {
                desk.note_asker(*id);
                desk.set_asker(*id, (**record).clone());
            }
            Change::InquiryErased(id) => {
                desk.note_inquiry(*id);
                desk.note_asker(*id);
                desk.remove_inquiry(*id);
            }
            Change::Visitor(id, record) => {
                desk.note_visitor(*id);
                if record.is_none() {
                    self.forget_streams(*id);
                }
                self.desk.set_visitor(*id, record.as_deref().cloned());
            }
            Change::DeskKey(key, record) => {
                desk.note_key(*key);
                desk.set_key(*key, record.as_deref().cloned());
            }
            Change::Canned(name, text) => {
                desk.note_canned(name.clone());
                desk.set_canned(name.clone(), text.clone());
            }
            Change::RouteRules(rules) => {
                desk.note_rules();
                desk.set_rules(rules.clone());
            }
            _ => {}
        }
    }

    fn forget_streams(&mut self, visitor: VisitorId) {
        let device = visitor.device();
        let used = self.desk.streams_of(visitor).to_vec();
        for used in used {
            self.streams.remove(&(device, used.stream));
            self.dirty.streams_removed.insert((device, used.stream));
        }
    }
}

/// Installing what was stored. Queues and agents first, then open inquiries.
impl State {
    pub fn install_queue(&mut self, id: ConversationId, record: QueueRecord) {
        self.desk.set_queue(id, Some(record));
    }

    pub fn install_queue_hours(&mut self, id: ConversationId, hours: QueueHours) {
        self.desk.set_hours(id, hours);
    }

    pub fn install_agent(&mut self, user: UserId, record: AgentRecord) {
        self.desk.install_agent(user, record);
    }

    pub fn install_inquiry(&mut self, id: ConversationId, record: InquiryRecord) {
        if self.desk.inquiry(id).is_none() && !self.desk.is_gone(id) {
            self.desk.set_inquiry(id, record);
        }
    }

    pub fn install_asker(&mut self, id: ConversationId, record: AskerRecord) {
        if !self.desk.is_gone(id) {
            self.desk.askers.entry(id).or_insert(record);
        }
    }

    pub fn install_visitor(&mut self, id: VisitorId, stored: StoredVisitor) {
        if !self.desk.is_visitor_gone(id) {
            self.desk.visitors.entry(id).or_insert(stored);
        }
    }

    pub fn install_desk_key(&mut self, key: SecretHash, record: DeskKeyRecord) {
        self.desk.set_key(key, Some(record));
    }

    pub fn install_canned(&mut self, canned: Canned) {
        self.desk.set_canned(canned.name, Some(canned.text));
    }

    pub fn install_route_rules(&mut self, rules: Vec<RouteRule>) {
        self.desk.set_rules(rules);
    }

    /// The conversations of queues and open inquiries, which stay in memory with their members.
    #[must_use]
    pub fn desk_conversations(&self) -> Vec<ConversationId> {
        let mut pinned: Vec<_> = self.desk.pinned().collect();
        // The loads of a start follow this order.
        pinned.sort_unstable();
        pinned
    }

    /// The visitors of open inquiries.
    #[must_use]
    pub fn desk_visitors(&self) -> Vec<VisitorId> {
        let inquiries = self.desk.inquiries.values();
        let mut visitors: Vec<_> = inquiries.map(|inquiry| inquiry.record.visitor).collect();
        visitors.sort_unstable();
        visitors.dedup();
        visitors
    }
}
