//! Requests of agents: duty, offers, and what they do with inquiries.

mod notes;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::{PRIORITY_MAX, TAGS_MAX};
use cairn_proto::model::desk::{
    AnswerMode, ClosedBy, DeskUpdate, Duty, ExplainedInquiry, InquiryInfo, InquiryState, OfferEnd,
    ReturnCause, RouteStep,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{
    AcceptInquiry, CloseInquiry, ExplainInquiry, GetInquiry, OpenBack, RefuseInquiry,
    ReopenInquiry, SetDuty, SetInquiryPriority, TagInquiry, TakeInquiry, TransferInquiry,
    TransferTarget,
};

use super::steps::{Held, add_tags};
use super::turn::Turn;
use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::permission::desk::DeskAction;
use crate::prefetch::Load;
use crate::record::InquiryRecord;
use crate::state::State;

macro_rules! about_inquiry {
    ($(
        $call:ty => $answer:ty,
        |$this:ident, $state:ident, $user:ident, $turn:ident| $do:expr;
    )*) => {$(
        impl Handle for $call {
            type Found = ();

            fn prefetch(&self, _: Actor, state: &State, loads: &mut Vec<Load>) {
                state.whole_inquiry(self.conversation, loads);
                state.back_of(self.conversation, loads);
                state.visitor_of(self.conversation, loads);
            }

            fn execute(
                self,
                $state: &mut State,
                context: Context<'_>,
            ) -> Result<$answer, ErrorCode> {
                let ($this, $user) = (self, context.actor.user);
                let mut turn = Turn::new(context.now, context.batch);
                let $turn = &mut turn;
                let answer: $answer = $do?;
                $state.route(&mut turn);
                Ok(answer)
            }
        }
    )*};
}
pub(super) use about_inquiry;

about_inquiry! {
    AcceptInquiry => (), |call, state, user, turn|
        state.accept_offer(user, call.conversation, turn);
    RefuseInquiry => (), |call, state, user, turn| state.refuse(user, call.conversation, turn);
    TakeInquiry => (), |call, state, user, turn| state.take(user, call.conversation, turn);
    TransferInquiry => (), |call, state, user, turn| state.transfer(user, call, turn);
    CloseInquiry => (), |call, state, user, turn| {
        let CloseInquiry { conversation: id, tags } = call;
        state.check_desk(user, id, DeskAction::Handle).and_then(|record| {
            match record.state.is_open() && tags.len() <= TAGS_MAX {
                true => Ok(()),
                false => Err(ErrorCode::InquiryClosed),
            }
        }).map(|()| state.close(id, ClosedBy::Agent(user), tags, turn))
    };
    ReopenInquiry => (), |call, state, user, turn| state.reopen(user, call.conversation, turn);
    TagInquiry => (), |call, state, user, turn| state.tag(user, call, turn);
    SetInquiryPriority => (), |call, state, user, turn| state.prioritize(user, call, turn);
    OpenBack => ConversationId, |call, state, user, turn|
        state.open_back(user, call.conversation, turn);
    GetInquiry => InquiryInfo, |call, state, user, _turn| {
        state.check_desk(user, call.conversation, DeskAction::See)
            .map(drop)
            .and_then(|()| state.inquiry_info(call.conversation).ok_or(ErrorCode::NotFound))
    };
    ExplainInquiry => ExplainedInquiry, |call, state, user, turn| {
        let now = turn.now;
        state.check_desk(user, call.conversation, DeskAction::See)
            .map(drop)
            .and_then(|()| state.explain(call.conversation, now).ok_or(ErrorCode::NotFound))
    };
}

impl Handle for SetDuty {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let user = context.actor.user;
        if state.desk.agent(user).is_none() {
            return Err(ErrorCode::NotAgent);
        }
        let mut turn = Turn::new(context.now, context.batch);
        state.set_duty(user, self.duty, user, &mut turn);
        state.route(&mut turn);
        Ok(())
    }
}

impl State {
    /// Loads the notes about an inquiry.
    pub(crate) fn back_of(&self, id: ConversationId, loads: &mut Vec<Load>) {
        if let Some(back) = self.desk.inquiry(id).and_then(|record| record.back) {
            self.members_alone(back, loads);
        }
    }

    /// Loads whose inquiry it is. They are in memory while one of theirs is open.
    pub(super) fn visitor_of(&self, id: ConversationId, loads: &mut Vec<Load>) {
        let record = self.desk.inquiry(id).filter(|record| !record.is_erased);
        let visitor = record.map(|record| record.visitor);
        let unknown = visitor.filter(|visitor| !self.desk.visitors.contains_key(visitor));
        loads.extend(unknown.map(Load::Visitor));
    }

    fn accept_offer(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let is_held = self.desk.inquiry(id).is_some_and(
            |record| matches!(record.state, InquiryState::Held { agent, .. } if agent == user),
        );
        if is_held {
            return Ok(());
        }
        self.check_desk(user, id, DeskAction::Answer)?;
        self.hold(id, user, Held::Accepted, turn);
        let gone = DeskUpdate::OfferGone {
            conversation: id,
            why: OfferEnd::Accepted,
        };
        self.tell_agent(user, gone, turn);
        Ok(())
    }

    fn refuse(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let queue = self.check_desk(user, id, DeskAction::Answer)?.queue;
        self.note_step(queue, user, id, RouteStep::Refused { agent: user }, turn);
        self.end_offer(id, OfferEnd::Refused, turn);
        Ok(())
    }

    /// Checks that an inquiry may be given to an agent by hand.
    pub(crate) fn check_target(
        &self,
        user: UserId,
        queue: ConversationId,
        is_present: bool,
    ) -> Result<(), ErrorCode> {
        let agent = self.desk.agent(user).ok_or(ErrorCode::NotAgent)?;
        if !agent.serves(queue) && !self.supervises(user, queue) {
            return Err(ErrorCode::NotAgent);
        }
        let stand = &agent.record.stand;
        if stand.duty != Duty::On || (is_present && !stand.is_present()) {
            return Err(ErrorCode::NotOnDuty);
        }
        match agent.has_spare_capacity() {
            true => Ok(()),
            false => Err(ErrorCode::LimitReached),
        }
    }

    fn take(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let record = self.check_desk(user, id, DeskAction::See)?;
        let (queue, state) = (record.queue, record.state);
        let config = self.desk.queue(queue).map(|queue| &queue.record.config);
        let is_open_to_agents = state == InquiryState::Left
            || config.is_some_and(|config| config.may_take || config.answer == AnswerMode::Manual);
        match state {
            InquiryState::Closed { .. } => return Err(ErrorCode::InquiryClosed),
            InquiryState::Held { agent, .. } if agent == user => return Ok(()),
            InquiryState::Held { .. } => return Err(ErrorCode::Taken),
            _ => {}
        }
        self.check_desk(user, id, DeskAction::Take { is_open_to_agents })?;
        self.check_target(user, queue, false)?;
        self.note_active(user, turn);
        self.withdraw(id, ReturnCause::Taken, turn);
        self.hold(id, user, Held::Taken, turn);
        Ok(())
    }

    fn transfer(
        &mut self,
        user: UserId,
        call: TransferInquiry,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let TransferInquiry {
            conversation: id,
            to,
            note,
        } = call;
        let record = self.check_desk(user, id, DeskAction::Handle)?;
        let (queue, state) = (record.queue, record.state);
        let from = match state {
            InquiryState::Closed { .. } => return Err(ErrorCode::InquiryClosed),
            InquiryState::Held { agent, .. } => Some(agent),
            _ => None,
        };
        let to = match to {
            TransferTarget::QueueNamed(name) => {
                TransferTarget::Queue(self.queue_named(&name).ok_or(ErrorCode::NoSuchQueue)?)
            }
            to => to,
        };
        match to {
            TransferTarget::QueueNamed(_) => return Err(ErrorCode::NoSuchQueue),
            TransferTarget::Agent(agent) => {
                if from == Some(agent) {
                    return Err(ErrorCode::BadRequest);
                }
                self.check_target(agent, queue, true)?;
                self.add_note(user, id, &note, turn);
                self.withdraw(id, ReturnCause::Taken, turn);
                self.end_hold(id, None, turn);
                self.hold(id, agent, Held::Transferred { from }, turn);
            }
            TransferTarget::Queue(to) => {
                if self.desk.queue(to).is_none() {
                    return Err(ErrorCode::NoSuchQueue);
                }
                if to == queue && from.is_none() {
                    return Err(ErrorCode::BadRequest);
                }
                self.add_note(user, id, &note, turn);
                self.withdraw(id, ReturnCause::Taken, turn);
                self.end_hold(id, Some(to), turn);
                self.note_step(
                    queue,
                    user,
                    id,
                    RouteStep::TransferredToQueue { from, to },
                    turn,
                );
                self.move_to(id, to, turn);
                self.refuse_for(id, from, turn);
                self.tell_visitor(id, turn);
            }
        }
        Ok(())
    }

    /// Keeps an inquiry from returning to who passed it on.
    fn refuse_for(&mut self, id: ConversationId, user: Option<UserId>, turn: &mut Turn<'_>) {
        let Some((record, user)) = self.desk.inquiry(id).zip(user) else {
            return;
        };
        let mut record = record.clone();
        record.refused.push(user);
        self.put_inquiry(id, record, turn);
    }

    fn reopen(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let record = self.check_desk(user, id, DeskAction::Reopen)?;
        let (queue, visitor) = (record.queue, record.visitor);
        if record.state.is_open() {
            return Err(ErrorCode::InquiryOpen);
        }
        if self.desk.queue(queue).is_none() {
            return Err(ErrorCode::NoSuchQueue);
        }
        // A visitor has at most one open inquiry, which is always the last one.
        if self.last_inquiry(visitor) != Some(id) {
            return Err(ErrorCode::InquiryOpen);
        }
        self.check_target(user, queue, false)?;
        let record = InquiryRecord {
            state: InquiryState::Waiting,
            waiting_since: self.desk.clock.time(),
            rating: None,
            ..record.clone()
        };
        self.note_active(user, turn);
        self.put_inquiry(id, record, turn);
        let entry = cairn_proto::model::desk::DeskEntry::Reopened;
        self.note_change(id, user, entry, turn);
        self.note_step(queue, user, id, RouteStep::Reopened, turn);
        self.hold(id, user, Held::Taken, turn);
        Ok(())
    }

    fn tag(
        &mut self,
        user: UserId,
        call: TagInquiry,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let TagInquiry {
            conversation: id,
            add,
            remove,
        } = call;
        let record = self.check_desk(user, id, DeskAction::Handle)?;
        if add.len() > TAGS_MAX || remove.len() > TAGS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let mut changed = record.clone();
        changed.tags.retain(|tag| !remove.contains(tag));
        add_tags(&mut changed.tags, add);
        if changed.tags == record.tags {
            return Ok(());
        }
        let (queue, tags) = (changed.queue, changed.tags.clone());
        self.put_inquiry(id, changed, turn);
        self.note_step(queue, user, id, RouteStep::Tagged { tags }, turn);
        self.tell_holder(id, turn);
        Ok(())
    }

    fn prioritize(
        &mut self,
        user: UserId,
        call: SetInquiryPriority,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let SetInquiryPriority {
            conversation: id,
            priority,
        } = call;
        let record = self.check_desk(user, id, DeskAction::Handle)?;
        if priority > PRIORITY_MAX {
            return Err(ErrorCode::BadRequest);
        }
        if record.priority == priority {
            return Ok(());
        }
        let record = InquiryRecord {
            priority,
            ..record.clone()
        };
        let queue = record.queue;
        turn.touched.insert(queue);
        self.put_inquiry(id, record, turn);
        self.note_step(queue, user, id, RouteStep::Prioritized { priority }, turn);
        self.tell_holder(id, turn);
        Ok(())
    }

    fn tell_holder(&self, id: ConversationId, turn: &mut Turn<'_>) {
        let record = self.desk.inquiry(id);
        if let Some(agent) = record.and_then(|record| record.state.agent()) {
            self.tell_inquiry(agent, id, turn);
        }
    }

    /// Changes what an agent says. Without duty nothing is offered to them; they keep what they
    /// hold.
    pub(crate) fn set_duty(&mut self, user: UserId, duty: Duty, by: UserId, turn: &mut Turn<'_>) {
        let Some(agent) = self.desk.agent(user) else {
            return;
        };
        if agent.record.stand.duty == duty {
            return;
        }
        let mut stand = agent.record.stand;
        stand.duty = duty;
        stand.missed = 0;
        let queues: Vec<ConversationId> = agent.queues().collect();
        let offered: Vec<ConversationId> = agent.inquiries.iter().copied().collect();
        self.put_stand(user, stand, turn);
        for id in offered.into_iter().filter(|_| duty != Duty::On) {
            self.withdraw(id, ReturnCause::NotOnDuty, turn);
        }
        let is_own = by == user;
        for queue in queues {
            turn.touched.insert(queue);
            if self.desk.queue(queue).is_some() {
                let step = RouteStep::Duty {
                    agent: user,
                    duty,
                    is_own,
                };
                self.note_step(queue, by, ConversationId::new(0), step, turn);
            }
        }
        let is_forced = by == UserId::SERVER;
        self.tell_agent(user, DeskUpdate::Duty { duty, is_forced }, turn);
    }
}
