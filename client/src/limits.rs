//! Every bound of the client. The bounds of the wire are in [`cairn_proto::limits`].

use std::time::Duration;

use cairn_proto::limits;

/// Requests other than sends that may wait for their answers. Further ones wait their turn.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 256;

/// Packed messages that wait in one [`crate::Timeline`] for its reader, in bytes. What is pushed
/// beyond it is pulled later.
pub const TIMELINE_BUFFER_BYTES_MAX: usize = 4 * limits::RUN_BYTES_MAX;

/// Events that wait in one [`crate::Events`] for its reader. Of further ones only their number is
/// kept.
pub const EVENTS_BUFFERED_MAX: usize = 256;

/// Users whose names a client remembers. When there are more, it forgets all and begins again.
pub const USERS_CACHED_MAX: usize = 10_000;

/// How long a first connection, and each later attempt, may take from the first packet to the
/// login's answer.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// How long the first attempt to come back may take. When nobody answered, the next may take twice
/// as long, up to [`CONNECT_TIME_MAX`]. An attempt waits longer and longer between its packets; one
/// that begins anew meets a server that has just restarted much sooner, and one that may take
/// longer reaches a server that is slow or far away.
pub const RECONNECT_TIME_FIRST: Duration = Duration::from_secs(3);

/// How long the first address of a host is tried before the other family's is tried beside it.
pub const FAMILY_HEAD_START: Duration = Duration::from_millis(250);

/// How long [`crate::Client::close`] waits for acks to be answered.
pub const FLUSH_TIME_MAX: Duration = Duration::from_secs(2);

/// How long [`crate::Client::close`] waits for the last packets to leave.
pub const DRAIN_TIME_MAX: Duration = Duration::from_millis(500);

/// How long a connection that ended a stream is asked for the reason.
pub const CLOSE_REASON_TIME_MAX: Duration = Duration::from_secs(1);

/// How long acks are collected before they are sent.
pub const ACK_DELAY: Duration = Duration::from_millis(200);

/// The shortest time between acks that nothing else rides with. Each costs two packets, and where
/// much is said, very many clients ack.
pub const ACK_INTERVAL: Duration = Duration::from_secs(1);

/// How long before the end of a connection an ack was answered that may be forgotten: a server that
/// is killed loses half a second of them, and a client that only listens notices after the idle
/// timeout.
pub const ACK_DOUBT_TIME: Duration = Duration::from_secs(2 * limits::IDLE_TIME_MAX.as_secs());

/// A session that lived for so long makes the next reconnect begin with the shortest delay again.
pub const STEADY_AFTER: Duration = Duration::from_secs(1);

/// How often a silent connection shows that it is alive. A client that only listens learns no
/// sooner that the server was restarted.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(limits::IDLE_TIME_MAX.as_secs() / 6);

/// The round trip that is assumed before one was measured: a lost first packet is sent again after
/// three of them.
pub const RTT_ASSUMED: Duration = Duration::from_millis(100);

/// The kernel's buffers of a socket, each way, in bytes. The kernel may give less.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// What the server may send on one stream before the client has read it, in bytes.
pub const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// What the server may send on all streams of a connection before the client has read it, in bytes.
/// Each transfer has room of its own, so that a slow disk never keeps messages waiting.
pub const CONNECTION_WINDOW_BYTES: u32 =
    (2 + limits::TRANSFERS_PER_CONNECTION_MAX as u32) * STREAM_WINDOW_BYTES;

/// What a connection holds until the server has acknowledged it, in bytes.
pub const SEND_WINDOW_BYTES: u64 = 2 * 1024 * 1024;

/// What a transfer reads or writes at once, in bytes.
pub const TRANSFER_BUFFER_BYTES: usize = 256 * 1024;

/// What a download writes between two syncs, in bytes: whoever else uses the disk never waits
/// behind gigabytes.
pub const TRANSFER_SYNC_BYTES: u64 = 256 * 1024;

/// Attempts of a transfer, one after the other, that come no further than those before them.
pub const TRANSFER_ATTEMPTS_MAX: u32 = 10;

/// How long a transfer waits before the second attempt; twice as long before the third, and so on.
pub const TRANSFER_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Datagrams that wait to be sent or read, in bytes each way.
pub const DATAGRAM_BUFFER_BYTES: usize = 16 * 1024;

/// An outgoing buffer that grew beyond this, in bytes, is let go after it was written.
pub const KEPT_BUFFER_BYTES_MAX: usize = 256 * 1024;
