//! Requests of supervisors.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::INQUIRIES_PER_PAGE_MAX;
use cairn_proto::model::desk::{
    AgentInfo, DeskEntry, InquiryFilter, InquiryPage, InquiryState, QueueInfo, ReturnCause,
    RouteStep,
};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::desk::{
    AssignInquiry, JoinInquiry, ListAgents, ListInquiries, ListQueues, SetAgentDuty,
};

use super::agents::about_inquiry;
use super::setup::{AGENTS_SHOWN_MAX, QUEUES_SHOWN_MAX};
use super::steps::Held;
use super::turn::Turn;
use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::permission::desk::DeskAction;
use crate::prefetch::Load;
use crate::record::InquiryRecord;
use crate::state::State;

about_inquiry! {
    JoinInquiry => (), |call, state, user, turn| state.join_inquiry(user, call.conversation, turn);
    AssignInquiry => (), |call, state, user, turn| state.assign(user, call, turn);
}

impl Handle for ListInquiries {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<InquiryPage, ErrorCode> {
        let user = context.actor.user;
        let Self {
            queue,
            filter,
            after,
        } = self;
        let sees_all = state.supervises(user, queue);
        if state.desk.queue(queue).is_none() || !(sees_all || state.serves(user, queue)) {
            return Err(ErrorCode::NoSuchQueue);
        }
        // Closed inquiries are in memory only while they are in use.
        let is_meant = |record: &InquiryRecord| match (filter, record.state) {
            (InquiryFilter::Open, state) => state.is_open(),
            (InquiryFilter::Waiting, state) => {
                matches!(state, InquiryState::Waiting | InquiryState::Offered { .. })
            }
            (InquiryFilter::Held, state) => matches!(state, InquiryState::Held { .. }),
            (InquiryFilter::Left, state) => state == InquiryState::Left,
            (InquiryFilter::Closed, state) => !state.is_open(),
        };
        let is_seen = |record: &InquiryRecord| {
            sees_all
                || match record.state {
                    InquiryState::Waiting | InquiryState::Offered { .. } | InquiryState::Left => {
                        true
                    }
                    InquiryState::Held { agent, .. } => agent == user,
                    InquiryState::Closed { .. } => false,
                }
        };
        let mut ids: Vec<ConversationId> = state
            .desk
            .inquiries
            .iter()
            .map(|(&id, inquiry)| (id, &inquiry.record))
            .filter(|&(id, record)| {
                record.queue == queue
                    && !record.is_erased
                    && after.is_none_or(|after| id > after)
                    && is_meant(record)
                    && is_seen(record)
            })
            .map(|(id, _)| id)
            .collect();
        ids.sort_unstable();
        let is_last = ids.len() <= INQUIRIES_PER_PAGE_MAX;
        ids.truncate(INQUIRIES_PER_PAGE_MAX);
        let next_after = ids.last().copied().filter(|_| !is_last);
        let items = ids.into_iter().filter_map(|id| state.inquiry_info(id));
        Ok(InquiryPage {
            items: items.collect(),
            next_after,
        })
    }
}

impl Handle for SetAgentDuty {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        let by = context.actor.user;
        let Self { user, duty } = self;
        let agent = state.desk.agent(user);
        let queues: Vec<_> = agent.into_iter().flat_map(|agent| agent.queues()).collect();
        let oversees = queues.into_iter().any(|queue| state.supervises(by, queue));
        if !state.is_server_admin(by) && !oversees {
            return Err(ErrorCode::Forbidden);
        }
        if state.desk.agent(user).is_none() {
            return Err(ErrorCode::NotAgent);
        }
        let mut turn = Turn::new(context.now, context.batch);
        state.set_duty(user, duty, by, &mut turn);
        state.route(&mut turn);
        Ok(())
    }
}

impl Handle for ListAgents {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<AgentInfo>, ErrorCode> {
        let user = context.actor.user;
        match self.queue {
            None if !state.is_server_admin(user) => return Err(ErrorCode::Forbidden),
            Some(id) if !(state.supervises(user, id) || state.serves(user, id)) => {
                return Err(ErrorCode::NoSuchQueue);
            }
            Some(id) if state.desk.queue(id).is_none() => return Err(ErrorCode::NoSuchQueue),
            _ => {}
        }
        let agents = state.desk.agents.iter();
        let agents = agents.filter(|(_, agent)| self.queue.is_none_or(|id| agent.serves(id)));
        let agents = agents.filter_map(|(&user, _)| state.agent_info(user));
        Ok(List(agents.take(AGENTS_SHOWN_MAX).collect()))
    }
}

impl Handle for ListQueues {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<List<QueueInfo>, ErrorCode> {
        let user = context.actor.user;
        let is_admin = state.is_server_admin(user);
        if !is_admin && !state.is_agent(user) {
            return Err(ErrorCode::NotAgent);
        }
        let own = state.agent_queues(user);
        let queues = state.desk.queues.keys();
        let queues = queues.filter(|id| is_admin || own.contains(id));
        let queues = queues.filter_map(|&id| state.queue_info(id));
        Ok(List(queues.take(QUEUES_SHOWN_MAX).collect()))
    }
}

impl State {
    fn join_inquiry(
        &mut self,
        user: UserId,
        id: ConversationId,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let record = self.check_desk(user, id, DeskAction::Supervise)?;
        if self.is_member(user, id) {
            return Ok(());
        }
        if !record.state.is_open() {
            return Err(ErrorCode::InquiryClosed);
        }
        let (queue, back) = (record.queue, record.back);
        let mut record = record.clone();
        record.joined.push(user);
        self.put_inquiry(id, record, turn);
        for log in [Some(id), back].into_iter().flatten() {
            self.add_to_desk(log, user, turn);
        }
        let (agent, name) = (user, self.public_name(user));
        self.note_change(id, user, DeskEntry::Joined { agent, name }, turn);
        self.note_step(queue, user, id, RouteStep::Joined { user }, turn);
        for log in [Some(id), back].into_iter().flatten() {
            self.publish_joined(log, user, turn.batch);
        }
        Ok(())
    }

    fn assign(
        &mut self,
        user: UserId,
        call: AssignInquiry,
        turn: &mut Turn<'_>,
    ) -> Result<(), ErrorCode> {
        let AssignInquiry {
            conversation: id,
            agent,
        } = call;
        let record = self.check_desk(user, id, DeskAction::Supervise)?;
        let (queue, state) = (record.queue, record.state);
        match state {
            InquiryState::Closed { .. } => return Err(ErrorCode::InquiryClosed),
            InquiryState::Held { agent: holder, .. } if holder == agent => return Ok(()),
            _ => {}
        }
        self.check_target(agent, queue, true)?;
        self.withdraw(id, ReturnCause::Taken, turn);
        if let InquiryState::Held { agent: from, .. } = state {
            self.end_hold(id, None, turn);
            let from = Some(from);
            self.hold(id, agent, Held::Transferred { from }, turn);
        } else {
            self.hold(id, agent, Held::Assigned { by: Some(user) }, turn);
        }
        Ok(())
    }
}
