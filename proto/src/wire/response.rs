//! What a client is told. Variants only grow at the end: the position of a variant is its number on
//! the wire.

use serde::{Deserialize, Serialize};

use crate::content::message::{Entry, Run};
use crate::ids::{ConversationId, DeviceId, MsgId, RequestId, Timestamp, UserId};
use crate::invite::ServerAddr;
use crate::model::group::{GroupDetails, MemberSettings, OpenGroup};
use crate::model::people::{Contact, ContactPage, UserPage, UserProfile};
use crate::model::presence::UserPresence;
use crate::model::receipts::{Reads, ReceiptPage};
use crate::model::retention::RetentionInfo;
use crate::model::settings::Setting;
use crate::secret::InviteToken;
use crate::text::{DeviceName, GroupName, UserName};
use crate::wire::codec;
use crate::wire::error::ErrorCode;
use crate::wire::hello::{ServerRole, Welcome};
use crate::wire::metrics::Metrics;
use crate::wire::overview::ConversationPage;

/// What the server writes on the session stream. The first frame is [`ServerFrame::Welcome`];
/// answers follow in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The login was taken.
    Welcome(Welcome),
    /// The login was refused. The connection closes.
    Refused(ErrorCode),
    /// The answer to one request.
    Response(RequestId, Result<Response, ErrorCode>),
}

/// The answer to the request of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// To [`crate::wire::request::Request::Send`]: the message is durable under this number.
    Accepted {
        /// Its number.
        msgid: MsgId,
    },
    /// Done; there is nothing to tell.
    Done,
    /// To `Pull`.
    Pulled(Pulled),
    /// To `Conversations`.
    Conversations(ConversationPage),
    /// To `FindUsers` and `Users`: those that exist, in the order asked. To `BannedUsers`: in the
    /// order of their ids.
    Users(#[serde(deserialize_with = "codec::list")] Vec<UserInfo>),
    /// To `CreateGroup`.
    Created {
        /// The new group.
        conversation: ConversationId,
    },
    /// To `AddMembers`, `RemoveMembers`, `Ban` and `Unban`: for how many users something changed.
    Changed {
        /// How many.
        users: u32,
    },
    /// To `Members`.
    Members(MemberPage),
    /// To `CreateInvite`.
    Invite {
        /// Where others find the server: it may be another address than the asker came by.
        addr: ServerAddr,
        /// The token of the link.
        token: InviteToken,
    },
    /// To `Devices`.
    Devices(#[serde(deserialize_with = "codec::list")] Vec<DeviceInfo>),
    /// To `Import`.
    Imported {
        /// How many entries of the request were stored now; the others had been before.
        added: u32,
        /// How many users were made for their names.
        users: u32,
        /// The source's cursor: how many of its entries are stored.
        cursor: u64,
    },
    /// To `ImportCursor`.
    ImportCursor {
        /// How many entries of the source are stored.
        cursor: u64,
    },
    /// To `Explain`.
    Explained(Explained),
    /// To `Metrics`. In a box, since every other answer is smaller.
    Metrics(Box<Metrics>),
    /// To `Pins`: in the order of their numbers.
    Pins(#[serde(deserialize_with = "codec::list")] Vec<MsgId>),
    /// To `Group`.
    Group(GroupDetails),
    /// To `FindGroups`: by their names, at most [`crate::limits::GROUPS_FOUND_MAX`]. A longer
    /// prefix finds the others.
    Groups(#[serde(deserialize_with = "codec::list")] Vec<OpenGroup>),
    /// To `Settings`: all of them, and to `SetSetting`: the one, as it is now.
    Settings(#[serde(deserialize_with = "codec::list")] Vec<Setting>),
    /// To `Relate`: the relation as it is now.
    Related(Contact),
    /// To `Contacts`.
    Contacts(ContactPage),
    /// To `SearchUsers`.
    FoundUsers(UserPage),
    /// To `Profiles`: those of users that exist, in the order asked.
    Profiles(#[serde(deserialize_with = "codec::list")] Vec<UserProfile>),
    /// To `Watch`: those who are watched from now on, each once, and where they are.
    Watching(#[serde(deserialize_with = "codec::list")] Vec<UserPresence>),
    /// To `Receipts`.
    Receipts(ReceiptPage),
    /// To `OwnReads`.
    OwnReads(Reads),
    /// To `Retention`.
    Retention(RetentionInfo),
}

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// The messages.
    pub run: Run,
    /// The last message of the log at that moment.
    pub head: MsgId,
    /// Everything up to here is gone on purpose, or was said before the asker could see it.
    pub floor: MsgId,
}

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

/// What a member may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and sends.
    Member,
    /// Keeps order as well: adds, removes, bans and mutes those below.
    Admin,
    /// Everything.
    Owner,
}

impl Role {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// Who a user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The user's id.
    pub id: UserId,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
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

/// A device of the asker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: DeviceName,
    /// When it first logged in.
    pub created_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Whether it has a session now.
    pub online: bool,
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
