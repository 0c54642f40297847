//! Requests of supervisors.

pub(super) mod lists;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::desk::{DeskEntry, InquiryState, ReturnCause, RouteStep};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{AssignInquiry, JoinInquiry, SetAgentDuty};

use super::agents::about_inquiry;
use super::steps::Held;
use super::turn::Turn;
use crate::api::actor::Actor;
use crate::command::{Context, Handle};
use crate::permission::desk::DeskAction;
use crate::prefetch::Load;
use crate::state::State;

about_inquiry! {
    JoinInquiry => (), |call, state, user, turn| state.join_inquiry(user, call.conversation, turn);
    AssignInquiry => (), |call, state, user, turn| state.assign(user, call, turn);
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
