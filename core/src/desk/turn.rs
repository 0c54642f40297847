//! One command on the desk: what it touches, and the routing at its end.

use std::collections::BTreeSet;

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::desk::{DeskEntry, DeskUpdate, RouteEntry, RouteStep};

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::record::{AgentStand, InquiryRecord};
use crate::state::State;

/// A command on the desk.
pub(crate) struct Turn<'a> {
    pub(crate) now: Timestamp,
    pub(crate) batch: &'a mut Batch,
    /// Queues in which something waits or an agent is free since the command began.
    pub(crate) touched: BTreeSet<ConversationId>,
}

impl<'a> Turn<'a> {
    pub(crate) const fn new(now: Timestamp, batch: &'a mut Batch) -> Self {
        Self {
            now,
            batch,
            touched: BTreeSet::new(),
        }
    }
}

/// What all steps are made of.
impl State {
    pub(crate) fn put_inquiry(
        &mut self,
        id: ConversationId,
        record: InquiryRecord,
        turn: &mut Turn<'_>,
    ) {
        let queue = record.queue;
        self.make(&Change::Inquiry(id, Box::new(record)), turn.batch);
        turn.batch.publish(Update::DeskChanged { queue });
    }

    pub(crate) fn put_stand(&mut self, user: UserId, stand: AgentStand, turn: &mut Turn<'_>) {
        self.make(&Change::AgentStand(user, stand), turn.batch);
    }

    /// Notes in the log of a queue what routing did.
    pub(crate) fn note_step(
        &mut self,
        queue: ConversationId,
        by: UserId,
        inquiry: ConversationId,
        step: RouteStep,
        turn: &mut Turn<'_>,
    ) {
        let entry = RouteEntry { inquiry, step };
        let body = Body::System(SystemEntry::Route(entry));
        self.append_system(queue, by, turn.now, &body, turn.batch);
    }

    /// Notes in the log of an inquiry what its visitor may know.
    pub(crate) fn note_change(
        &mut self,
        inquiry: ConversationId,
        by: UserId,
        entry: DeskEntry,
        turn: &mut Turn<'_>,
    ) -> cairn_proto::ids::MsgId {
        let body = Body::System(SystemEntry::Desk(entry));
        self.append_system(inquiry, by, turn.now, &body, turn.batch)
    }

    pub(crate) fn tell_agent(&self, user: UserId, update: DeskUpdate, turn: &mut Turn<'_>) {
        turn.batch.publish(Update::Desk {
            user,
            update: Box::new(update),
        });
    }

    /// Tells who holds an inquiry, or held it, how it is now.
    pub(crate) fn tell_inquiry(&self, user: UserId, id: ConversationId, turn: &mut Turn<'_>) {
        if let Some(info) = self.inquiry_info(id) {
            self.tell_agent(user, DeskUpdate::Inquiry(Box::new(info)), turn);
        }
    }

    pub(crate) fn tell_visitor(&self, id: ConversationId, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        if let Some(inquiry) = self.visitor_inquiry(id) {
            turn.batch.publish(Update::Visitor {
                visitor: record.visitor,
                inquiry: Box::new(inquiry),
            });
        }
    }

    /// Notes that an agent may be free in all queues of an agent.
    pub(crate) fn touch_agent(&self, user: UserId, turn: &mut Turn<'_>) {
        if let Some(agent) = self.desk.agent(user) {
            turn.touched.extend(agent.queues());
        }
    }
}
