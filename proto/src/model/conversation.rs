//! Conversations as one member sees them: cursors, unread counts and the list of members.

use serde::{Deserialize, Serialize};

use crate::content::message::Entry;
use crate::ids::{ConversationId, MsgId, Timestamp, UserId};
use crate::model::group::{MemberSettings, Role};
use crate::model::user::UserInfo;
use crate::text::GroupName;
use crate::wire::codec;

/// A conversation as one member sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// What kind of conversation it is.
    pub kind: ConversationKind,
    /// The member's role.
    pub role: Role,
    /// The last message of the log.
    pub head: MsgId,
    /// Everything up to here is gone on purpose, or was said before the member could see it.
    pub floor: MsgId,
    /// The member's read cursor.
    pub read: MsgId,
    /// The asking device's delivered cursor.
    pub delivered: MsgId,
    /// How many messages of others lie above the read cursor.
    pub unread: u64,
    /// How many of those mention the member, by name or with everybody.
    pub mentions: u64,
    /// The last entry of the log, when there is one that the member may see. A page that it does
    /// not fit into is without it.
    pub last: Option<Entry>,
    /// What the member settled for himself.
    pub settings: MemberSettings,
}

/// The kinds of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConversationKind {
    /// Two users.
    Direct {
        /// The other one.
        peer: UserInfo,
    },
    /// Any number of users.
    Group {
        /// Its name.
        name: GroupName,
    },
}

/// A page of members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// In the order of their ids; at most [`crate::limits::MEMBERS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Member>,
    /// Where the next page begins: behind this member. `None` when there is none.
    pub next_after: Option<UserId>,
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who it is.
    pub user: UserInfo,
    /// What the member may do.
    pub role: Role,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// How far the member has read, also when he marked some of it as unread; 0 when that is not
    /// shown to the asker.
    pub read: MsgId,
    /// Until when the member can say nothing; 0 for one who was not muted.
    pub muted_until: Timestamp,
}

/// What an unread count is made of: `unread = (head - base) - uncounted`, where `base = max(read,
/// floor, joined - 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The last message of the log.
    pub head: MsgId,
    /// The retention floor.
    pub floor: MsgId,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// The member's read cursor.
    pub read: MsgId,
    /// Entries above the base that are no messages of others.
    pub uncounted: u64,
    /// The count.
    pub unread: u64,
    /// Messages above the base that mention the member.
    pub mentions: u64,
}
