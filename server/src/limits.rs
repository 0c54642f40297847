//! The bounds of the server that are not part of the wire. Names carry the unit; no other file
//! repeats a number from here.

use std::time::Duration;

/// Transfers of attachments under way at once, over all connections. Further ones wait for their
/// turn.
pub(crate) const TRANSFERS_MAX: usize = 64;

/// And of one user: a quarter, so that nobody takes all of them.
pub(crate) const TRANSFERS_PER_USER_MAX: usize = TRANSFERS_MAX / 4;

/// How long a transfer waits for its turn before it is refused. Clients ask again.
pub(crate) const TRANSFER_PERMIT_WAIT_MAX: Duration = Duration::from_secs(10);

/// Threads of the pool that read and write attachments. The others are for reads of history and
/// hashes of passwords.
pub(crate) const TRANSFER_DISK_THREADS_MAX: usize = 2;

/// What a download may have under way: as much as clients let one stream have.
pub(crate) const TRANSFER_SEND_WINDOW_BYTES: u32 = 1024 * 1024;

/// The priority of transfers among the streams of a connection; that of all others is 0.
pub(crate) const TRANSFER_PRIORITY: i32 = -1;

/// A transfer of which nothing moves for this time is broken off.
pub(crate) const TRANSFER_SILENCE_MAX: Duration = Duration::from_secs(30);

/// A transfer that takes longer for what it holds in memory at once is slow: it leaves its turn to
/// others when all are taken.
pub(crate) const TRANSFER_PART_TIME_MAX: Duration = Duration::from_secs(30);

/// How long the last bytes of a transfer may be on their way before their room is taken from them.
pub(crate) const TRANSFER_DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// How long whoever is at an upload may hear nothing of its client when somebody else wants to go
/// on with it.
pub(crate) const UPLOAD_HELD_SILENCE_MAX: Duration = Duration::from_secs(3);

/// Uploads of one user that were begun and have not come to their end.
pub const PARTIALS_PER_USER_MAX: usize = 64;

/// What has arrived of an upload is kept for this time after the last of it came.
pub const PARTIAL_TIME_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How often attachments that nobody needs are focused for. The first time is at the start.
pub(crate) const GC_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// After so many collections, and at the start, all files are focused at: whether each has its
/// record.
pub(crate) const GC_ROUNDS_PER_SWEEP: u64 = 144;

/// Commands that wait for the sequencer, over all sessions.
pub(crate) const INTAKE_COMMANDS_MAX: usize = 16 * 1024;

/// Cursor moves that ride along are written after this time when nothing else is.
pub(crate) const LAZY_FLUSH_INTERVAL: Duration = Duration::from_millis(500);

/// The UDP socket's buffers, each way.
pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Handshakes that may be under way at once.
pub(crate) const HANDSHAKES_MAX: usize = 1024;

/// Handshakes under way from which on a client must first prove that its address is its own.
pub(crate) const HANDSHAKES_UNPROVEN_MAX: usize = 64;

/// What one client may send before its handshake is taken up.
pub(crate) const HANDSHAKE_BUFFER_BYTES: u64 = 16 * 1024;

/// What all clients together may.
pub(crate) const HANDSHAKE_BUFFERS_BYTES_TOTAL: u64 = 4 * 1024 * 1024;

/// Connections at once. One costs about 40 KiB when idle.
pub(crate) const CONNECTIONS_MAX: usize = 20_000;

/// What may be under way on a connection before it has logged in, each way.
pub(crate) const STRANGER_WINDOW_BYTES: u32 = 16 * 1024;

/// What may be under way on the connection of a logged-in client, each way.
pub(crate) const MEMBER_WINDOW_BYTES: u32 = 512 * 1024;

/// What may be under way on one stream, towards the server.
pub(crate) const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Streams that a client may have open at once.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 8;

/// Datagrams that wait to be read or sent, in bytes each way.
pub(crate) const DATAGRAM_BUFFER_BYTES: usize = 2 * 1024;

/// Sessions that look at the same conversation, beyond which none is told who types there.
pub const TYPING_VIEWERS_MAX: usize = 100;

/// How often within that time it is focused which sessions are without activity: whoever turns away
/// is told of so much of it later at most.
pub(crate) const IDLE_CHECKS_PER_SPAN: u32 = 16;

/// The shortest rest between two such looks.
pub(crate) const IDLE_CHECK_INTERVAL_MIN: Duration = Duration::from_millis(250);

/// The longest.
pub(crate) const IDLE_CHECK_INTERVAL_MAX: Duration = Duration::from_secs(30);

/// Packets that a client may receive before it acknowledges them.
pub(crate) const ACK_ELICITING_PACKETS: u32 = 10;

/// Answers that wait for a client to read them, before its requests are read no further.
pub(crate) const OUTBOX_BYTES_MAX: usize = 256 * 1024;

/// Reads of history that one session may have under way.
pub(crate) const READS_PER_SESSION_MAX: usize = 4;

/// What one write of pushed runs may hold.
pub(crate) const PUSH_BYTES_TARGET: usize = 128 * 1024;

/// From so many followers on, a conversation makes the sessions that were pushed something of it
/// rest for a moment. A delivery that is alone in its packet costs the server ten times what it
/// costs in company, so where very many listen, what is said within a rest shares one packet and
/// one acknowledgement. Smaller conversations are pushed at once, to resting sessions too, and so
/// is what ends a silence.
pub(crate) const COALESCING_FOLLOWERS_MIN: usize = 200;

/// The rest for each follower: twice what a delivery alone in its packet costs the server, so that
/// a crowd leaves it time for others.
pub(crate) const COALESCING_DELAY_PER_FOLLOWER: Duration = Duration::from_micros(20);

/// The longest rest where nothing queues. It is what a message in a busy and crowded conversation
/// may come later.
pub(crate) const COALESCING_DELAY_MAX: Duration = Duration::from_millis(20);

/// A session whose round trip is long rests for this part of it, and does not notice.
pub(crate) const COALESCING_DELAYS_PER_ROUND_TRIP: u32 = 4;

/// The longest rest of a session whose round trip is long.
pub(crate) const QUEUEING_DELAY_MAX: Duration = Duration::from_millis(100);

/// Messages of one conversation that wait for a rest to end. They fill several packets, and further
/// waiting would save nothing.
pub(crate) const COALESCED_MESSAGES_MAX: u64 = 32;

/// Publications of the sequencer that wait for the network thread.
pub(crate) const PUBLICATIONS_MAX: usize = 64;

/// Failed logins of one name, or from one address, within [`LOGIN_FAILURES_TIME`] before more are
/// refused unheard.
pub const LOGIN_FAILURES_MAX: u32 = 10;

/// How long a failed login counts.
pub(crate) const LOGIN_FAILURES_TIME: Duration = Duration::from_secs(60);

/// Names and addresses whose failed logins are counted at once.
pub(crate) const LOGIN_FAILURES_TRACKED_MAX: usize = 10_000;

/// Reactions, pins, edits and joins of one user at once: what a member can repeat without end, and
/// an entry each time. Nobody who does them by hand comes near it.
pub const REQUEST_BURST_MAX: u32 = 300;

/// How often he may do one more from then on.
pub const REQUEST_INTERVAL: Duration = Duration::from_millis(100);

/// How long the link of the first start lets its holder own the server.
pub(crate) const OWNER_INVITE_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A stop that was asked for takes at most so long for the sessions.
pub(crate) const STOP_SESSIONS_TIME_MAX: Duration = Duration::from_secs(2);

/// How often an idle sequencer looks after its log.
pub(crate) const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);

/// Threads for password hashes and old history.
pub(crate) const BLOCKING_THREADS_MAX: usize = 8;

/// How often at most those who watch somebody are told where he is.
pub(crate) const PRESENCE_INTERVAL: Duration = Duration::from_millis(250);

/// How often those who look at a conversation are told who got and read what.
pub(crate) const RECEIPTS_INTERVAL: Duration = Duration::from_secs(1);

/// How often each conversation with a policy of retention is focused at.
pub(crate) const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// The rest after each step of letting go: others come first.
pub(crate) const RETENTION_PAUSE: Duration = Duration::from_millis(200);

/// Conversations that are listed at once, to be focused at.
pub(crate) const RETENTION_PAGE_ROWS: usize = 64;

/// Conversations that wait to be focused at out of turn, since their policy changed.
pub(crate) const RETENTION_DUE_MAX: usize = 1024;
