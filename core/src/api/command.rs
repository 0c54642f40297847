//! What the state machine is prefetch_request, and what it answers.

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

/// One thing to do. Randomness and hashes of secrets come with it, so that the same commands always
/// do the same.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make an invite for whoever shall own the server.
    OwnerInvite {
        /// The hash of its token.
        token: SecretHash,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// Make an invite for new members.
    Invite {
        /// Who asks.
        actor: Actor,
        /// The hash of its token.
        token: SecretHash,
        /// How many users may join with it.
        uses: u32,
        /// How long it lives, in seconds.
        life_seconds: u64,
    },
    /// A new user with an invite.
    Join {
        /// The hash of the invite's token.
        invite: SecretHash,
        /// The name the user takes.
        name: UserName,
        /// The password, hashed.
        password: Option<Box<str>>,
        /// The user's first device.
        device: NewDevice,
    },
    /// What a password is checked against.
    Account {
        /// The user's name.
        name: UserName,
    },
    /// A new device of a user whose password was checked.
    AddDevice {
        /// The user.
        user: UserId,
        /// The device.
        device: NewDevice,
    },
    /// A device that was here before.
    Login {
        /// The hash of its token.
        token: SecretHash,
        /// The send stream of this session.
        stream: SendStreamId,
        /// Whether the session wants to be pushed, and so loads to know where it is in every
        /// conversation.
        push: bool,
        /// The moment of the device's last overview.
        since: Option<Moment>,
    },
    /// What a session asks.
    Ask(Actor, Request),
    /// Whether a session may read a conversation, and from where.
    Grant(Actor, ConversationId),
    /// Whether a session may see how the server works.
    Metrics(Actor),
    /// The server starts; what it tells of moments from now on is of this epoch.
    Begin(EpochId),
    /// What transfers ask.
    Attachment(AttachmentCommand),
    /// Whether messages stay for ever where nobody said otherwise: of the server itself.
    KeepsByDefault,
    /// How long messages of a conversation stay: of the server itself, which looks for what is to
    /// go.
    Retained(ConversationId),
    /// Let go what may go, and remember how far that was: of the server itself.
    Expire {
        /// The conversation.
        conversation: ConversationId,
        /// The policy under which it was found that it may go. Under another nothing happens.
        policy: Retention,
        /// The last entry that is old enough, as are all below it.
        aged: MsgId,
    },
}

/// A device that logs in for the first time.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id, random.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: DeviceName,
    /// The hash of its token.
    pub token: SecretHash,
    /// The send stream of its first session.
    pub stream: SendStreamId,
    /// Whether the session wants to be pushed.
    pub push: bool,
}

/// The answer to a command.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done; there is nothing to tell.
    Done,
    /// To [`Command::Account`]: the user and the password hash, if there is such a user.
    Account(Option<(UserId, Option<Box<str>>)>),
    /// To the commands that log in.
    LoggedIn(Box<LoggedIn>),
    /// To [`Command::Ask`].
    Response(Response),
    /// To [`Command::Grant`].
    Grant(Grant),
    /// To [`Command::KeepsByDefault`].
    KeepsByDefault(bool),
    /// To [`Command::Retained`].
    Retained(Retained),
    /// To [`Command::Expire`].
    Expired {
        /// Whether more may go at once: the step came to the bound of what names attachments.
        has_more: bool,
    },
    /// To [`Command::Metrics`]: it may. Whoever has the metrics puts them in the place of this.
    MetricsAllowed,
    /// To [`Command::Attachment`].
    Attachment(AttachmentReply),
}

/// A session that begins.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// Who it is.
    pub actor: Actor,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server.
    pub role: ServerRole,
    /// The first page of the user's conversations, or of those that changed.
    pub overview: ConversationPage,
    /// Where push resumes, in every conversation of the user. Empty unless the session wants to be
    /// pushed.
    pub feeds: Vec<Feed>,
}

/// Where push resumes in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last entry that the device loads no more.
    pub position: MsgId,
    /// Everything up to here is out of reach, as the overview says.
    pub floor: MsgId,
}

/// Which part of a log a member may read: everything above `floor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The conversation.
    pub conversation: ConversationId,
    /// Everything up to here is out of reach.
    pub floor: MsgId,
}

/// What holds in a conversation, for whoever looks for what is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    /// How long messages stay.
    pub policy: Retention,
    /// The last entry.
    pub head: MsgId,
    /// The last entry that is gone.
    pub floor: MsgId,
}
