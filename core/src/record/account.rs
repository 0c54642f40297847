//! Stored users, devices, invites and epochs.

use cairn_proto::ids::{EpochId, Revision, SendStreamId, Timestamp};
use cairn_proto::model::receipts::Reads;
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{DeviceName, UserName};
use serde::{Deserialize, Serialize};

/// SHA-256 of a secret. The secret itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHash(pub [u8; 32]);

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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRecord {
    pub uses_left: u32,
    pub expires_at: Timestamp,
    /// The role of users who join with it.
    pub role: ServerRole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRecord {
    pub epoch: EpochId,
    /// The first batch of the commit log in this epoch.
    pub first: Revision,
}
