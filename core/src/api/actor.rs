//! Who issues a command.

use cairn_proto::ids::{DeviceId, SendStreamId, UserId};

/// Who asks: a logged-in device and the send stream of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// The send stream.
    pub stream: SendStreamId,
}
