//! Changes of a conversation, as rows show them.

use cairn_client::proto::content::body::{Amendment, Body, SystemEntry};
use cairn_client::proto::ids::{MsgId, Timestamp, UserId};
use cairn_client::proto::model::desk::{DeskEntry, RouteEntry};
use cairn_client::proto::model::group::{GroupSettings, Role};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{GroupName, Topic};

use crate::conversation::Entry;

/// A change of a conversation. The sender of its entry made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemLine {
    /// The group was created.
    Created(GroupName),
    /// The sender joined.
    Joined,
    /// The sender added others.
    Added(Vec<UserId>),
    /// The sender left.
    Left,
    /// The sender removed others.
    Removed(Vec<UserId>),
    /// The group has another name.
    Renamed(GroupName),
    /// The group has another topic; `None` if it was removed.
    TopicSet(Option<Topic>),
    /// The group has other settings.
    SettingsSet(GroupSettings),
    /// A member has another role.
    RoleSet(UserId, Role),
    /// A member is the owner now.
    HandedOver(UserId),
    /// Users were banned.
    Banned(Vec<UserId>),
    /// Users are no longer banned.
    Unbanned(Vec<UserId>),
    /// A member cannot send until a time.
    Muted(UserId, Timestamp),
    /// A member can send again.
    Unmuted(UserId),
    /// Messages are kept for another time; `None` for the server's default.
    RetentionSet(Option<Retention>),
    /// A message was pinned.
    Pinned(MsgId),
    /// A message was unpinned.
    Unpinned(MsgId),
    /// An inquiry of the support desk changed.
    Desk(DeskEntry),
    /// Routing did something, in the log of a queue.
    Route(RouteEntry),
    /// A kind that this version does not know.
    Unknown,
}

impl SystemLine {
    /// Returns the line of an entry; `None` if it is a message, or shows in another one.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        match &entry.body {
            Body::System(change) => Some(change_line(change, entry.sender)),
            Body::Amendment(Amendment::Pinned { msgid }) => Some(Self::Pinned(*msgid)),
            Body::Amendment(Amendment::Unpinned { msgid }) => Some(Self::Unpinned(*msgid)),
            Body::Unknown => Some(Self::Unknown),
            _ => None,
        }
    }
}

fn change_line(change: &SystemEntry, sender: UserId) -> SystemLine {
    match change.clone() {
        SystemEntry::Created { name } => SystemLine::Created(name),
        SystemEntry::Added { users } if users == [sender] => SystemLine::Joined,
        SystemEntry::Added { users } => SystemLine::Added(users),
        SystemEntry::Removed { users } if users == [sender] => SystemLine::Left,
        SystemEntry::Removed { users } => SystemLine::Removed(users),
        SystemEntry::Renamed { name } => SystemLine::Renamed(name),
        SystemEntry::TopicSet { topic } => {
            SystemLine::TopicSet(Some(topic).filter(|topic| !topic.is_empty()))
        }
        SystemEntry::SettingsSet { settings } => SystemLine::SettingsSet(settings),
        SystemEntry::RoleSet { user, role } => SystemLine::RoleSet(user, role),
        SystemEntry::HandedOver { user } => SystemLine::HandedOver(user),
        SystemEntry::Banned { users } => SystemLine::Banned(users),
        SystemEntry::Unbanned { users } => SystemLine::Unbanned(users),
        SystemEntry::Muted { user, until } if until.get() == 0 => SystemLine::Unmuted(user),
        SystemEntry::Muted { user, until } => SystemLine::Muted(user, until),
        SystemEntry::RetentionSet { retention } => SystemLine::RetentionSet(retention),
        SystemEntry::Desk(entry) => SystemLine::Desk(entry),
        SystemEntry::Route(entry) => SystemLine::Route(entry),
    }
}
