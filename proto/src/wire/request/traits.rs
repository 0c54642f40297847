//! What holds for each kind of request, in one table.

use crate::wire::request::desk::DeskRequest as Desk;
use crate::wire::request::group::GroupRequest as Group;
use crate::wire::request::message::MessageRequest as Message;
use crate::wire::request::people::PeopleRequest as People;
use crate::wire::request::reading::ReadingRequest as Reading;
use crate::wire::request::server::ServerRequest as Server;
use crate::wire::request::session::SessionRequest as Session;

/// What holds for a kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Whether it shows that a user is active: it changes something, or asks for something that
    /// only users ask for. Requests that clients send by themselves do not.
    pub is_activity: bool,
    /// Whether each repetition appends an entry to a log, so that the server limits its rate.
    pub is_rate_limited: bool,
    /// Whether it may be executed twice, as after a lost answer. The exceptions create something
    /// each time, or their repetition could undo what another device or user did in the meantime: a
    /// newer edit, a read, a removal from the group.
    pub is_idempotent: bool,
    /// Whether the server refuses it while its disk is nearly full. Sends are not listed here: one
    /// that was accepted stays accepted when it is repeated.
    pub grows_storage: bool,
    /// What it costs the server.
    pub cost: Cost,
}

/// What a request costs the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// The same for every request of this kind.
    Constant,
    /// Proportional to the items that the request names.
    PerItem,
    /// A page of what is stored.
    Page,
}

/// A user's change, which may be repeated.
const CHANGE: Traits = Traits {
    is_activity: true,
    is_rate_limited: false,
    is_idempotent: true,
    grows_storage: false,
    cost: Cost::Constant,
};

/// A client's request without a change.
const QUERY: Traits = Traits {
    is_activity: false,
    ..CHANGE
};

impl Traits {
    const fn rate_limited(self) -> Self {
        Self {
            is_rate_limited: true,
            ..self
        }
    }

    const fn once(self) -> Self {
        Self {
            is_idempotent: false,
            ..self
        }
    }

    const fn grows_storage(self) -> Self {
        Self {
            grows_storage: true,
            ..self
        }
    }

    const fn cost(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }
}

impl Message {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Send(_) | Self::Forward(_) | Self::Recall(_) => CHANGE,
            Self::Edit(_) | Self::EditMentioning(_) => CHANGE.rate_limited().once().grows_storage(),
            Self::React(_) => CHANGE.rate_limited().grows_storage(),
            Self::Unreact(_) | Self::Pin(_) | Self::Unpin(_) => CHANGE.rate_limited(),
            Self::ListPins(_) | Self::GetImportCursor(_) => QUERY,
            Self::Import(_) => QUERY.grows_storage().cost(Cost::PerItem),
        }
    }
}

impl Reading {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Ack(_) | Self::Explain(_) | Self::GetOwnReads(_) => QUERY,
            Self::MarkRead(_) | Self::SetOwnReads(_) => CHANGE,
            Self::MarkUnread(_) => CHANGE.once().cost(Cost::Page),
            Self::GetReceipts(_) => QUERY.cost(Cost::Page),
        }
    }
}

impl Group {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::CreateGroup(_) => CHANGE.once().grows_storage().cost(Cost::PerItem),
            Self::AddMembers(_) | Self::RemoveMembers(_) => CHANGE.cost(Cost::PerItem),
            Self::Ban(_) | Self::Unban(_) => CHANGE.cost(Cost::PerItem),
            Self::RenameGroup(_) | Self::SetTopic(_) => CHANGE,
            Self::SetGroupSettings(_) | Self::SetRole(_) => CHANGE,
            Self::HandOver(_) => CHANGE.once(),
            Self::JoinGroup(_) => CHANGE.rate_limited().once(),
            Self::MuteMember(_) => CHANGE,
            Self::SetMemberSettings(_) | Self::SetRetention(_) => CHANGE,
            Self::FindGroups(_) => CHANGE.cost(Cost::Page),
            Self::ListMembers(_) | Self::ListBanned(_) => QUERY.cost(Cost::Page),
            Self::GetGroup(_) | Self::GetRetention(_) => QUERY,
        }
    }
}

impl People {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::FindUsers(_) | Self::GetUsers(_) => QUERY.cost(Cost::PerItem),
            Self::GetProfiles(_) => QUERY.cost(Cost::PerItem),
            Self::SearchUsers(_) => CHANGE.cost(Cost::Page),
            Self::ListContacts(_) => QUERY.cost(Cost::Page),
            Self::Relate(_) => CHANGE,
            Self::SetProfile(_) => CHANGE.grows_storage(),
            Self::GetKeywords(_) => QUERY,
            Self::ChangeKeywords(_) => CHANGE.grows_storage().cost(Cost::PerItem),
            Self::RenameUser(_) | Self::ClaimImported(_) => CHANGE,
        }
    }
}

impl Server {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::RevokeDevice(_) | Self::SetSetting(_) => CHANGE,
            Self::SetServerRole(_) | Self::ReactivateUser(_) => CHANGE,
            Self::DeactivateUser(_) => CHANGE.cost(Cost::Page),
            Self::RevokeInvite(_) => CHANGE,
            Self::ListSettings(_) => QUERY,
            Self::ListAudit(_) | Self::ListInvites(_) => QUERY.cost(Cost::Page),
        }
    }
}

impl Session {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Pull(_) | Self::ListConversations(_) => QUERY.cost(Cost::Page),
            Self::Watch(_) => QUERY.cost(Cost::PerItem),
            Self::Focus(_) | Self::SetPresence(_) => CHANGE,
            Self::ListDevices(_) | Self::GetMetrics(_) => QUERY,
            Self::CreateInvite(_) | Self::CreateReset(_) | Self::SetPassword(_) => CHANGE.once(),
            Self::Search(_) => CHANGE.cost(Cost::Page),
            Self::OpenInquiry(_) => CHANGE.grows_storage().cost(Cost::PerItem),
            Self::NewDeskKey(_) => CHANGE.once(),
        }
    }
}

impl Desk {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::MyInquiry(_) | Self::GetMyDesk(_) | Self::GetInquiry(_) => QUERY,
            Self::EndInquiry(_) | Self::RateInquiry(_) | Self::SetDuty(_) => CHANGE,
            Self::AcceptInquiry(_) => CHANGE,
            Self::RefuseInquiry(_) | Self::TakeInquiry(_) => CHANGE.once(),
            Self::TransferInquiry(_) | Self::ReopenInquiry(_) => CHANGE.rate_limited().once(),
            Self::CloseInquiry(_) => CHANGE.once(),
            Self::TagInquiry(_) | Self::SetInquiryPriority(_) => CHANGE,
            Self::OpenBack(_) => CHANGE.grows_storage(),
            Self::ListCanned(_) => QUERY.cost(Cost::Page),
            Self::ExplainInquiry(_) | Self::ListInquiries(_) => QUERY.cost(Cost::Page),
            Self::JoinInquiry(_) | Self::SetAgentDuty(_) => CHANGE,
            Self::AssignInquiry(_) => CHANGE.once(),
            Self::ListAgents(_) | Self::ListQueues(_) => QUERY.cost(Cost::Page),
            Self::CreateQueue(_) => CHANGE.once().grows_storage(),
            Self::SetQueue(_) | Self::SetAgent(_) => CHANGE.grows_storage(),
            Self::RemoveQueue(_) | Self::RemoveAgent(_) => CHANGE,
            Self::GetRouteRules(_) | Self::ListDeskKeys(_) => QUERY.cost(Cost::Page),
            Self::SetRouteRules(_) => CHANGE.grows_storage().cost(Cost::PerItem),
            Self::SetCanned(_) => CHANGE.grows_storage(),
            Self::RevokeDeskKey(_) => CHANGE,
            Self::EraseVisitor(_) => CHANGE.cost(Cost::Page),
        }
    }
}
