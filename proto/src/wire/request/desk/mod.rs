//! Requests about the support desk. Those of visitors, of agents, of supervisors and of admins are
//! in this order.

mod admin;
mod agent;
mod supervisor;
mod visitor;

pub use self::admin::{
    CreateQueue, EraseVisitor, GetRouteRules, ListDeskKeys, RemoveAgent, RemoveQueue,
    RevokeDeskKey, SetAgent, SetCanned, SetQueue, SetRouteRules,
};
pub use self::agent::{
    AcceptInquiry, CloseInquiry, ExplainInquiry, GetInquiry, GetMyDesk, ListCanned, OpenBack,
    RefuseInquiry, ReopenInquiry, SetDuty, SetInquiryPriority, TagInquiry, TakeInquiry,
    TransferInquiry, TransferTarget,
};
pub use self::supervisor::{
    AssignInquiry, JoinInquiry, ListAgents, ListInquiries, ListQueues, SetAgentDuty,
};
pub use self::visitor::{EndInquiry, MyInquiry, RateInquiry};

use crate::ids::ConversationId;
use crate::model::desk::{
    AgentInfo, Canned, DeskKeyInfo, ExplainedInquiry, InquiryInfo, InquiryPage, MyDesk, QueueInfo,
    RouteRule, VisitorInquiry,
};
use crate::wire::request::domain::requests;
use crate::wire::request::list::{List, Page};

requests! {
    /// A request about the support desk.
    DeskRequest {
        /// Reads the visitor's own inquiry, the last one if none is open.
        MyInquiry(MyInquiry) -> Option<VisitorInquiry>,
        /// Closes the visitor's own inquiry.
        EndInquiry(EndInquiry) -> (),
        /// Rates the visitor's own inquiry.
        RateInquiry(RateInquiry) -> (),
        /// Reads what the agent has to do.
        GetMyDesk(GetMyDesk) -> MyDesk,
        /// Sets the agent's own duty.
        SetDuty(SetDuty) -> (),
        /// Accepts an offered inquiry.
        AcceptInquiry(AcceptInquiry) -> (),
        /// Refuses an offered inquiry.
        RefuseInquiry(RefuseInquiry) -> (),
        /// Takes an inquiry that waits.
        TakeInquiry(TakeInquiry) -> (),
        /// Passes an inquiry on.
        TransferInquiry(TransferInquiry) -> (),
        /// Closes an inquiry.
        CloseInquiry(CloseInquiry) -> (),
        /// Opens a closed inquiry again, as its agent.
        ReopenInquiry(ReopenInquiry) -> (),
        /// Changes the tags of an inquiry.
        TagInquiry(TagInquiry) -> (),
        /// Changes the priority of an inquiry.
        SetInquiryPriority(SetInquiryPriority) -> (),
        /// Opens the log of notes of an inquiry. Answered with its id.
        OpenBack(OpenBack) -> ConversationId,
        /// Lists canned replies by prefix.
        ListCanned(ListCanned) -> Page<Canned>,
        /// Reads an inquiry.
        GetInquiry(GetInquiry) -> InquiryInfo,
        /// Explains why an inquiry is where it is.
        ExplainInquiry(ExplainInquiry) -> ExplainedInquiry,
        /// Reads a page of inquiries.
        ListInquiries(ListInquiries) -> InquiryPage,
        /// Joins an inquiry beside its agent.
        JoinInquiry(JoinInquiry) -> (),
        /// Assigns an inquiry to an agent.
        AssignInquiry(AssignInquiry) -> (),
        /// Sets the duty of an agent.
        SetAgentDuty(SetAgentDuty) -> (),
        /// Lists agents, ordered by id.
        ListAgents(ListAgents) -> Page<AgentInfo>,
        /// Lists queues, ordered by id.
        ListQueues(ListQueues) -> Page<QueueInfo>,
        /// Creates a queue.
        CreateQueue(CreateQueue) -> ConversationId,
        /// Changes a queue.
        SetQueue(SetQueue) -> (),
        /// Removes a queue.
        RemoveQueue(RemoveQueue) -> (),
        /// Makes a user an agent, or changes an agent.
        SetAgent(SetAgent) -> (),
        /// Makes an agent no longer one.
        RemoveAgent(RemoveAgent) -> (),
        /// Reads the routing rules, in order.
        GetRouteRules(GetRouteRules) -> List<RouteRule>,
        /// Replaces the routing rules.
        SetRouteRules(SetRouteRules) -> (),
        /// Sets or removes a canned reply.
        SetCanned(SetCanned) -> (),
        /// Lists the keys of the desk.
        ListDeskKeys(ListDeskKeys) -> List<DeskKeyInfo>,
        /// Revokes a key of the desk.
        RevokeDeskKey(RevokeDeskKey) -> (),
        /// Erases a visitor with all inquiries. Answered with their number.
        EraseVisitor(EraseVisitor) -> u32,
    }
}
