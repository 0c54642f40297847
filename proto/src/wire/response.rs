//! Responses. Enums grow at the end only: a variant's position is its number on the wire.

use serde::{Deserialize, Serialize};

use crate::content::message::Run;
use crate::ids::{ConversationId, MsgId, RequestId};
use crate::invite::ServerAddr;
use crate::model::conversation::{Explained, MemberPage};
use crate::model::group::{GroupDetails, OpenGroup};
use crate::model::people::{Contact, ContactPage, UserPage, UserProfile};
use crate::model::presence::UserPresence;
use crate::model::receipts::{Reads, ReceiptPage};
use crate::model::retention::RetentionInfo;
use crate::model::settings::Setting;
use crate::model::user::{DeviceInfo, UserInfo};
use crate::secret::InviteToken;
use crate::wire::codec;
use crate::wire::error::ErrorCode;
use crate::wire::hello::Welcome;
use crate::wire::metrics::Metrics;
use crate::wire::overview::ConversationPage;

/// A frame that the server writes on the session stream. The first one is [`ServerFrame::Welcome`];
/// responses follow in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The login succeeded.
    Welcome(Welcome),
    /// The login was refused. The connection closes.
    Refused(ErrorCode),
    /// The response to one request.
    Response(RequestId, Result<Response, ErrorCode>),
}

/// The successful response to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// The response to [`crate::wire::request::Request::Send`] and `Forward`: the message is
    /// durable.
    Accepted {
        /// The message's position in the log.
        msgid: MsgId,
    },
    /// Success, for requests without a result.
    Done,
    /// The response to `Pull`.
    Pulled(Pulled),
    /// The response to `Conversations`.
    Conversations(ConversationPage),
    /// The response to `FindUsers` and `Users`: the existing ones, in the requested order. Also to
    /// `BannedUsers`, ordered by id.
    Users(#[serde(deserialize_with = "codec::list")] Vec<UserInfo>),
    /// The response to `CreateGroup`.
    Created {
        /// The new group.
        conversation: ConversationId,
    },
    /// The response to `AddMembers`, `RemoveMembers`, `Ban` and `Unban`.
    Changed {
        /// The number of users for whom something changed.
        users: u32,
    },
    /// The response to `Members`.
    Members(MemberPage),
    /// The response to `CreateInvite`.
    Invite {
        /// The address that the operator advertises; may differ from the one that the client
        /// connected to.
        addr: ServerAddr,
        /// The token of the link.
        token: InviteToken,
    },
    /// The response to `Devices`.
    Devices(#[serde(deserialize_with = "codec::list")] Vec<DeviceInfo>),
    /// The response to `Import`.
    Imported {
        /// The number of entries stored by this request. Others had been stored before.
        added: u32,
        /// The number of users created for senders.
        users: u32,
        /// The source's cursor: the number of its entries that are stored.
        cursor: u64,
    },
    /// The response to `ImportCursor`.
    ImportCursor {
        /// The number of the source's entries that are stored.
        cursor: u64,
    },
    /// The response to `Explain`.
    Explained(Explained),
    /// The response to `Metrics`. Boxed because it is larger than all others.
    Metrics(Box<Metrics>),
    /// The response to `Pins`, in ascending order.
    Pins(#[serde(deserialize_with = "codec::list")] Vec<MsgId>),
    /// The response to `Group`.
    Group(GroupDetails),
    /// The response to `FindGroups`: ordered by name, at most [`crate::limits::GROUPS_FOUND_MAX`].
    /// A longer prefix narrows the search.
    Groups(#[serde(deserialize_with = "codec::list")] Vec<OpenGroup>),
    /// The response to `Settings`, with all settings, and to `SetSetting`, with the changed one.
    Settings(#[serde(deserialize_with = "codec::list")] Vec<Setting>),
    /// The response to `Relate`: the resulting relation.
    Related(Contact),
    /// The response to `Contacts`.
    Contacts(ContactPage),
    /// The response to `SearchUsers`.
    FoundUsers(UserPage),
    /// The response to `Profiles`: those of existing users, in the requested order.
    Profiles(#[serde(deserialize_with = "codec::list")] Vec<UserProfile>),
    /// The response to `Watch`: the watched users without duplicates, and their presence.
    Watching(#[serde(deserialize_with = "codec::list")] Vec<UserPresence>),
    /// The response to `Receipts`.
    Receipts(ReceiptPage),
    /// The response to `OwnReads`.
    OwnReads(Reads),
    /// The response to `Retention`.
    Retention(RetentionInfo),
}

/// A range of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulled {
    /// The messages.
    pub run: Run,
    /// The last message of the log when it was read.
    pub head: MsgId,
    /// Messages up to this one have expired, or precede what the user may see.
    pub floor: MsgId,
}
