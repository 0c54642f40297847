//! Requests, by domain, each paired with the type of its answer.
//!
//! Enums grow at the end only: a variant's position is its number on the wire.

mod call;
pub mod desk;
mod domain;
pub mod group;
mod items;
mod list;
pub mod message;
pub mod people;
pub mod reading;
pub mod server;
pub mod session;
mod traits;

use serde::{Deserialize, Serialize};

pub use self::call::{Answer, Call};
pub use self::desk::DeskRequest;
pub use self::domain::{Visit, Visitor};
pub use self::group::GroupRequest;
pub use self::list::{List, Page};
pub use self::message::MessageRequest;
pub use self::people::PeopleRequest;
pub use self::reading::ReadingRequest;
pub use self::server::ServerRequest;
pub use self::session::SessionRequest;
pub use self::traits::{Cost, Traits};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// About messages.
    Message(MessageRequest),
    /// About cursors.
    Reading(ReadingRequest),
    /// About groups and members.
    Group(GroupRequest),
    /// About users.
    People(PeopleRequest),
    /// About the server and devices.
    Server(ServerRequest),
    /// About history and the session itself.
    Session(SessionRequest),
    /// About the support desk.
    Desk(DeskRequest),
}

impl Request {
    /// Returns what holds for this kind of request.
    #[must_use]
    pub const fn traits(&self) -> Traits {
        match self {
            Self::Message(request) => request.traits(),
            Self::Reading(request) => request.traits(),
            Self::Group(request) => request.traits(),
            Self::People(request) => request.traits(),
            Self::Server(request) => request.traits(),
            Self::Session(request) => request.traits(),
            Self::Desk(request) => request.traits(),
        }
    }
}

impl<C: Call> From<C> for Request
where
    Self: From<C::Domain>,
{
    fn from(call: C) -> Self {
        C::Domain::from(call).into()
    }
}

impl From<MessageRequest> for Request {
    fn from(request: MessageRequest) -> Self {
        Self::Message(request)
    }
}

impl From<ReadingRequest> for Request {
    fn from(request: ReadingRequest) -> Self {
        Self::Reading(request)
    }
}

impl From<GroupRequest> for Request {
    fn from(request: GroupRequest) -> Self {
        Self::Group(request)
    }
}

impl From<PeopleRequest> for Request {
    fn from(request: PeopleRequest) -> Self {
        Self::People(request)
    }
}

impl From<ServerRequest> for Request {
    fn from(request: ServerRequest) -> Self {
        Self::Server(request)
    }
}

impl From<SessionRequest> for Request {
    fn from(request: SessionRequest) -> Self {
        Self::Session(request)
    }
}

impl From<DeskRequest> for Request {
    fn from(request: DeskRequest) -> Self {
        Self::Desk(request)
    }
}
