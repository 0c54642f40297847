//! Commands and their replies.

use cairn_proto::ids::{ConversationId, DeviceId, EpochId, MsgId, SendStreamId, Timestamp, UserId};
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, UserName};
use cairn_proto::wire::overview::{ConversationPage, Moment};
use cairn_proto::wire::request::Request;
use cairn_proto::wire::response::Response;

use crate::api::actor::Actor;
use crate::api::attachment::{AttachmentCommand, AttachmentReply};
use crate::record::SecretHash;

/// One command. It carries the random values and secret hashes that it needs, so that execution is
/// deterministic.
#[derive(Clone, Debug)]
pub enum Command {
    /// Creates an invite for the first owner of the server.
    OwnerInvite {
        token: SecretHash,
        expires_at: Timestamp,
    },
    /// Creates an invite for new members.
    Invite {
        actor: Actor,
        token: SecretHash,
        /// How many users may join with it.
        uses: u32,
        /// Lifetime in seconds.
        life_seconds: u64,
    },
    /// Creates a user with an invite.
    Join {
        /// Hash of the invite's token.
        invite: SecretHash,
        name: UserName,
        /// Argon2id PHC string.
        password: Option<Box<str>>,
        device: NewDevice,
    },
    /// Looks up the password hash of a user.
    Account {
        name: UserName,
    },
    /// Adds a device to a user whose password was verified.
    AddDevice {
        user: UserId,
        device: NewDevice,
    },
    /// Logs in a known device.
    Login {
        token: SecretHash,
        stream: SendStreamId,
        /// Whether the session wants entries pushed, which requires its position in every
        /// conversation.
        push: bool,
        /// Moment of the device's last overview.
        since: Option<Moment>,
    },
    Ask(Actor, Request),
    /// Asks for permission to read a conversation.
    Grant(Actor, ConversationId),
    /// Asks for permission to read the server's metrics.
    Metrics(Actor),
    /// Starts an epoch: moments given out from now on belong to it.
    Begin(EpochId),
    Attachment(AttachmentCommand),
    /// Internal: whether messages are kept forever where no policy is set.
    KeepsByDefault,
    /// Internal: the retention policy and bounds of a conversation.
    Retained(ConversationId),
    /// Internal: expires messages.
    Expire {
        conversation: ConversationId,
        /// The policy that was evaluated. Nothing happens if another one is in force by now.
        policy: Retention,
        /// The last entry that is old enough, with all below it.
        aged: MsgId,
    },
}

/// A device that logs in for the first time.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Random.
    pub id: DeviceId,
    pub name: DeviceName,
    /// Hash of its token.
    pub token: SecretHash,
    /// Send stream of its first session.
    pub stream: SendStreamId,
    /// Whether the session wants entries pushed.
    pub push: bool,
}

#[derive(Clone, Debug)]
pub enum Reply {
    Done,
    /// To [`Command::Account`]: the user and the password hash, if the user exists.
    Account(Option<(UserId, Option<Box<str>>)>),
    /// To commands that log in.
    LoggedIn(Box<LoggedIn>),
    /// To [`Command::Ask`].
    Response(Response),
    Grant(Grant),
    KeepsByDefault(bool),
    Retained(Retained),
    Expired {
        /// Whether more may expire at once: the step reached its limit.
        has_more: bool,
    },
    /// To [`Command::Metrics`]: permitted. The caller supplies the metrics.
    MetricsAllowed,
    Attachment(AttachmentReply),
}

#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub actor: Actor,
    pub name: UserName,
    pub role: ServerRole,
    /// The first page of the user's conversations, or of the changed ones.
    pub overview: ConversationPage,
    /// Where push resumes in each conversation. Empty unless the session wants entries pushed.
    pub feeds: Vec<Feed>,
}

/// Where push resumes in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    pub conversation: ConversationId,
    /// The last entry that the device already has.
    pub position: MsgId,
    /// Entries up to here are not readable.
    pub floor: MsgId,
}

/// Permission to read a conversation above `floor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub conversation: ConversationId,
    /// Entries up to here are not readable.
    pub floor: MsgId,
}

/// The retention policy in force, and the bounds of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    pub policy: Retention,
    pub head: MsgId,
    /// The last expired entry.
    pub floor: MsgId,
}
