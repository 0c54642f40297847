//! The steps of an inquiry: offered, held, returned, moved, closed and opened again. Each is one
//! change of its row, with the entries that tell of it.

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::desk::{
    ClosedBy, DeskEntry, DeskUpdate, InquiryState, OfferEnd, ReturnCause, RouteStep, Strategy,
};
use cairn_proto::model::group::Role;
use cairn_proto::text::Tag;

use super::turn::Turn;
use crate::api::change::Change;
use crate::api::update::Update;
use crate::limits::DAY_MS;
use crate::record::{Attendance, InquiryRecord, KindRecord, MemberCounts, VisitorRecord};
use crate::state::State;

/// How an agent gets to hold an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Accepted,
    Assigned { by: Option<UserId> },
    Taken,
    Transferred { from: Option<UserId> },
}

impl State {
    /// Offers an inquiry that no agent has to an agent.
    pub(crate) fn offer(
        &mut self,
        id: ConversationId,
        agent: UserId,
        seconds: u16,
        turn: &mut Turn<'_>,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let until = self.desk.clock.after_ms(u64::from(seconds) * 1000);
        let record = InquiryRecord {
            state: InquiryState::Offered { agent, until },
            last_offered: Some(agent),
            forget_at: None,
            ..record.clone()
        };
        let queue = record.queue;
        self.put_inquiry(id, record, turn);
        self.note_given(agent, turn);
        let until = self.desk.clock.shown(until);
        let step = RouteStep::Offered { agent, until };
        self.note_step(queue, UserId::SERVER, id, step, turn);
        if let Some(offer) = self.offer_of(id) {
            self.tell_agent(agent, DeskUpdate::Offer(Box::new(offer)), turn);
        }
    }

    /// Assigns an inquiry without a holder to an agent, who is a member from then on.
    pub(crate) fn hold(
        &mut self,
        id: ConversationId,
        agent: UserId,
        how: Held,
        turn: &mut Turn<'_>,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let (queue, before, since) = (record.queue, record.state, turn.now);
        let waited_ms = self.desk.clock.since_ms(record.waiting_since);
        let sticky_ms = self.desk.queue(queue).map_or(0, |queue| {
            u64::from(queue.record.config.sticky_days) * DAY_MS
        });
        let record = InquiryRecord {
            state: InquiryState::Held { agent, since },
            refused: Vec::new(),
            forget_at: None,
            last_offered: None,
            last_agent: Some(agent),
            sticky_until: Timestamp::new(since.get().saturating_add(sticky_ms)),
            ..record.clone()
        };
        let (visitor, back) = (record.visitor, record.back);
        self.put_inquiry(id, record, turn);
        if how != Held::Accepted {
            self.note_given(agent, turn);
        }
        self.forgive(agent, turn);
        self.note_holder(visitor, agent, turn);
        for log in [Some(id), back].into_iter().flatten() {
            self.add_to_desk(log, agent, turn);
        }
        let name = self.public_name(agent);
        self.note_change(id, agent, DeskEntry::Joined { agent, name }, turn);
        let step = match how {
            Held::Accepted => RouteStep::Accepted { agent, waited_ms },
            Held::Assigned { by } => RouteStep::Assigned {
                agent,
                waited_ms,
                by,
            },
            Held::Taken => RouteStep::Taken { agent, waited_ms },
            Held::Transferred { from } => RouteStep::TransferredToAgent { from, to: agent },
        };
        let by = match how {
            Held::Accepted | Held::Taken => agent,
            Held::Assigned { by } => by.unwrap_or(UserId::SERVER),
            Held::Transferred { from } => from.unwrap_or(UserId::SERVER),
        };
        self.note_step(queue, by, id, step, turn);
        if let InquiryState::Waiting | InquiryState::Offered { .. } = before
            && let Some(queue) = self.desk.queues.get_mut(&queue)
        {
            queue.note_wait(waited_ms);
        }
        for log in [Some(id), back].into_iter().flatten() {
            self.publish_joined(log, agent, turn.batch);
        }
        self.tell_inquiry(agent, id, turn);
        self.tell_visitor(id, turn);
        self.touch_agent(agent, turn);
    }

    /// Ends an offer. The inquiry waits again, as long as it did.
    pub(crate) fn end_offer(&mut self, id: ConversationId, end: OfferEnd, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let InquiryState::Offered { agent, .. } = record.state else {
            return;
        };
        let mut record = InquiryRecord {
            state: InquiryState::Waiting,
            ..record.clone()
        };
        if matches!(end, OfferEnd::Refused | OfferEnd::Expired) {
            record.refused.retain(|&known| known != agent);
            record.refused.push(agent);
        }
        turn.touched.insert(record.queue);
        self.put_inquiry(id, record, turn);
        self.touch_agent(agent, turn);
        self.note_idle(agent, turn);
        let gone = DeskUpdate::OfferGone {
            conversation: id,
            why: end,
        };
        self.tell_agent(agent, gone, turn);
    }

    /// Ends an offer for a reason that is not the agent's, and notes it.
    pub(crate) fn withdraw(&mut self, id: ConversationId, why: ReturnCause, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let InquiryState::Offered { agent, .. } = record.state else {
            return;
        };
        let queue = record.queue;
        self.end_offer(id, OfferEnd::Withdrawn, turn);
        let step = RouteStep::Withdrawn { agent, why };
        self.note_step(queue, UserId::SERVER, id, step, turn);
    }

    /// Takes an inquiry from who holds it. It waits again, as long as it did.
    pub(crate) fn give_back(&mut self, id: ConversationId, why: ReturnCause, turn: &mut Turn<'_>) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let InquiryState::Held { agent, .. } = record.state else {
            return;
        };
        let queue = record.queue;
        self.end_hold(id, None, turn);
        let step = RouteStep::Returned { agent, why };
        self.note_step(queue, UserId::SERVER, id, step, turn);
        self.tell_visitor(id, turn);
    }

    /// Ends what an agent has of an inquiry. It waits.
    pub(crate) fn end_hold(
        &mut self,
        id: ConversationId,
        to: Option<ConversationId>,
        turn: &mut Turn<'_>,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let InquiryState::Held { agent, .. } = record.state else {
            return;
        };
        let record = InquiryRecord {
            state: InquiryState::Waiting,
            ..record.clone()
        };
        let (queue, back, joined) = (record.queue, record.back, record.joined.clone());
        turn.touched.insert(queue);
        self.put_inquiry(id, record, turn);
        let queue = to.and_then(|to| self.queue_name(to));
        // The last entry that they may read.
        let last = self.note_change(id, agent, DeskEntry::Transferred { queue }, turn);
        if !joined.contains(&agent) {
            self.remove_from_desk(id, agent, last, turn);
            if let Some(back) = back {
                self.remove_from_back(back, agent, turn);
            }
        }
        self.touch_agent(agent, turn);
        self.note_idle(agent, turn);
        self.tell_inquiry(agent, id, turn);
    }

    /// Moves an inquiry that no agent has into another queue.
    pub(crate) fn move_to(
        &mut self,
        id: ConversationId,
        queue: ConversationId,
        turn: &mut Turn<'_>,
    ) {
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let from = record.queue;
        let record = InquiryRecord {
            queue,
            refused: Vec::new(),
            forget_at: None,
            last_offered: None,
            ..record.clone()
        };
        turn.touched.insert(queue);
        self.put_inquiry(id, record, turn);
        turn.batch.publish(Update::DeskChanged { queue: from });
        if from != queue {
            self.note_step(queue, UserId::SERVER, id, RouteStep::Entered { from }, turn);
        }
    }

    /// Closes an inquiry. Only its visitor is a member from then on.
    pub(crate) fn close(
        &mut self,
        id: ConversationId,
        by: ClosedBy,
        tags: Vec<Tag>,
        turn: &mut Turn<'_>,
    ) {
        if let Some(InquiryState::Offered { .. }) = self.desk.inquiry(id).map(|record| record.state)
        {
            self.withdraw(id, ReturnCause::Closed, turn);
        }
        let Some(record) = self.desk.inquiry(id) else {
            return;
        };
        let holder = record.state.agent();
        let joined = std::mem::take(&mut record.joined.clone());
        let mut closed = InquiryRecord {
            state: InquiryState::Closed { at: turn.now, by },
            refused: Vec::new(),
            forget_at: None,
            last_offered: None,
            rating: None,
            joined: Vec::new(),
            ..record.clone()
        };
        add_tags(&mut closed.tags, tags);
        let (queue, back, tags) = (closed.queue, closed.back, closed.tags.clone());
        let open_ms = turn.now.get().saturating_sub(closed.opened_at.get());
        let sender = match by {
            ClosedBy::Visitor => UserId::VISITOR,
            ClosedBy::Agent(user) => user,
            ClosedBy::Idle => UserId::SERVER,
        };
        self.put_inquiry(id, closed, turn);
        let by_visitor = by == ClosedBy::Visitor;
        let last = self.note_change(id, sender, DeskEntry::Closed { by_visitor }, turn);
        let leavers: Vec<UserId> = joined
            .into_iter()
            .chain(holder)
            .filter(|&user| self.is_member(user, id))
            .collect();
        for &user in &leavers {
            self.remove_from_desk(id, user, last, turn);
            if let Some(back) = back {
                self.remove_from_back(back, user, turn);
            }
        }
        let step = RouteStep::Closed {
            by,
            agent: holder,
            tags,
            open_ms,
        };
        self.note_step(queue, sender, id, step, turn);
        if let Some(agent) = holder {
            self.touch_agent(agent, turn);
            self.note_idle(agent, turn);
            self.tell_inquiry(agent, id, turn);
        }
        turn.touched.insert(queue);
        self.tell_visitor(id, turn);
        // Nothing of a closed inquiry stays in memory.
        self.forget_revision(id);
    }

    /// Notes that an agent was given an inquiry.
    fn note_given(&mut self, user: UserId, turn: &mut Turn<'_>) {
        let Some(agent) = self.desk.agent(user) else {
            return;
        };
        let mut stand = agent.record.stand;
        stand.given = self.desk.next_ordinal();
        stand.given_at = turn.now;
        self.put_stand(user, stand, turn);
    }

    /// Notes that an agent did something by hand. Without a session, their absence begins again:
    /// they need not have a session that receives what is pushed.
    pub(crate) fn note_active(&mut self, user: UserId, turn: &mut Turn<'_>) {
        let Some(agent) = self.desk.agent(user) else {
            return;
        };
        let mut stand = agent.record.stand;
        if let Attendance::Absent { since, grace_ms } = &mut stand.attendance
            && *since < self.desk.clock.time()
        {
            let passed_ms = self.desk.clock.since_ms(*since);
            *since = self.desk.clock.time();
            *grace_ms = grace_ms.saturating_sub(u32::try_from(passed_ms).unwrap_or(u32::MAX));
            self.put_stand(user, stand, turn);
        }
    }

    /// Forgets the offers that an agent let pass.
    fn forgive(&mut self, user: UserId, turn: &mut Turn<'_>) {
        let stand = self.desk.agent(user).map(|agent| agent.record.stand);
        if let Some(mut stand) = stand.filter(|stand| stand.missed > 0) {
            stand.missed = 0;
            self.put_stand(user, stand, turn);
        }
    }

    /// Notes that an agent has nothing to do, where a queue asks for it.
    fn note_idle(&mut self, user: UserId, turn: &mut Turn<'_>) {
        let Some(agent) = self.desk.agent(user).filter(|agent| agent.load() == 0) else {
            return;
        };
        let is_asked = agent.queues().any(|id| {
            let queue = self.desk.queue(id);
            queue.is_some_and(|queue| queue.record.config.strategy == Strategy::LongestIdle)
        });
        if is_asked {
            let mut stand = agent.record.stand;
            stand.idle = self.desk.next_ordinal();
            self.put_stand(user, stand, turn);
        }
    }

    /// Notes at the visitor who held their inquiry.
    fn note_holder(
        &mut self,
        visitor: cairn_proto::ids::VisitorId,
        agent: UserId,
        turn: &mut Turn<'_>,
    ) {
        let Some(stored) = self.desk.visitors.get(&visitor) else {
            return;
        };
        let record = VisitorRecord {
            last_agent: Some(agent),
            last_held_at: turn.now,
            ..stored.record.clone()
        };
        self.make(
            &Change::Visitor(visitor, Some(Box::new(record))),
            turn.batch,
        );
    }

    /// Adds a member, who sees all entries. In an inquiry the next one tells of it; in logs of
    /// notes and of queues none does.
    pub(crate) fn add_to_desk(&mut self, id: ConversationId, user: UserId, turn: &mut Turn<'_>) {
        let Some(found) = self.conversations.get(&id) else {
            return;
        };
        if found.member(user).is_some() {
            return;
        }
        let counts = MemberCounts {
            members: found.record.counts.members + 1,
            ..found.record.counts
        };
        let joined = match found.record.kind {
            KindRecord::Inquiry => found.record.head.next(),
            _ => found.record.head,
        };
        self.make(
            &Change::Member {
                conversation: id,
                user,
                role: Role::Member,
                joined,
                counts,
            },
            turn.batch,
        );
    }

    /// Ends a membership with an entry that names it.
    pub(crate) fn remove_from_desk(
        &mut self,
        id: ConversationId,
        user: UserId,
        last: MsgId,
        turn: &mut Turn<'_>,
    ) {
        if self.end_desk_membership(id, user, turn) {
            turn.batch.publish(Update::Left {
                user,
                conversation: id,
                last,
            });
        }
    }

    /// Ends a membership without publishing it. Returns whether there was one.
    pub(crate) fn end_desk_membership(
        &mut self,
        id: ConversationId,
        user: UserId,
        turn: &mut Turn<'_>,
    ) -> bool {
        let Some(found) = self.conversations.get(&id) else {
            return false;
        };
        if found.member(user).is_none() {
            return false;
        }
        let counts = MemberCounts {
            members: found.record.counts.members.saturating_sub(1),
            ..found.record.counts
        };
        self.make(
            &Change::MemberRemoved {
                conversation: id,
                user,
                counts,
            },
            turn.batch,
        );
        true
    }

    /// Ends a membership in the notes, which have no entry about it.
    pub(crate) fn remove_from_back(
        &mut self,
        back: ConversationId,
        user: UserId,
        turn: &mut Turn<'_>,
    ) {
        let head = self.conversations.get(&back).map(|found| found.record.head);
        self.remove_from_desk(back, user, head.unwrap_or_default(), turn);
    }
}

/// Adds tags, up to as many as an inquiry may have.
pub(crate) fn add_tags(tags: &mut Vec<Tag>, add: Vec<Tag>) {
    for tag in add {
        if !tags.contains(&tag) && tags.len() < cairn_proto::limits::TAGS_MAX {
            tags.push(tag);
        }
    }
}
