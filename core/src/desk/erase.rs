//! Erasure of visitors: their inquiries with all messages, notes and files, and what is known of
//! them. The log's bytes go with the next checkpoint.

use cairn_proto::ids::{ConversationId, Timestamp, UserId, VisitorId};
use cairn_proto::model::desk::{DeskAct, InquiryState, ReturnCause, RouteStep};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::EraseVisitor;

use super::turn::Turn;
use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::command::{Context, Handle};
use crate::limits::RETENTION_STEP_ENTRIES;
use crate::permission::Action;
use crate::prefetch::Load;
use crate::record::{InquiryRecord, KindRecord};
use crate::state::State;

impl Handle for EraseVisitor {
    type Found = ();

    fn prefetch(&self, _: Actor, state: &State, loads: &mut Vec<Load>) {
        let Some(found) = state.desk.visitors.get(&self.visitor) else {
            return loads.push(Load::Visitor(self.visitor));
        };
        for &id in &found.record.inquiries {
            state.whole_inquiry(id, loads);
            state.back_of(id, loads);
        }
    }

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<u32, ErrorCode> {
        state.check_on_server(context.actor.user, Action::SetUpDesk)?;
        let found = state.desk.visitors.get(&self.visitor);
        let inquiries = found.map(|found| found.record.inquiries.clone());
        let inquiries = inquiries.ok_or(ErrorCode::NotFound)?;
        let mut turn = Turn::new(context.now, context.batch);
        let count = inquiries.len() as u32;
        let act = DeskAct::VisitorErased { inquiries: count };
        state.note_act(context.actor, act, &mut turn)?;
        for &id in &inquiries {
            state.begin_erasing(id, context.actor.user, &mut turn);
        }
        let visitor = self.visitor;
        state.make(&Change::Visitor(visitor, None), turn.batch);
        turn.batch.publish(Update::VisitorErased { visitor });
        state.route(&mut turn);
        Ok(count)
    }
}

impl State {
    /// Closes an inquiry and marks it to be erased, which [`State::erase_next`] does in steps.
    fn begin_erasing(&mut self, id: ConversationId, by: UserId, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        if record.state.is_open() {
            self.withdraw(id, ReturnCause::Closed, turn);
            let by = cairn_proto::model::desk::ClosedBy::Agent(by);
            self.close(id, by, Vec::new(), turn);
        }
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let (queue, visitor) = (record.queue, VisitorId::new(0));
        let record = InquiryRecord {
            visitor,
            is_erased: true,
            rating: None,
            tags: Vec::new(),
            ..record.clone()
        };
        self.put_inquiry(id, record, turn);
        if self.desk.queue(queue).is_some() {
            self.note_step(queue, by, id, RouteStep::Erased, turn);
        }
    }

    /// What the next step of erasure needs.
    pub(crate) fn erasing_next(&self, loads: &mut Vec<Load>) {
        let Some(&id) = self.desk.erasing.first() else {
            return;
        };
        let back = self.desk.inquiry(id).and_then(|record| record.back);
        for log in [Some(id), back].into_iter().flatten() {
            self.members_alone(log, loads);
            if self.conversation(log).is_some() && !self.knows_next_refs(log) {
                loads.push(Load::FirstAttached(log));
            }
        }
    }

    /// Erases a part of what is to be erased.
    pub(crate) fn erase_next(&mut self, turn: &mut Turn<'_>) {
        let Some(&id) = self.desk.erasing.first() else {
            return;
        };
        let back = self.desk.inquiry(id).and_then(|record| record.back);
        let mut is_done = true;
        for log in [Some(id), back].into_iter().flatten() {
            is_done &= self.erase_log(log, turn);
        }
        if is_done {
            // The membership has the visitor's id.
            self.end_desk_membership(id, UserId::VISITOR, turn);
            self.make(&Change::InquiryErased(id), turn.batch);
        }
    }

    /// Expires the entries of a log. Returns whether all have.
    fn erase_log(&mut self, id: ConversationId, turn: &mut Turn<'_>) -> bool {
        let Some(found) = self.conversations.get(&id) else {
            return true;
        };
        let (old, head) = (found.record.floor, found.record.head);
        let wanted = head.min(old.plus(RETENTION_STEP_ENTRIES));
        let floor = self.floor_within_known_refs(id, old, wanted);
        if floor > old {
            self.drop_refs_within(id, old, floor, turn.batch);
            let conversation = id;
            self.make(
                &Change::FloorRaised {
                    conversation,
                    floor,
                },
                turn.batch,
            );
            turn.batch.publish(Update::FloorRaised {
                conversation,
                floor,
            });
        }
        floor >= head
    }

    /// What must be loaded to erase an inquiry with its last message.
    pub(crate) fn expiring_inquiry(&self, id: ConversationId, loads: &mut Vec<Load>) {
        let found = self.conversation(id);
        if found.is_none_or(|found| found.record.kind != KindRecord::Inquiry) {
            return;
        }
        match self.desk.inquiry(id) {
            None if !self.desk.is_gone(id) => loads.push(Load::Inquiry(id)),
            Some(record) if !self.desk.visitors.contains_key(&record.visitor) => {
                loads.push(Load::Visitor(record.visitor));
            }
            _ => {}
        }
    }

    /// Returns whether this is an inquiry of which nothing is left to read.
    pub(crate) fn has_expired(&self, id: ConversationId) -> bool {
        self.conversation(id).is_some_and(|found| {
            found.record.kind == KindRecord::Inquiry && found.record.floor == found.record.head
        })
    }

    /// What is left of an inquiry whose messages have all expired: nothing, once it is closed.
    pub(crate) fn erase_expired(
        &mut self,
        id: ConversationId,
        now: Timestamp,
        batch: &mut crate::api::batch::Batch,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        if !matches!(record.state, InquiryState::Closed { .. }) {
            return;
        }
        let record = record.clone();
        let visitor = record.visitor;
        let mut turn = Turn::new(now, batch);
        if let Some(found) = self.desk.visitors.get(&visitor) {
            let mut kept = found.record.clone();
            kept.inquiries.retain(|&known| known != id);
            let kept = (!kept.inquiries.is_empty()).then(|| Box::new(kept));
            self.make(&Change::Visitor(visitor, kept), turn.batch);
        }
        let record = InquiryRecord {
            is_erased: true,
            visitor: VisitorId::new(0),
            ..record
        };
        self.put_inquiry(id, record, &mut turn);
    }
}
