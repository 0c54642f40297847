//! The author of a command.

use cairn_proto::ids::{DeviceId, Revision, SendStreamId, UserId};

/// A logged-in device and the send stream of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    pub user: UserId,
    pub device: DeviceId,
    pub stream: SendStreamId,
    /// No send on the stream was made up to this batch, so a stream that was forgotten before it is
    /// another one. [`Revision::MAX`] for the first send on a new stream.
    pub stream_began: Revision,
}
