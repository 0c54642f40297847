//! A publication: the replies and side effects of one batch, from the sequencer to the hub.

use std::sync::Arc;
use std::time::Duration;

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, RequestId, UserId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::people::Contact;
use cairn_proto::model::receipts::MemberCursors;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::response::Response;
use tokio::sync::oneshot;

use crate::session::{Readable, Session};
use cairn_core::Reply;
use cairn_core::api::command::LoggedIn;
use cairn_core::api::effect::AccountPart;

/// The recipient of a reply.
#[derive(Debug)]
pub(crate) enum ReplyTo {
    /// A task of the server.
    Once(oneshot::Sender<Result<Reply, ErrorCode>>),
    /// A session to register.
    Login(
        Arc<Session>,
        oneshot::Sender<Result<Box<LoggedIn>, ErrorCode>>,
    ),
    /// A session that wants to read a conversation.
    Grant(Arc<Session>, oneshot::Sender<Result<Readable, ErrorCode>>),
    /// A session that wants to watch users.
    Watch(Arc<Session>, oneshot::Sender<Result<Response, ErrorCode>>),
    /// A session that changes its focus.
    Focus(
        Arc<Session>,
        Option<ConversationId>,
        oneshot::Sender<Result<Response, ErrorCode>>,
    ),
    /// A request of a session.
    Session(Arc<Session>, RequestId),
}

#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// Conversations with new entries, and their heads after the batch.
    pub(crate) touched: Vec<(ConversationId, MsgId)>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) answers: Vec<(ReplyTo, Result<Reply, ErrorCode>)>,
}

/// A side effect to publish.
#[derive(Debug)]
pub(crate) enum Notice {
    Joined {
        user: UserId,
        /// The last entry before the membership.
        position: MsgId,
        summary: Box<Conversation>,
    },
    Left {
        user: UserId,
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The member's role or settings changed.
    Changed {
        user: UserId,
        /// Summaries differ by device, as each has its own delivered cursor.
        device: DeviceId,
        summary: Box<Conversation>,
    },
    /// A device moved the user's read cursor. The same device is notified too: replies and pushed
    /// frames come on separate streams, so it could not otherwise order its own move against that
    /// of another device.
    Read {
        user: UserId,
        conversation: ConversationId,
        read: MsgId,
        /// The head at that time.
        head: MsgId,
    },
    /// Cursors of a member of a focused conversation moved.
    Moved {
        conversation: ConversationId,
        cursors: MemberCursors,
    },
    RetentionSet {
        conversation: ConversationId,
    },
    /// Entries expired.
    FloorRaised {
        conversation: ConversationId,
    },
    SettingSet {
        /// Idle time after which a session counts as away; `None` for never.
        away_after: Option<Duration>,
    },
    Revoked {
        user: UserId,
        device: DeviceId,
    },
    /// The user's side of a relation changed.
    Related {
        user: UserId,
        contact: Box<Contact>,
    },
    /// The user's account changed.
    AccountUpdate {
        user: UserId,
        part: AccountPart,
        update: Box<AccountUpdate>,
    },
}
