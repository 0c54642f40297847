//! The support desk: visitors ask in inquiries, which wait in queues until agents answer.

use cairn_proto::ids::{ConversationId, LinkId, Timestamp, UserId};
use cairn_proto::model::desk::{OfficeHours, VisitorInquiry};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::Call;
use cairn_proto::wire::request::desk::{
    MyInquiry, EndInquiry, RateInquiry, GetMyDesk, SetDuty, AcceptInquiry, RefuseInquiry, TakeInquiry, TransferInquiry, CloseInquiry, ReopenInquiry, TagInquiry, SetInquiryPriority, OpenBack, ListCanned, GetInquiry, ExplainInquiry, ListInquiries, JoinInquiry, AssignInquiry, SetAgentDuty, ListAgents, ListQueues, CreateQueue, SetQueue, RemoveQueue, SetAgent, RemoveAgent, GetRouteRules, SetRouteRules, SetCanned, ListDeskKeys, RevokeDeskKey, EraseVisitor,
};

use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::desk::{
    AgentPresence, CountDesk, DeskCounted, DeskDue, FindDesk, FoundDesk, MakeDeskKey, OpenVisit,
    SetQueueHours, VisitorIn, VisitorLogin,
};
use crate::command::{Command, Context, Handle};
use crate::prefetch::Load;
use crate::state::State;

macro_rules! refused {
    ($($call:ty),*) => {$(
        impl Handle for $call {
            type Found = ();

            fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

            fn execute(
                self,
                _: &mut State,
                _: Context<'_>,
            ) -> Result<<Self as Call>::Answer, ErrorCode> {
                Err(ErrorCode::NotFound)
            }
        }
    )*};
}
refused!(MyInquiry, EndInquiry, RateInquiry, GetMyDesk, SetDuty, AcceptInquiry, RefuseInquiry, TakeInquiry, TransferInquiry, CloseInquiry, ReopenInquiry, TagInquiry, SetInquiryPriority, OpenBack, ListCanned, GetInquiry, ExplainInquiry, ListInquiries, JoinInquiry, AssignInquiry, SetAgentDuty, ListAgents, ListQueues, CreateQueue, SetQueue, RemoveQueue, SetAgent, RemoveAgent, GetRouteRules, SetRouteRules, SetCanned, ListDeskKeys, RevokeDeskKey, EraseVisitor);

macro_rules! refused_commands {
    ($($command:ty => $answer:ty),*) => {$(
        impl Command for $command {
            type Answer = $answer;
            type Found = ();

            fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

            fn execute(
                self,
                (): (),
                _: &mut State,
                _: Timestamp,
                _: &mut Batch,
            ) -> Result<$answer, ErrorCode> {
                Err(ErrorCode::NotFound)
            }
        }
    )*};
}
refused_commands!(FindDesk => FoundDesk, VisitorLogin => VisitorIn, OpenVisit => VisitorInquiry,
    AgentPresence => (), DeskDue => (), SetQueueHours => (), CountDesk => DeskCounted,
    MakeDeskKey => LinkId);

impl State {
    /// When [`DeskDue`] is to be executed next; a time in the past for at once.
    #[must_use]
    pub const fn desk_due(&self) -> Option<Timestamp> {
        None
    }

    /// Returns whether the user is an agent.
    #[must_use]
    pub const fn is_agent(&self, _: UserId) -> bool {
        false
    }

    /// The agents, ordered by id.
    pub fn agents(&self) -> impl Iterator<Item = UserId> {
        std::iter::empty()
    }

    /// The queues that a user serves or supervises.
    #[must_use]
    pub const fn agent_queues(&self, _: UserId) -> Vec<ConversationId> {
        Vec::new()
    }

    /// The queues whose hours are not known for long enough.
    #[must_use]
    pub const fn queues_wanting_hours(&self, _: Timestamp) -> Vec<(ConversationId, OfficeHours)> {
        Vec::new()
    }
}
