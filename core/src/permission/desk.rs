//! Permissions about inquiries of the support desk. `core/tests/desk/permissions.txt` lists the
//! outcome of every request.

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::model::desk::InquiryState;
use cairn_proto::wire::error::ErrorCode;

use crate::api::actor::Actor;
use crate::command::Visits;
use crate::record::{InquiryRecord, KindRecord};
use crate::state::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeskAction {
    /// Read about it, not what was said in it.
    See,
    /// Accept or refuse an offer.
    Answer,
    Take {
        /// Whether its queue lets agents take what waits.
        is_open_to_agents: bool,
    },
    /// Pass it on, close or tag it.
    Handle,
    Reopen,
    /// Join it, or give it to others.
    Supervise,
}

/// What a user is to an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeskRole {
    Stranger,
    /// Serves its queue.
    Agent,
    /// It is offered to them.
    Offered,
    Holder,
    /// Oversees its queue, or is an admin of the server.
    Supervisor,
}

/// Decides an action. For a user who may not know of an inquiry, it does not exist.
pub(crate) const fn decide(action: DeskAction, standing: DeskRole) -> Result<(), ErrorCode> {
    match (action, standing) {
        (_, DeskRole::Stranger) => Err(ErrorCode::NotFound),
        (DeskAction::See | DeskAction::Reopen, _)
        | (DeskAction::Answer, DeskRole::Offered)
        | (DeskAction::Handle | DeskAction::Take { .. }, DeskRole::Holder)
        | (
            DeskAction::Handle | DeskAction::Take { .. } | DeskAction::Supervise,
            DeskRole::Supervisor,
        )
        | (
            DeskAction::Take {
                is_open_to_agents: true,
            },
            _,
        ) => Ok(()),
        (DeskAction::Answer, _) => Err(ErrorCode::Taken),
        (DeskAction::Handle, _) => Err(ErrorCode::NotFound),
        (DeskAction::Take { .. } | DeskAction::Supervise, _) => Err(ErrorCode::Forbidden),
    }
}

impl State {
    /// Checks who makes a request: a device that still exists, or a visitor who may make it.
    pub(crate) fn check_requester(&self, actor: Actor, visits: Visits) -> Result<(), ErrorCode> {
        match actor.user == UserId::VISITOR {
            true => self.check_visit(actor, visits),
            false => self.check_actor(actor),
        }
    }

    /// Returns whether a user oversees a queue.
    pub(crate) fn supervises(&self, user: UserId, queue: ConversationId) -> bool {
        self.is_server_admin(user)
            || self
                .desk
                .agent(user)
                .is_some_and(|agent| agent.record.config.supervises.contains(&queue))
    }

    pub(crate) fn serves(&self, user: UserId, queue: ConversationId) -> bool {
        self.desk
            .agent(user)
            .is_some_and(|agent| agent.serves(queue))
    }

    pub(crate) fn standing(&self, user: UserId, record: &InquiryRecord) -> DeskRole {
        match record.state {
            _ if self.supervises(user, record.queue) => DeskRole::Supervisor,
            InquiryState::Offered { agent, .. } if agent == user => DeskRole::Offered,
            InquiryState::Held { agent, .. } if agent == user => DeskRole::Holder,
            _ if self.serves(user, record.queue) => DeskRole::Agent,
            _ => DeskRole::Stranger,
        }
    }

    /// Checks an action on an inquiry, which must be in memory if it exists.
    pub(crate) fn check_desk(
        &self,
        user: UserId,
        id: ConversationId,
        action: DeskAction,
    ) -> Result<&InquiryRecord, ErrorCode> {
        let record = self.desk.inquiry(id).filter(|record| !record.is_erased);
        let record = record.ok_or(ErrorCode::NotFound)?;
        let is_offered = matches!(
            record.state,
            InquiryState::Offered { agent, .. } if agent == user
        );
        let standing = match action {
            // A supervisor accepts what is offered to them as any agent does.
            DeskAction::Answer if is_offered => DeskRole::Offered,
            _ => self.standing(user, record),
        };
        decide(action, standing)?;
        Ok(record)
    }

    /// Returns whether a user who is no member may read a log of the desk: supervisors those of
    /// their queues and inquiries, and agents the notes of their queues.
    pub(crate) fn may_read_desk(&self, user: UserId, id: ConversationId) -> bool {
        let Some(found) = self.conversation(id) else {
            return false;
        };
        let queue_of = |id| self.desk.inquiry(id).map(|record| record.queue);
        match found.record.kind {
            KindRecord::Queue => self.supervises(user, id),
            KindRecord::Inquiry => queue_of(id).is_some_and(|queue| self.supervises(user, queue)),
            KindRecord::Back { of } => queue_of(of)
                .is_some_and(|queue| self.supervises(user, queue) || self.serves(user, queue)),
            KindRecord::Direct | KindRecord::Group { .. } => false,
        }
    }
}
