//! The stored form of users, devices, invites and starts of the server.

use cairn_proto::ids::{EpochId, Revision, SendStreamId, Timestamp};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, UserName};
use serde::{Deserialize, Serialize};

/// SHA-256 of a secret. The secret itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHash(pub [u8; 32]);

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// The name, which nobody else has.
    pub name: UserName,
    /// What the user may do on the server.
    pub role: ServerRole,
    /// The password, as an argon2id PHC string. Without one, no further device can log in; imported
    /// users have none.
    pub password: Option<Box<str>>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Whether others see what the user has read, and he what they have.
    pub reads: Reads,
}

/// A device of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// What its owner calls it.
    pub name: DeviceName,
    /// What it proves itself with.
    pub token: SecretHash,
    /// When it first logged in.
    pub created_at: Timestamp,
    /// Its send streams, the most recently used first; at most
    /// [`crate::limits::SEND_STREAMS_PER_DEVICE_MAX`].
    pub streams: Vec<SendStreamId>,
}

/// What lets new users in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRecord {
    /// How many more may use it.
    pub uses_left: u32,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What those who use it may do on the server.
    pub role: ServerRole,
}

/// A start of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Its id.
    pub epoch: EpochId,
    /// The first batch of the commit log that is of it.
    pub first: Revision,
}
