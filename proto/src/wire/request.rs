//! Requests. Enums grow at the end only: a variant's position is its number on the wire.

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

/// A request. The [`crate::wire::response::Response`] variants name the requests that they answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Sends a message. Answered once it is durable.
    Send(Draft),
    /// Reads a range of a log.
    Pull {
        /// The conversation.
        conversation: ConversationId,
        /// The range.
        range: PullRange,
        /// The maximum number of messages, up to [`crate::limits::RUN_MESSAGES_MAX`]. The server
        /// may return fewer.
        limit: u32,
    },
    /// Moves the delivered cursor: this device has received everything up to here. Never moves it
    /// back.
    Ack {
        /// The conversation.
        conversation: ConversationId,
        /// The last message received.
        msgid: MsgId,
    },
    /// Moves the read cursor, shared by all of the user's devices. Never moves it back.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        msgid: MsgId,
    },
    /// Reads a page of the user's conversations.
    Conversations {
        /// The moment of the device's last overview, to receive changes only; `None` for all
        /// conversations.
        since: Option<Moment>,
        /// [`crate::wire::overview::ConversationPage::next_after`] of the previous page; `None` for
        /// the first one.
        after: Option<OverviewPlace>,
    },
    /// Looks users up by name.
    FindUsers {
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        names: Vec<UserName>,
    },
    /// Looks users up by id.
    Users {
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        ids: Vec<UserId>,
    },
    /// Creates a group with the user as its owner.
    CreateGroup {
        /// Need not be unique.
        name: GroupName,
        /// Initial members besides the owner; at most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        members: Vec<UserId>,
    },
    /// Adds members. Existing members keep their roles.
    AddMembers {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Removes members. With the user alone in the list, leaves the group.
    RemoveMembers {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Reads a page of a conversation's members, ordered by id.
    Members {
        /// The conversation.
        conversation: ConversationId,
        /// The last member of the previous page.
        after: Option<UserId>,
    },
    /// Creates an invite. For admins of the server.
    CreateInvite {
        /// How many users may join with it; at most [`crate::limits::INVITE_USES_MAX`].
        uses: u32,
        /// Its lifetime in seconds; at most [`crate::limits::INVITE_LIFE_MAX`].
        life_seconds: u64,
    },
    /// Lists the user's devices.
    Devices,
    /// Revokes a device: its token becomes invalid and its sessions are closed.
    RevokeDevice(DeviceId),
    /// Imports messages from another system. For admins of the server who are members of the
    /// conversation.
    Import {
        /// The conversation.
        conversation: ConversationId,
        /// The source. Each source has a cursor, so that repeating an import adds nothing.
        source: ImportSource,
        /// The position of the first entry in the source, counted from 0. Entries below the cursor
        /// are skipped.
        first: u64,
        /// The entries, in order; at most [`crate::limits::IMPORT_ENTRIES_MAX`].
        #[serde(deserialize_with = "codec::list")]
        entries: Vec<ImportEntry>,
    },
    /// Reads the cursor of an import source.
    ImportCursor {
        /// The conversation.
        conversation: ConversationId,
        /// The source.
        source: ImportSource,
    },
    /// Reads the terms of a member's unread count. For the member, and for admins of the server.
    Explain {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
    },
    /// Reads the server's metrics. For owners of the server.
    Metrics,
    /// Replaces the text or caption of one of the user's own messages.
    Edit {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The new text.
        text: Text,
    },
    /// Deletes (recalls) a message for everyone. For its sender, and for owners and admins of a
    /// group.
    Recall {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Adds a reaction. Limited by [`crate::limits::REACTION_KINDS_MAX`] and
    /// [`crate::limits::REACTIONS_MAX`] per message.
    React {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The reaction.
        emoji: EmojiName,
    },
    /// Removes one of the user's own reactions.
    Unreact {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The reaction.
        emoji: EmojiName,
    },
    /// Pins a message. In a group, subject to [`GroupSettings::pin`]; at most
    /// [`crate::limits::PINS_MAX`] per conversation.
    Pin {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Unpins a message. In a group, subject to [`GroupSettings::pin`].
    Unpin {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
    },
    /// Lists the pinned messages of a conversation.
    Pins {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Reads a group's topic, settings and size.
    Group {
        /// The group.
        conversation: ConversationId,
    },
    /// Renames a group. Subject to [`GroupSettings::rename`].
    RenameGroup {
        /// The group.
        conversation: ConversationId,
        /// The new name.
        name: GroupName,
    },
    /// Changes a group's topic. Subject to [`GroupSettings::rename`].
    SetTopic {
        /// The group.
        conversation: ConversationId,
        /// The new topic.
        topic: Topic,
    },
    /// Replaces a group's settings.
    SetGroupSettings {
        /// The group.
        conversation: ConversationId,
        /// All settings after the change.
        settings: GroupSettings,
    },
    /// Changes a member's role. The last owner cannot be demoted.
    SetRole {
        /// The group.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// Transfers ownership to another member. The user becomes an admin.
    HandOver {
        /// The group.
        conversation: ConversationId,
        /// The new owner.
        user: UserId,
    },
    /// Bans users and ends their memberships, if any.
    Ban {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Lifts bans. Does not restore memberships.
    Unban {
        /// The group.
        conversation: ConversationId,
        /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Lists a group's banned users.
    BannedUsers {
        /// The group.
        conversation: ConversationId,
    },
    /// Mutes a member until a time. A time in the past unmutes.
    MuteMember {
        /// The group.
        conversation: ConversationId,
        /// The member.
        user: UserId,
        /// The end of the mute.
        until: Timestamp,
    },
    /// Joins an open group.
    JoinGroup {
        /// The group.
        conversation: ConversationId,
    },
    /// Searches open groups by name.
    FindGroups {
        /// A case-insensitive prefix of the name; `None` for all.
        prefix: Option<GroupName>,
    },
    /// Replaces the user's own settings for a conversation, on all devices.
    SetMemberSettings {
        /// The conversation.
        conversation: ConversationId,
        /// All settings after the change.
        settings: MemberSettings,
    },
    /// Lists the server's settings.
    Settings,
    /// Changes a setting of the server. For owners of the server.
    SetSetting {
        /// The setting.
        name: SettingName,
        /// The new value in textual form.
        value: SettingValue,
    },
    /// Changes the user's relation to another user.
    Relate {
        /// The other user.
        user: UserId,
        /// The change.
        act: RelationAct,
    },
    /// Reads a page of the users to whom the user has a relation, ordered by id.
    Contacts {
        /// The last contact of the previous page; `None` for the first one.
        after: Option<UserId>,
    },
    /// Reads a page of the users whose names begin with a prefix, compared case-folded.
    SearchUsers {
        /// The prefix.
        prefix: UserName,
        /// The last user of the previous page; `None` for the first one.
        after: Option<UserId>,
    },
    /// Reads users' profiles.
    Profiles {
        /// At most [`crate::limits::PROFILES_PER_REQUEST_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Replaces the user's profile.
    SetProfile(Profile),
    /// Replaces the set of users whose presence this session watches. Users whom the user may not
    /// watch are left out of it.
    Watch {
        /// At most [`crate::limits::WATCHED_USERS_MAX`].
        #[serde(deserialize_with = "codec::list")]
        users: Vec<UserId>,
    },
    /// Declares this session's device kind and whether its user is idle, until the session ends.
    SetPresence(PresentDevice),
    /// Sets the focused conversation. The session receives its typing indicators and receipts, and
    /// may send typing indicators there.
    Focus {
        /// `None` for none.
        conversation: Option<ConversationId>,
    },
    /// Copies a message into another conversation. The server makes the copy, so that content and
    /// author cannot be forged. Answered like `Send`.
    Forward(Forward),
    /// Marks everything from a message on as unread, on all devices: moves the read cursor back.
    /// Delivered cursors and receipts that others saw are unaffected.
    MarkUnread {
        /// The conversation.
        conversation: ConversationId,
        /// The first unread message. At most [`crate::limits::MARKED_UNREAD_MAX`] entries, among
        /// them at most [`crate::limits::MARKED_OWN_MAX`] messages of the user's own, may follow it
        /// up to the read cursor.
        from: MsgId,
    },
    /// Reads a page of a message's receipts. For everyone who may see the message.
    Receipts {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// The last user of the previous page; `None` for the first one.
        after: Option<UserId>,
    },
    /// Reads whether the user shares read receipts.
    OwnReads,
    /// Sets whether the user shares read receipts, and in return sees those of others. Applies to
    /// past reads too.
    SetOwnReads(Reads),
    /// Sets a conversation's retention policy. For owners of a group, and for both users of a
    /// direct chat.
    SetRetention {
        /// The conversation.
        conversation: ConversationId,
        /// The policy; `None` for the server's default.
        retention: Option<Retention>,
    },
    /// Reads a conversation's retention policy.
    Retention {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Changes a user's role on the server. For owners of the server; the last owner cannot be
    /// demoted.
    SetServerRole {
        /// The user.
        user: UserId,
        /// The new role.
        role: ServerRole,
    },
}

/// A range of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullRange {
    /// From this message on.
    From(MsgId),
    /// The last messages below this one, in ascending order.
    Before(MsgId),
}

/// A message of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportEntry {
    /// The original sender. The server creates a user of this name if there is none.
    pub sender: UserName,
    /// The original time.
    pub sent_at: Timestamp,
    /// The body. Unlike that of a live message, it may be empty.
    pub body: Body,
}
