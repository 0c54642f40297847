//! What the sequencer hands to the hub: answers, and what a batch made visible.

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

/// Where an answer goes.
#[derive(Debug)]
pub(crate) enum ReplyTo {
    /// To whoever waits for it.
    Once(oneshot::Sender<Result<Reply, ErrorCode>>),
    /// To a session that begins with it.
    Login(
        Arc<Session>,
        oneshot::Sender<Result<Box<LoggedIn>, ErrorCode>>,
    ),
    /// To a session that asks whether it may read a conversation.
    Grant(Arc<Session>, oneshot::Sender<Result<Readable, ErrorCode>>),
    /// To a session that asks to watch users.
    Watch(Arc<Session>, oneshot::Sender<Result<Response, ErrorCode>>),
    /// To a session that asks to look at a conversation, or at none.
    Focus(
        Arc<Session>,
        Option<ConversationId>,
        oneshot::Sender<Result<Response, ErrorCode>>,
    ),
    /// To a request of a session.
    Session(Arc<Session>, RequestId),
}

/// What one batch made visible.
#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// The conversations with new entries, and how far their logs go with them.
    pub(crate) touched: Vec<(ConversationId, MsgId)>,
    /// What happened to memberships, devices and relations.
    pub(crate) notices: Vec<Notice>,
    /// The answers to the batch's commands.
    pub(crate) answers: Vec<(ReplyTo, Result<Reply, ErrorCode>)>,
}

/// What happened to a membership, a device or a relation.
#[derive(Debug)]
pub(crate) enum Notice {
    /// The user is a member from now on.
    Joined {
        /// The user.
        user: UserId,
        /// The last entry before the membership.
        position: MsgId,
        /// The conversation.
        summary: Box<Conversation>,
    },
    /// The user is no member any more.
    Left {
        /// The user.
        user: UserId,
        /// The conversation.
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The member's role, or what he settled for himself, is another.
    Changed {
        /// The user.
        user: UserId,
        /// The device that sees it like this.
        device: DeviceId,
        /// The conversation.
        summary: Box<Conversation>,
    },
    /// A device moved the user's read cursor. All of his devices are told, that one as well:
    /// answers and what is pushed come on streams of their own, so that it could not tell otherwise
    /// whether another device moved the cursor before or after.
    Read {
        /// The user.
        user: UserId,
        /// The conversation.
        conversation: ConversationId,
        /// The last message read.
        read: MsgId,
        /// How far the log went then.
        head: MsgId,
    },
    /// A member of a conversation that somebody looks at is further than he was.
    Moved {
        /// The conversation.
        conversation: ConversationId,
        /// How far he is.
        cursors: MemberCursors,
    },
    /// Another policy of retention holds.
    RetentionSet {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Entries are gone on purpose.
    FloorRaised {
        /// The conversation.
        conversation: ConversationId,
    },
    /// The settings are others.
    SettingSet {
        /// How long a session is without activity before it counts as away; `None` for never.
        away_after: Option<Duration>,
    },
    /// The device is no more.
    Revoked {
        /// Whose it was.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// The user's side of a relation changed.
    Related {
        /// The user.
        user: UserId,
        /// The relation as it is now.
        contact: Box<Contact>,
    },
    /// Something of the user's own is another now.
    AccountUpdate {
        /// The user.
        user: UserId,
        /// What.
        part: AccountPart,
        /// As it is now.
        own: Box<AccountUpdate>,
    },
}
