//! What holds for each kind of request, in one table.

use crate::wire::request::{
    GroupRequest as Group, MessageRequest as Message, PeopleRequest as People,
    ReadingRequest as Reading, Request, ServerRequest as Server, SessionRequest as Session,
};

/// What holds for a kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Whether it shows that a user is active: it changes something, or asks for something that only
    /// users ask for. Requests that clients send by themselves do not.
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

impl Request {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Message(request) => match request {
                Message::Send(_) | Message::Forward(_) | Message::Recall(_) => CHANGE,
                Message::Edit(_) => CHANGE.rate_limited().once().grows_storage(),
                Message::React(_) => CHANGE.rate_limited().grows_storage(),
                Message::Unreact(_) | Message::Pin(_) | Message::Unpin(_) => CHANGE.rate_limited(),
                Message::ListPins(_) | Message::GetImportCursor(_) => QUERY,
                Message::Import(_) => QUERY.grows_storage().cost(Cost::PerItem),
            },
            Self::Reading(request) => match request {
                Reading::Ack(_) | Reading::Explain(_) | Reading::GetOwnReads(_) => QUERY,
                Reading::MarkRead(_) | Reading::SetOwnReads(_) => CHANGE,
                Reading::MarkUnread(_) => CHANGE.once().cost(Cost::Page),
                Reading::GetReceipts(_) => QUERY.cost(Cost::Page),
            },
            Self::Group(request) => match request {
                Group::CreateGroup(_) => CHANGE.once().grows_storage().cost(Cost::PerItem),
                Group::AddMembers(_) | Group::RemoveMembers(_) => CHANGE.cost(Cost::PerItem),
                Group::Ban(_) | Group::Unban(_) => CHANGE.cost(Cost::PerItem),
                Group::RenameGroup(_) | Group::SetTopic(_) => CHANGE,
                Group::SetGroupSettings(_) | Group::SetRole(_) => CHANGE,
                Group::HandOver(_) => CHANGE.once(),
                Group::JoinGroup(_) => CHANGE.rate_limited().once(),
                Group::MuteMember(_) => CHANGE,
                Group::SetMemberSettings(_) | Group::SetRetention(_) => CHANGE,
                Group::FindGroups(_) => CHANGE.cost(Cost::Page),
                Group::ListMembers(_) | Group::ListBanned(_) => QUERY.cost(Cost::Page),
                Group::GetGroup(_) | Group::GetRetention(_) => QUERY,
            },
            Self::People(request) => match request {
                People::FindUsers(_) | People::GetUsers(_) => QUERY.cost(Cost::PerItem),
                People::GetProfiles(_) => QUERY.cost(Cost::PerItem),
                People::SearchUsers(_) => CHANGE.cost(Cost::Page),
                People::ListContacts(_) => QUERY.cost(Cost::Page),
                People::Relate(_) => CHANGE,
                People::SetProfile(_) => CHANGE.grows_storage(),
            },
            Self::Server(request) => match request {
                Server::RevokeDevice(_) | Server::SetSetting(_) => CHANGE,
                Server::SetServerRole(_) => CHANGE,
                Server::ListSettings(_) => QUERY,
            },
            Self::Session(request) => match request {
                Session::Pull(_) | Session::ListConversations(_) => QUERY.cost(Cost::Page),
                Session::Watch(_) => QUERY.cost(Cost::PerItem),
                Session::Focus(_) | Session::SetPresence(_) => CHANGE,
                Session::ListDevices(_) | Session::GetMetrics(_) => QUERY,
                Session::CreateInvite(_) => CHANGE.once(),
            },
        }
    }
}
