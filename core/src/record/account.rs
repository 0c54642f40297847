//! Stored users, devices, links and epochs.

use cairn_proto::ids::{EpochId, LinkId, Revision, SendStreamId, Timestamp, UserId};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::{ServerRole, UserState};
use cairn_proto::text::{DeviceName, Keyword, UserName};
use serde::{Deserialize, Serialize};

/// SHA-256 of a secret. The secret itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// The id of the link with this token.
    #[must_use]
    pub const fn link_id(&self) -> LinkId {
        let [a, b, c, d, ..] = self.0;
        LinkId::new(u32::from_be_bytes([a, b, c, d]))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// Unique.
    pub name: UserName,
    pub role: ServerRole,
    /// Argon2id PHC string. Without one no further device can log in; imported users have none.
    pub password: Option<Box<str>>,
    pub created_at: Timestamp,
    /// Whether read receipts are shared, in both directions.
    pub reads: Reads,
    pub status: UserStatus,
    pub origin: UserOrigin,
    /// The user that an imported author is. Never itself an alias.
    pub alias_of: Option<UserId>,
    /// Words that notify the user as a mention does.
    pub keywords: Vec<Keyword>,
    /// Names that the user gave up, at most [`crate::limits::FORMER_NAMES_MAX`].
    pub former_names: Vec<FormerName>,
    /// The batch that last changed what others see of the user: name, role or state.
    pub changed: Revision,
}

/// A name that a user gave up. No one else can take it for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    pub name: UserName,
    pub freed_at: Timestamp,
}

impl UserRecord {
    /// A new user: an active member without a password.
    #[must_use]
    pub const fn new(name: UserName, origin: UserOrigin, created_at: Timestamp) -> Self {
        Self {
            name,
            role: ServerRole::Member,
            password: None,
            created_at,
            reads: Reads::Shown,
            status: UserStatus::Active,
            origin,
            alias_of: None,
            keywords: Vec::new(),
            former_names: Vec::new(),
            changed: Revision::new(0),
        }
    }

    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, UserStatus::Active)
    }

    /// Returns whether others see the same of both.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.name == other.name && self.role == other.role && self.state() == other.state()
    }

    /// What others see of the status and the origin.
    #[must_use]
    pub fn state(&self) -> UserState {
        match (self.status, self.origin, self.alias_of) {
            (_, _, Some(user)) => UserState::AliasOf(user),
            (UserStatus::Deactivated { .. }, ..) => UserState::Deactivated,
            (UserStatus::Active, UserOrigin::Imported { .. }, None) => UserState::Imported,
            (UserStatus::Active, ..) => UserState::Active,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserStatus {
    Active,
    Deactivated { by: UserId, at: Timestamp },
}

/// How a user came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserOrigin {
    /// Before origins were recorded.
    Unknown,
    /// Joined with an invite.
    Invite(LinkId),
    /// Created by an import.
    Imported { by: UserId, at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub name: DeviceName,
    /// Hash of the token that it logs in with.
    pub token: SecretHash,
    pub created_at: Timestamp,
    /// Its send streams, the most recently used one first. Apart from named streams, at most
    /// [`crate::limits::SEND_STREAMS_PER_DEVICE_MAX`].
    pub streams: Vec<UsedStream>,
}

/// A send stream that a device has sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedStream {
    pub stream: SendStreamId,
    /// The batch in which it became the most recently used one.
    pub used_at: Revision,
}

/// What a link permits to anyone who has it. Its key is the hash of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRecord {
    /// `None` if the server made it, or before makers were recorded.
    pub maker: Option<UserId>,
    /// 0 once it is used up. It stays until it expires, so that lists can show who used it.
    pub uses_left: u32,
    pub expires_at: Timestamp,
    pub purpose: LinkPurpose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkPurpose {
    /// To join the server with this role.
    Join(ServerRole),
    /// To set a user's password and log in.
    Reset {
        user: UserId,
        /// Whether the user's devices stay logged in.
        keep_devices: bool,
    },
}

impl LinkRecord {
    /// Returns whether it resets this user's password.
    #[must_use]
    pub fn resets(&self, of: UserId) -> bool {
        matches!(self.purpose, LinkPurpose::Reset { user, .. } if user == of)
    }

    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.uses_left > 0 && now < self.expires_at
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    pub epoch: EpochId,
    /// The first batch of the commit log in this epoch.
    pub first: Revision,
}
