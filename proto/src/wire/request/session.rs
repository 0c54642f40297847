//! Requests that a session answers itself: with history, with what only the server's tasks know, or
//! by a change of the session.

use serde::{Deserialize, Serialize};

use crate::content::message::Run;
use crate::ids::{ClientSeq, ConversationId, LinkId, MsgId, Timestamp, UserId};
use crate::invite::ServerAddr;
use crate::model::desk::VisitorInquiry;
use crate::model::presence::{PresentDevice, UserPresence};
use crate::model::search::{Highlights, Query, Respelling};
use crate::model::user::DeviceInfo;
use crate::secret::{DeskKey, DeskSecret, InviteToken, ResetToken};
use crate::text::{AttrName, AttrValue, PageUrl, Password, Tag, Text};
use crate::wire::codec;
use crate::wire::metrics::Metrics;
use crate::wire::overview::{ConversationPage, Moment, OverviewPlace};
use crate::wire::request::domain::requests;
use crate::wire::request::list::List;

requests! {
    /// A request that a session answers itself.
    SessionRequest {
        /// Reads a range of a log.
        Pull(Pull) -> Pulled,
        /// Reads a page of the user's conversations.
        ListConversations(ListConversations) -> ConversationPage,
        /// Replaces the set of watched users. Answered with those who are watched, without
        /// duplicates, and their presence.
        Watch(Watch) -> List<UserPresence>,
        /// Sets the focused conversation.
        Focus(Focus) -> (),
        /// Declares the session's presence.
        SetPresence(SetPresence) -> (),
        /// Lists the user's devices.
        ListDevices(ListDevices) -> List<DeviceInfo>,
        /// Creates an invite.
        CreateInvite(CreateInvite) -> NewInvite,
        /// Reads the server's metrics.
        GetMetrics(GetMetrics) -> Metrics,
        /// Sets or changes the user's password.
        SetPassword(SetPassword) -> (),
        /// Creates a link that resets a user's password.
        CreateReset(CreateReset) -> NewReset,
        /// Searches the user's conversations.
        Search(Search) -> Found,
        /// Sends a message in the visitor's open inquiry, and opens one if there is none.
        OpenInquiry(OpenInquiry) -> VisitorInquiry,
        /// Makes a key with which visitors reach a queue.
        NewDeskKey(NewDeskKey) -> DeskKeyMade,
    }
}

/// Reads a range of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// The conversation.
    pub conversation: ConversationId,
    /// The range.
    pub range: PullRange,
    /// The maximum number of messages, up to [`crate::limits::RUN_MESSAGES_MAX`]. The server may
    /// return fewer.
    pub limit: u32,
}

/// A range of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullRange {
    /// From this message on.
    From(MsgId),
    /// The last messages below this one, in ascending order.
    Before(MsgId),
}

/// The messages of a range, and the bounds of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// The messages.
    pub run: Run,
    /// The last message of the log when it was read.
    pub head: MsgId,
    /// Messages up to this one have expired, or precede what the user may see.
    pub floor: MsgId,
}

/// Searches the user's conversations, the newest messages first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// What to find.
    pub query: Query,
    /// What to return.
    pub goal: SearchGoal,
    /// [`Found::next`] of the answer before; `None` to begin.
    pub before: Option<SearchCursor>,
    /// The maximum number of hits, up to [`crate::limits::SEARCH_HITS_MAX`].
    pub limit: u32,
    /// The maximum number of blocks of messages to read, up to
    /// [`crate::limits::SEARCH_BUDGET_MAX`]. The server may read fewer.
    pub budget: u32,
}

/// What a search returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SearchGoal {
    /// The messages that match.
    Hits,
    /// Another spelling of a word with which a message would match: for a search that found
    /// nothing. Considers the newest messages only, as many as the budget permits.
    Respelling,
}

/// How far a search got. Opaque to clients but for `reached`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchCursor {
    /// All messages after this time have been searched, except for imported ones.
    pub reached: Timestamp,
    /// Where the search continues in the conversations that it has begun with, at most
    /// [`crate::limits::SEARCH_CONVERSATIONS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub places: Vec<SearchPlace>,
}

/// Where a search continues in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPlace {
    /// The conversation.
    pub conversation: ConversationId,
    /// Everything from this message on has been searched.
    pub before: MsgId,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The newest first.
    #[serde(deserialize_with = "codec::list")]
    pub hits: Vec<Hit>,
    /// The respelling, for that goal, if there is one.
    pub respelling: Option<Respelling>,
    /// Where to continue; `None` if everything was searched.
    pub next: Option<SearchCursor>,
}

/// A message that matches a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The message, as a pull would return it.
    pub run: Run,
    /// What matched.
    pub highlights: Highlights,
}

/// Reads a page of the user's conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListConversations {
    /// The moment of the device's last overview, to receive changes only; `None` for all
    /// conversations.
    pub since: Option<Moment>,
    /// [`ConversationPage::next_after`] of the previous page; `None` for the first one.
    pub after: Option<OverviewPlace>,
}

/// Replaces the set of users whose presence this session watches. Users whom the user may not watch
/// are left out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// At most [`crate::limits::WATCHED_USERS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Sets the focused conversation. The session receives its typing indicators and receipts, and may
/// send typing indicators there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Focus {
    /// `None` for none.
    pub conversation: Option<ConversationId>,
}

/// Declares this session's device kind and whether its user is idle, until the session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPresence {
    /// What watchers see.
    pub present: PresentDevice,
}

/// Lists the user's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDevices;

/// Creates an invite. For admins of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateInvite {
    /// How many users may join with it; at most [`crate::limits::INVITE_USES_MAX`].
    pub uses: u32,
    /// Its lifetime in seconds; at most [`crate::limits::INVITE_LIFE_MAX`].
    pub life_seconds: u64,
}

/// A new invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvite {
    /// The address that the operator advertises; may differ from the one that the client connected
    /// to.
    pub addr: ServerAddr,
    /// The token of the link.
    pub token: InviteToken,
    /// Names the invite in lists, and to revoke it.
    pub id: LinkId,
}

/// Reads the server's metrics. For owners of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMetrics;

/// Sets or changes the user's password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPassword {
    /// The old password. Ignored for a user who has none.
    pub old: Option<Password>,
    /// The new password.
    pub new: Password,
    /// Whether all devices but the requesting one are revoked.
    pub end_other_devices: bool,
}

/// Creates a link that sets a user's password once, within [`crate::limits::RESET_LIFE`], and voids
/// earlier ones. For owners of the server, and for admins if the user is a member; never for an
/// owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateReset {
    /// The user.
    pub user: UserId,
    /// Whether the user's devices stay logged in when the link is used.
    pub keep_devices: bool,
}

/// A new link that resets a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewReset {
    /// The address that the operator advertises.
    pub addr: ServerAddr,
    /// The token of the link.
    pub token: ResetToken,
}

/// Sends a message in the visitor's open inquiry, and opens one if there is none. A repetition with
/// the same number on the same send stream says it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInquiry {
    /// The topic that the visitor chose.
    pub topic: Option<Tag>,
    /// The page that they are on.
    pub page: Option<PageUrl>,
    /// Answers to a form; at most [`crate::limits::ATTRS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub attrs: Vec<(AttrName, AttrValue)>,
    /// The number of the message.
    pub seq: ClientSeq,
    /// What they say; at most [`crate::limits::VISITOR_TEXT_BYTES_MAX`].
    pub text: Text,
}

/// Makes a key with which visitors reach a queue. For admins of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDeskKey {
    /// The queue of visitors for whom no routing rule holds.
    pub queue: ConversationId,
    /// Whether only visitors with a signed identity may ask.
    pub requires_signature: bool,
}

/// A new key of the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskKeyMade {
    /// The address that the operator advertises.
    pub addr: ServerAddr,
    /// The key.
    pub key: DeskKey,
    /// Names the key in lists, and to revoke it.
    pub id: LinkId,
    /// The secret with which the shop signs who its visitors are.
    pub secret: DeskSecret,
}
