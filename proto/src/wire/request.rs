//! What a client asks. Variants only grow at the end: the position of a variant is its number on
//! the wire.

use serde::{Deserialize, Serialize};

use crate::content::body::Body;
use crate::content::message::Draft;
use crate::ids::{ConversationId, DeviceId, ImportSource, MsgId, Timestamp, UserId};
use crate::model::group::{GroupSettings, MemberSettings, Role};
use crate::model::people::{Profile, RelationAct};
use crate::model::presence::PresentDevice;
use crate::model::receipts::Reads;
use crate::model::retention::Retention;
use crate::model::user::ServerRole;
use crate::text::{EmojiName, GroupName, SettingName, SettingValue, Text, Topic, UserName};
use crate::wire::codec;
use crate::wire::overview::{Moment, OverviewPlace};

pub use crate::content::message::Forward;

/// A request. [`crate::wire::response::Response`] has the answer of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Say something. Answered when it is durable.
    Send(Draft),
    /// Read a part of a log.
    Pull {
        /// Which log.
        conversation: ConversationId,
        /// Which part.
        range: PullRange,
        /// At most so many messages; the server may give fewer. At most
        /// [`crate::limits::RUN_MESSAGES_MAX`].
        limit: u32,
    },
    /// This device holds everything up to here: the delivered cursor. A lower one than before
    /// changes nothing.
    Ack {
        /// Which log.
        conversation: ConversationId,
        /// The last message held.
        msgid: MsgId,
    },
    /// The user has read everything up to here: the read cursor, the same on all devices. A lower
    /// one than before changes nothing.
    Read {
        /// Which log.
        conversation: ConversationId,
        /// The last message read.
        msgid: MsgId,
    },
    /// A page of the user's conversations: all of them, or those that changed since the device was
    /// here before.
    Conversations {
        /// The moment of the device's last overview; `None` to be told of everything.
        since: Option<Moment>,
        /// Where the page before ended; `None` for the first page.
        after: Option<OverviewPlace>,
    },
    /// Users by their names.
    FindUsers {
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        names: Vec<UserName>,
    },
    /// Users by their ids.
    Users {
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        ids: Vec<UserId>,
    },
    /// Make a group. The asker is its owner.
    CreateGroup {
        /// Its name.
        name: GroupName,
        /// Its first members beside the owner; at most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        members: Vec<UserId>,
    },
    /// Make users members of a group. Those who are already stay what they are.
    AddMembers {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// End memberships, or leave.
    RemoveMembers {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// A page of the members of a conversation, in the order of their ids.
    Members {
        /// The conversation.
        conversation: ConversationId,
        /// The last member of the page before.
        after: Option<UserId>,
    },
    /// Make an invite link's token.
    CreateInvite {
        /// How many users may join with it.
        uses: u32,
        /// How long it lives, in seconds.
        life_seconds: u64,
    },
    /// The devices of the asker.
    Devices,
    /// End a device: its token is void and its sessions are closed.
    RevokeDevice(DeviceId),
    /// Take messages of another system. For owners and admins of the server who are members of the
    /// conversation.
    Import {
        /// Where they go.
        conversation: ConversationId,
        /// Where they come from. Each source has a cursor of its own, so that importing it again
        /// adds nothing.
        source: ImportSource,
        /// The place of the first entry in the source, from 0. Entries below the cursor are passed
        /// over.
        first: u64,
        /// The entries, in order; at most [`crate::limits::IMPORT_ENTRIES_MAX`].
        #[serde(deserialize_with = "codec::list")]
        entries: Vec<ImportEntry>,
    },
    /// How many entries of a source were imported.
    ImportCursor {
        /// The conversation.
        conversation: ConversationId,
        /// The source.
        source: ImportSource,
    },
    /// What a member's unread count is made of. One's own, or any for owners and admins of the
    /// server.
    Explain {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
    },
    /// How the server works, in numbers. For the owner of the server.
    Metrics,
    /// Say something else in the place of a text of one's own.
    Edit {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// What it says from now on.
        text: Text,
    },
    /// Take a message back: one's own, or any for owners and admins of a group.
    Recall {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// React to a message. At most [`crate::limits::REACTION_KINDS_MAX`] kinds and
    /// [`crate::limits::REACTIONS_MAX`] reactions in all.
    React {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// With what.
        emoji: EmojiName,
    },
    /// Take a reaction of one's own back.
    Unreact {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// Which.
        emoji: EmojiName,
    },
    /// Pin a message: for those whom the group's settings let pin, any member unless set otherwise,
    /// and both in a direct chat. At most [`crate::limits::PINS_MAX`].
    Pin {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Take a pin back: for those who may pin.
    Unpin {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// The pinned messages of a conversation.
    Pins {
        /// The conversation.
        conversation: ConversationId,
    },
    /// What is agreed on in a group.
    Group {
        /// The group.
        conversation: ConversationId,
    },
    /// Give a group another name.
    RenameGroup {
        /// The group.
        conversation: ConversationId,
        /// Its name from now on.
        name: GroupName,
    },
    /// Say what a group is about.
    SetTopic {
        /// The group.
        conversation: ConversationId,
        /// The topic from now on.
        topic: Topic,
    },
    /// Agree on something else in a group.
    SetGroupSettings {
        /// The group.
        conversation: ConversationId,
        /// All that is agreed on from now on.
        settings: GroupSettings,
    },
    /// Give a member another role. There is always an owner left.
    SetRole {
        /// The group.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The role from now on.
        role: Role,
    },
    /// Make a member an owner in one's own place, and oneself an admin.
    HandOver {
        /// The group.
        conversation: ConversationId,
        /// The new owner.
        user: UserId,
    },
    /// End memberships and keep the users out, members or not.
    Ban {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Let users become members again.
    Unban {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Who is banned from a group.
    BannedUsers {
        /// The group.
        conversation: ConversationId,
    },
    /// Let a member say nothing until a time; a time that is over lets the member speak again.
    MuteMember {
        /// The group.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// When it ends.
        until: Timestamp,
    },
    /// Become a member of an open group.
    JoinGroup {
        /// The group.
        conversation: ConversationId,
    },
    /// Open groups by their names.
    FindGroups {
        /// What the name begins with, in any case; anything when there is none.
        prefix: Option<GroupName>,
    },
    /// What one settles for oneself in a conversation, on all devices.
    SetMemberSettings {
        /// The conversation.
        conversation: ConversationId,
        /// All of it from now on.
        settings: MemberSettings,
    },
    /// The settings of the server.
    Settings,
    /// Set one of them. For the owner of the server.
    SetSetting {
        /// Which one.
        name: SettingName,
        /// Its new value, as people write it.
        value: SettingValue,
    },
    /// Change the asker's relation to another user.
    Relate {
        /// The other one.
        user: UserId,
        /// How.
        act: RelationAct,
    },
    /// A page of those to whom the asker has a relation, in the order of their ids.
    Contacts {
        /// The last contact of the page before; `None` for the first page.
        after: Option<UserId>,
    },
    /// A page of the users whose names begin so, upper and lower case alike.
    SearchUsers {
        /// How they begin.
        prefix: UserName,
        /// The last user of the page before; `None` for the first page.
        after: Option<UserId>,
    },
    /// How users present themselves.
    Profiles {
        /// At most [`crate::limits::PROFILES_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// How the asker presents himself from now on.
    SetProfile(Profile),
    /// Be told of the presence of these users, and of no others any more. Those whom the asker has
    /// no business with are left out.
    Watch {
        /// At most [`crate::limits::WATCHED_USERS_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// What others are told of this session, until it ends.
    SetPresence(PresentDevice),
    /// What this session shows: it is told who types there, and may say that its user does.
    Focus {
        /// The conversation; `None` for none.
        conversation: Option<ConversationId>,
    },
    /// Say in one conversation what was said in another. The server copies it, with its author, so
    /// that nobody can change it on the way. Answered as `Send` is.
    Forward(Forward),
    /// UnreadMarker everything from here on as unread: the read cursor goes back, on all devices.
    /// Delivered cursors stay, and so does what others were told as read.
    MarkUnread {
        /// Which log.
        conversation: ConversationId,
        /// The first unread message. At most [`crate::limits::MARKED_UNREAD_MAX`] entries below
        /// where the member had read to, and with at most [`crate::limits::MARKED_OWN_MAX`]
        /// messages of his own above it.
        from: MsgId,
    },
    /// Who has got a message, and who has read it. For those who may see the message.
    Receipts {
        /// Which log.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The last user of the page before; `None` for the first page.
        after: Option<UserId>,
    },
    /// Whether the asker's reads are shown.
    OwnReads,
    /// Show them to others from now on, and see theirs, or neither. It holds for what was read
    /// before as well.
    SetOwnReads(Reads),
    /// Say how long messages stay: for owners of a group, and both in a direct chat.
    SetRetention {
        /// The conversation.
        conversation: ConversationId,
        /// How long; `None` leaves it to the server.
        retention: Option<Retention>,
    },
    /// How long messages stay.
    Retention {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Give a user another role on the server: for its owners. The last one stays one.
    SetServerRole {
        /// Who.
        user: UserId,
        /// The role from now on.
        role: ServerRole,
    },
}

/// Which part of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullRange {
    /// Upwards from this message on.
    From(MsgId),
    /// The last ones below this message. They come in ascending order as well.
    Before(MsgId),
}

/// A message of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEntry {
    /// Who said it. A user of that name is made when there is none.
    pub sender: UserName,
    /// When it was said.
    pub sent_at: Timestamp,
    /// What it says. Unlike a live message, it may be empty.
    pub body: Body,
}
