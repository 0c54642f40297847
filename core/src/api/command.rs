//! Commands of the server itself, and their answers. Those of clients are the requests of
//! `cairn-proto`.
//!
//! A command carries the random values and secret hashes that it needs, so that execution is
//! deterministic.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, DeviceId, EpochId, MsgId, SendStreamId, Timestamp, UserId};
use cairn_proto::model::retention::Retention;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, UserName};
use cairn_proto::wire::overview::{ConversationPage, Moment};

use crate::api::actor::Actor;
use crate::record::SecretHash;

/// Starts an epoch: moments given out from now on belong to it.
#[derive(Clone, Copy, Debug)]
pub struct BeginEpoch(pub EpochId);

/// Creates an invite for the first owner of the server, and revokes earlier unused ones: their
/// links may be lost.
#[derive(Clone, Copy, Debug)]
pub struct OwnerInvite {
    pub token: SecretHash,
    pub expires_at: Timestamp,
}

/// Creates an invite for new members.
#[derive(Clone, Copy, Debug)]
pub struct Invite {
    pub actor: Actor,
    pub token: SecretHash,
    /// How many users may join with it.
    pub uses: u32,
    /// Lifetime in seconds.
    pub life_seconds: u64,
}

/// Creates a link that resets a user's password, and voids earlier ones.
#[derive(Clone, Copy, Debug)]
pub struct AllowReset {
    pub actor: Actor,
    pub user: UserId,
    pub token: SecretHash,
    /// Whether the user's devices stay logged in when it is used.
    pub keep_devices: bool,
}

/// Replaces the password of a user by means of a link, and logs in a new device.
#[derive(Clone, Debug)]
pub struct Reset {
    /// Hash of the link's token.
    pub token: SecretHash,
    /// Argon2id PHC string.
    pub password: Box<str>,
    pub device: NewDevice,
}

/// Looks up the requester's own password hash, to verify it before it is replaced.
#[derive(Clone, Copy, Debug)]
pub struct FindOwnAccount(pub Actor);

/// The requester's name, and password hash unless they have no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAccount {
    pub name: UserName,
    pub password: Option<Box<str>>,
}

/// Replaces the requester's password.
#[derive(Clone, Debug)]
pub struct ReplacePassword {
    pub actor: Actor,
    /// The hash that was verified. The request is refused if it changed meanwhile.
    pub verified: Option<Box<str>>,
    /// Argon2id PHC string.
    pub password: Box<str>,
    /// Whether all devices but the requesting one are revoked.
    pub end_other_devices: bool,
}

/// Creates a user with an invite.
#[derive(Clone, Debug)]
pub struct Join {
    /// Hash of the invite's token.
    pub invite: SecretHash,
    pub name: UserName,
    /// Argon2id PHC string.
    pub password: Option<Box<str>>,
    pub device: NewDevice,
}

/// Looks up the password hash of a user.
#[derive(Clone, Debug)]
pub struct FindAccount(pub UserName);

/// A user, and the password hash unless the user has no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAccount {
    pub user: UserId,
    pub password: Option<Box<str>>,
}

/// Adds a device to a user whose password was verified.
#[derive(Clone, Debug)]
pub struct AddDevice {
    pub user: UserId,
    pub device: NewDevice,
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

/// Logs in a known device.
#[derive(Clone, Debug)]
pub struct Login {
    pub token: SecretHash,
    pub stream: SendStreamId,
    pub stream_past: StreamPast,
    /// Whether the session wants entries pushed, which requires its position in every conversation.
    pub push: bool,
    /// Moment of the device's last overview.
    pub since: Option<Moment>,
}

/// What a session that starts knows of its send stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPast {
    /// No earlier session has sent on it.
    New,
    /// Earlier sessions have sent on it, all of them after this moment if it is known.
    Resumed(Option<Moment>),
}

/// A session that starts.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub actor: Actor,
    pub name: UserName,
    pub role: ServerRole,
    /// The first page of the user's conversations, or of the changed ones.
    pub overview: ConversationPage,
    /// Where push resumes in each conversation. Empty unless the session wants entries pushed.
    pub feeds: Vec<Feed>,
    pub now: Timestamp,
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

/// Asks for permission to read a conversation.
#[derive(Clone, Copy, Debug)]
pub struct GrantRead {
    pub actor: Actor,
    pub conversation: ConversationId,
}

/// Permission to read a conversation above `floor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub conversation: ConversationId,
    /// Entries up to here are not readable.
    pub floor: MsgId,
    /// Whether it comes from a membership. Nothing revokes a grant that does not, so it holds for
    /// one request.
    pub is_member: bool,
}

/// Asks for the user's conversations, at most `max`: those with the latest activity, unordered. And
/// for the aliases of the users that the search names.
#[derive(Clone, Debug)]
pub struct BeginSearch {
    pub actor: Actor,
    pub max: usize,
    pub users: Vec<UserId>,
}

#[derive(Clone, Debug)]
pub struct SearchScope {
    pub conversations: Vec<ConversationId>,
    /// Each alias with its user.
    pub aliases: Vec<(UserId, UserId)>,
}

/// Asks for permission to read conversations, with what a search needs to know of each. The answer
/// leaves out those that the user is not a member of.
#[derive(Clone, Debug)]
pub struct GrantSearch {
    pub actor: Actor,
    pub conversations: Vec<ConversationId>,
}

/// Permission to search a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchGrant {
    pub grant: Grant,
    /// Messages of others above it are unread.
    pub unread_above: MsgId,
    /// The pinned messages that the user may see.
    pub pins: Vec<MsgId>,
}

/// Asks for permission to focus a conversation. The answer is whether the user shares read
/// receipts, and so sees those of others.
#[derive(Clone, Copy, Debug)]
pub struct GrantFocus {
    pub actor: Actor,
    pub conversation: Option<ConversationId>,
}

/// Asks for permission to read the server's metrics.
#[derive(Clone, Copy, Debug)]
pub struct GrantMetrics(pub Actor);

/// Asks for the time by which messages expire, and logs it now and then.
#[derive(Clone, Copy, Debug)]
pub struct ReadClock;

/// Asks whether messages are kept forever where no policy is set.
#[derive(Clone, Copy, Debug)]
pub struct KeepsByDefault;

/// Asks for the retention policy and bounds of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct GetRetained(pub ConversationId);

/// The retention policy in force, and the bounds of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    pub policy: Retention,
    pub head: MsgId,
    /// The last expired entry.
    pub floor: MsgId,
}

/// Expires what `policy` allows: entries up to `aged`, or what every device has. At most
/// [`crate::limits::RETENTION_STEP_ENTRIES`] entries and [`crate::limits::REFS_DROPPED_MAX`]
/// references at once. The answer is whether more may expire at once: the step reached its limit.
#[derive(Clone, Copy, Debug)]
pub struct Expire {
    pub conversation: ConversationId,
    /// The policy that was evaluated. Nothing happens if another one is in force by now.
    pub policy: Retention,
    /// The last entry that is old enough, with all below it.
    pub aged: MsgId,
}

/// Starts an upload of this many bytes. A user who uploaded the bytes before need not do so again.
/// Anyone else must prove to have them: knowing a hash must not give access to the file.
#[derive(Clone, Copy, Debug)]
pub struct BeginUpload {
    pub actor: Actor,
    pub hash: AttachmentHash,
    pub bytes: u64,
}

/// Whether an upload is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// The bytes are stored, and the user may send the attachment.
    Stored,
    /// The bytes must be uploaded.
    Wanted {
        /// Bytes of the user's quota that are left, as [`crate::attachment::charged_bytes`] counts
        /// them.
        quota_left: u64,
    },
}

/// Ends an upload: all bytes are durable under their hash.
#[derive(Clone, Copy, Debug)]
pub struct EndUpload {
    pub actor: Actor,
    pub hash: AttachmentHash,
    pub bytes: u64,
}

/// Asks for permission to read the attachment that a message references. The answer is its length
/// in bytes.
///
/// Every refusal is the same [`cairn_proto::wire::error::ErrorCode::NoSuchAttachment`], so that
/// hashes cannot be probed. Only a user who could see the message learns that it expired, as with
/// everything else about it.
#[derive(Clone, Copy, Debug)]
pub struct GrantDownload {
    pub actor: Actor,
    pub conversation: ConversationId,
    pub msgid: MsgId,
    pub hash: AttachmentHash,
}

/// Removes expired, unreferenced attachments among the next few after this hash.
#[derive(Clone, Copy, Debug)]
pub struct CollectAttachments(pub Option<AttachmentHash>);

/// Removed attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Their records are gone; their files can be deleted.
    pub gone: Vec<AttachmentHash>,
    /// Where to continue; `None` after the last unreferenced attachment.
    pub next: Option<AttachmentHash>,
}

/// Asks which of these stored files have no record.
#[derive(Clone, Debug)]
pub struct FindOrphans(pub Vec<AttachmentHash>);
