//! The author of a command.

use cairn_proto::ids::{DeviceId, SendStreamId, UserId};

/// A logged-in device and the send stream of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub user: UserId,
    pub device: DeviceId,
    pub stream: SendStreamId,
}
