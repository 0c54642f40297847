//! Conversations as one member sees them: cursors, unread counts and the list of members.

use serde::{Deserialize, Serialize};

use crate::content::message::Entry;
use crate::ids::{ConversationId, MsgId, Timestamp, UserId};
use crate::model::group::{MemberSettings, Role};
use crate::model::user::UserInfo;
use crate::text::{DisplayName, GroupName};
use crate::wire::codec;

/// A conversation from the point of view of one member and device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Direct chat or group.
    pub kind: ConversationKind,
    /// The member's role.
    pub role: Role,
    /// The last entry of the log.
    pub head: MsgId,
    /// Entries up to this one have expired, or precede what the member may see.
    pub floor: MsgId,
    /// The member's read cursor, shared by all of the member's devices.
    pub read: MsgId,
    /// The requesting device's delivered cursor.
    pub delivered: MsgId,
    /// Messages of others above the read cursor; see [`Explained`] for the formula.
    pub unread: u64,
    /// Unread messages that mention the member, by name or with everyone.
    pub mentions: u64,
    /// The last entry of the log, if the member may see it. Omitted when the page exceeds
    /// [`crate::limits::OVERVIEW_LAST_BYTES_MAX`].
    pub last: Option<Entry>,
    /// The member's own settings for the conversation.
    pub settings: MemberSettings,
}

/// The kind of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConversationKind {
    /// A direct chat of two users.
    Direct {
        /// The other user.
        peer: UserInfo,
    },
    /// A group of any size.
    Group {
        /// Not unique.
        name: GroupName,
    },
    /// The log of a queue of the support desk, for its supervisors.
    Queue {
        /// The queue's name.
        name: GroupName,
    },
    /// An inquiry that the user holds or joined.
    Inquiry {
        /// Its queue.
        queue: ConversationId,
        /// What the visitor is called.
        visitor: Option<DisplayName>,
    },
    /// The notes about an inquiry, which its visitor does not see.
    Back {
        /// The inquiry.
        of: ConversationId,
    },
}

impl ConversationKind {
    /// Returns the other user of a direct chat.
    #[must_use]
    pub const fn peer(&self) -> Option<&UserInfo> {
        match self {
            Self::Direct { peer } => Some(peer),
            _ => None,
        }
    }

    /// Returns the name of a group.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupName> {
        match self {
            Self::Group { name } => Some(name),
            _ => None,
        }
    }

    /// Returns what the conversation is called. It need not be unique.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Direct { peer } => peer.name.to_string(),
            Self::Group { name } | Self::Queue { name } => name.to_string(),
            Self::Inquiry { visitor: None, .. } => "visitor".to_owned(),
            Self::Inquiry {
                visitor: Some(name),
                ..
            } => name.to_string(),
            Self::Back { of } => format!("notes of {of}"),
        }
    }
}

/// A page of members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// Ordered by user id; at most [`crate::limits::MEMBERS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Member>,
    /// The last user of this page if there are more, to request the next one.
    pub next_after: Option<UserId>,
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user.
    pub user: UserInfo,
    /// The user's role in this conversation.
    pub role: Role,
    /// The entry that started the membership.
    pub joined: MsgId,
    /// The furthest position the member has read to, regardless of messages marked as unread since.
    /// 0 if hidden from the requesting user.
    pub read: MsgId,
    /// The end of the member's mute; 0 if never muted.
    pub muted_until: Timestamp,
}

/// The terms of a member's unread count: `unread = (head - base) - uncounted`, where `base =
/// max(read, floor, joined - 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The last entry of the log.
    pub head: MsgId,
    /// The retention floor.
    pub floor: MsgId,
    /// The entry that started the membership.
    pub joined: MsgId,
    /// The member's read cursor.
    pub read: MsgId,
    /// Entries above the base that do not count: system entries, amendments and the member's own
    /// messages.
    pub uncounted: u64,
    /// The resulting count.
    pub unread: u64,
    /// Messages above the base that mention the member.
    pub mentions: u64,
}
