//! What a client is told. Variants only grow at the end: the position of a variant is its number on
//! the wire.

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
