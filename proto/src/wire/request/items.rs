//! The items that a request names.

use crate::wire::request::{
    DeskRequest as Desk, GroupRequest as Group, MessageRequest as Message, PeopleRequest as People,
    Request, SessionRequest as Session,
};

impl Request {
    /// Returns how many users or entries the request names; 0 for a request without a list of
    /// them.
    #[must_use]
    pub const fn items(&self) -> usize {
        match self {
            Self::Message(Message::Import(call)) => call.entries.len(),
            Self::Group(Group::CreateGroup(call)) => call.members.len(),
            Self::Group(Group::AddMembers(call)) => call.users.len(),
            Self::Group(Group::RemoveMembers(call)) => call.users.len(),
            Self::Group(Group::Ban(call)) => call.users.len(),
            Self::Group(Group::Unban(call)) => call.users.len(),
            Self::People(People::FindUsers(call)) => call.names.len(),
            Self::People(People::GetUsers(call)) => call.ids.len(),
            Self::People(People::GetProfiles(call)) => call.users.len(),
            Self::People(People::ChangeKeywords(call)) => call.add.len() + call.remove.len(),
            Self::Session(Session::Watch(call)) => call.users.len(),
            Self::Session(Session::OpenInquiry(call)) => call.attrs.len(),
            Self::Desk(Desk::SetRouteRules(call)) => call.rules.len(),
            Self::Message(_) | Self::Reading(_) | Self::Group(_) | Self::People(_) => 0,
            Self::Server(_) | Self::Session(_) | Self::Desk(_) => 0,
        }
    }
}
