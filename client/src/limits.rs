//! Every limit of the client. Those of the wire are in [`cairn_proto::limits`].

use std::time::Duration;

use cairn_proto::limits;

/// Unanswered requests other than sends. Further ones wait for a permit.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 256;

/// Pushed messages buffered by one [`crate::Timeline`], in packed bytes. Runs that do not fit are
/// dropped and pulled later.
pub const TIMELINE_BUFFER_BYTES_MAX: usize = 4 * limits::RUN_BYTES_MAX;

/// Events buffered by one [`crate::Events`]. Further ones are dropped and counted.
pub const EVENTS_BUFFERED_MAX: usize = 256;

/// Users in the cache of [`crate::view::People::get_all`]. The cache is cleared when it is full.
pub const USERS_CACHED_MAX: usize = 10_000;

/// Members whose names a text can mention, in [`crate::view::Conversation::mention_names`].
pub const MENTION_NAMES_MAX: usize = 10_000;

/// The time limit of a first connection, and of each later attempt, from the first packet to the
/// answer of the login.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// The time limit of the first attempt to reconnect. It doubles after each attempt without an
/// answer, up to [`CONNECT_TIME_MAX`]. QUIC backs off between the packets of one attempt, so a
/// short attempt finds a server that has just restarted sooner; the growing limit still reaches a
/// slow or distant one.
pub const RECONNECT_TIME_FIRST: Duration = Duration::from_secs(3);

/// The delay before a host's second address family is tried in parallel with the first (RFC 8305).
pub(crate) const FAMILY_HEAD_START: Duration = Duration::from_millis(250);

/// How long [`crate::Client::close`] waits for pending acks to be answered.
pub const FLUSH_TIME_MAX: Duration = Duration::from_secs(2);

/// How long [`crate::Client::close`] waits for the last packets to be sent.
pub const DRAIN_TIME_MAX: Duration = Duration::from_millis(500);

/// How long to wait for a connection's close reason after one of its streams ended.
pub(crate) const CLOSE_REASON_TIME_MAX: Duration = Duration::from_secs(1);

/// How long acks are collected before they are sent.
pub const ACK_DELAY: Duration = Duration::from_millis(200);

/// The minimum interval between acks that are not piggybacked on other frames. Each costs two
/// packets, and in a busy conversation every recipient sends one.
pub const ACK_INTERVAL: Duration = Duration::from_secs(1);

/// The age up to which an answered ack is repeated after a reconnect. A server that was killed has
/// lost the acks of the last half second, and an idle client notices only after the idle timeout.
pub(crate) const ACK_DOUBT_TIME: Duration =
    Duration::from_secs(2 * limits::IDLE_TIME_MAX.as_secs());

/// The pause after a refusal with [`cairn_proto::wire::error::ErrorCode::TooFast`].
pub const REFUSED_PAUSE: Duration = Duration::from_secs(5);

/// Requests to search in flight, of all searches of a client together. Further ones wait.
pub const SEARCHES_IN_FLIGHT_MAX: usize = 4;

/// The pause before a search is continued that was refused because too many were waiting.
pub const SEARCH_PAUSE: Duration = Duration::from_millis(250);

/// A session that lasted this long resets the reconnect backoff.
pub(crate) const STEADY_AFTER: Duration = Duration::from_secs(1);

/// The keep-alive interval of a silent connection. An idle client notices a server restart no
/// sooner than this.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(limits::IDLE_TIME_MAX.as_secs() / 6);

/// The round-trip time assumed before the first measurement. A lost first packet is retransmitted
/// after three times as long.
pub(crate) const RTT_ASSUMED: Duration = Duration::from_millis(100);

/// The requested size of the socket's kernel buffers in each direction, in bytes. The kernel may
/// grant less.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// The flow-control window of one stream, in bytes.
pub const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// The flow-control window of a connection, in bytes. Each transfer has a window of its own, so
/// that a slow disk does not delay messages.
pub const CONNECTION_WINDOW_BYTES: u32 =
    (2 + limits::TRANSFERS_PER_CONNECTION_MAX as u32) * STREAM_WINDOW_BYTES;

/// Unacknowledged bytes that a connection may hold for retransmission.
pub const SEND_WINDOW_BYTES: u64 = 2 * 1024 * 1024;

/// The chunk size of a transfer, in bytes.
pub const TRANSFER_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes that a download writes between two syncs. A small number keeps other users of the disk
/// from waiting for a large write-back.
pub const TRANSFER_SYNC_BYTES: u64 = 256 * 1024;

/// Consecutive attempts of a transfer without progress.
pub const TRANSFER_ATTEMPTS_MAX: u32 = 10;

/// The delay before a transfer's second attempt. Grows linearly with each further one.
pub const TRANSFER_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Queued datagrams in each direction, in bytes.
pub const DATAGRAM_BUFFER_BYTES: usize = 16 * 1024;

/// The largest outgoing buffer that is kept for reuse, in bytes.
pub(crate) const KEPT_BUFFER_BYTES_MAX: usize = 256 * 1024;
