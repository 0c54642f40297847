//! Limits of the server that are not part of the wire. Names carry the unit; no other file repeats
//! a number from here.

use std::time::Duration;

/// Concurrent transfers, over all connections. Further ones wait for a permit.
pub(crate) const TRANSFERS_MAX: usize = 64;

/// Concurrent transfers of one user: a quarter, so that no one takes all permits.
pub(crate) const TRANSFERS_PER_USER_MAX: usize = TRANSFERS_MAX / 4;

/// Concurrent transfers of one visitor of the support desk.
pub(crate) const TRANSFERS_PER_VISITOR_MAX: usize = 2;

/// Concurrent transfers of all visitors: a quarter, so that they leave the others to users.
pub(crate) const TRANSFERS_OF_VISITORS_MAX: usize = TRANSFERS_MAX / 4;

/// How long a transfer waits for a permit before it is refused. Clients retry.
pub(crate) const TRANSFER_PERMIT_WAIT_MAX: Duration = Duration::from_secs(10);

/// Threads of the blocking pool for attachments. The others serve history and password hashes.
pub(crate) const TRANSFER_DISK_THREADS_MAX: usize = 2;

/// Send window of a download: as much as clients let one stream have.
pub(crate) const TRANSFER_SEND_WINDOW_BYTES: u32 = 1024 * 1024;

/// Priority of transfers among the streams of a connection; all others have 0.
pub(crate) const TRANSFER_PRIORITY: i32 = -1;

/// A transfer without progress for this time is aborted.
pub(crate) const TRANSFER_SILENCE_MAX: Duration = Duration::from_secs(30);

/// A transfer that takes longer to fill its buffer is slow: it gives up its permit when all are
/// taken.
pub(crate) const TRANSFER_PART_TIME_MAX: Duration = Duration::from_secs(30);

/// How long the window of a finished transfer is kept for its last bytes.
pub(crate) const TRANSFER_DRAIN_TIME_MAX: Duration = Duration::from_secs(30);

/// Silence after which an upload lease can be preempted by another upload of the same file.
pub(crate) const UPLOAD_HELD_SILENCE_MAX: Duration = Duration::from_secs(3);

/// Unfinished uploads of one user.
pub const PARTIALS_PER_USER_MAX: usize = 64;

/// How long a partial upload is kept after its last byte arrived.
pub const PARTIAL_TIME_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Time between two rounds of attachment gc. The first is at the start.
pub(crate) const GC_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Every this many rounds, and at the start, gc also looks for files without a record.
pub(crate) const GC_ROUNDS_PER_SWEEP: u64 = 144;

/// Tickets queued for the sequencer, beyond which each principal may only have
/// [`INTAKE_TICKETS_PER_PRINCIPAL_MIN`] of them.
pub(crate) const INTAKE_TICKETS_MAX: usize = 16 * 1024;

/// Tickets queued for one principal. Further ones wait in its sessions.
pub(crate) const INTAKE_TICKETS_PER_PRINCIPAL_MAX: usize = INTAKE_TICKETS_MAX / 8;

/// Tickets that may be queued for one principal, however many others have queued.
pub(crate) const INTAKE_TICKETS_PER_PRINCIPAL_MIN: usize = 64;

/// Cost of the tickets of one principal in one batch of the sequencer, in cheap decisions. It ends
/// with the ticket that reaches it.
pub(crate) const BATCH_COST_PER_PRINCIPAL_MAX: u32 = 1024;

/// Cost of the tickets in one batch, likewise: all other principals wait for it.
pub(crate) const BATCH_COST_MAX: u32 = 4 * BATCH_COST_PER_PRINCIPAL_MAX;

/// Cost of a login, with the first page of its overview.
pub(crate) const LOGIN_COST: u32 = 32;

/// Bytes of a request that cost as much as a cheap decision: those of a message are written.
pub(crate) const BYTES_PER_COST: usize = 512;

/// Cost of a page of what is stored.
pub(crate) const PAGE_COST: u32 = 256;

/// Last entries that are read into a page of conversations before other sessions have a turn.
pub(crate) const FILLED_AT_ONCE: usize = 32;

/// Cursor moves force no commit. They are written at the latest after this time.
pub(crate) const LAZY_FLUSH_INTERVAL: Duration = Duration::from_millis(500);

/// The UDP socket's buffers, each way.
pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Concurrent handshakes.
pub(crate) const HANDSHAKES_MAX: usize = 1024;

/// Concurrent handshakes beyond which a client must first prove its address.
pub(crate) const HANDSHAKES_UNPROVEN_MAX: usize = 64;

/// Bytes buffered from one client before its handshake is accepted.
pub(crate) const HANDSHAKE_BUFFER_BYTES: u64 = 16 * 1024;

/// Bytes buffered from all such clients.
pub(crate) const HANDSHAKE_BUFFERS_BYTES_TOTAL: u64 = 4 * 1024 * 1024;

/// Connections at once. One costs about 40 KiB when idle.
pub(crate) const CONNECTIONS_MAX: usize = 20_000;

/// Sessions of one device.
pub const SESSIONS_PER_DEVICE_MAX: usize = 8;

/// Sessions of one user.
pub const SESSIONS_PER_USER_MAX: usize = 64;

/// Sessions in total up to which a user may have more than one. The remaining connections are left
/// to users who have none.
pub(crate) const SESSIONS_OF_MANY_MAX: usize = CONNECTIONS_MAX / 8 * 7;

/// Time without a request after which a session may be closed for a new one of the same user.
pub(crate) const SESSION_IDLE_TIME_MIN: Duration = Duration::from_secs(10);

/// Connections from one address that have not logged in.
pub(crate) const STRANGERS_PER_ADDRESS_MAX: usize = 1024;

/// Connections that have not logged in.
pub(crate) const STRANGERS_MAX: usize = CONNECTIONS_MAX / 4;

/// Window of a connection before login, each way.
pub(crate) const STRANGER_WINDOW_BYTES: u32 = 16 * 1024;

/// Window of a connection after login, each way.
pub(crate) const MEMBER_WINDOW_BYTES: u32 = 512 * 1024;

/// Window of a visitor's connection after its login, each way.
pub(crate) const VISITOR_WINDOW_BYTES: u32 = 64 * 1024;

/// Window of one stream, towards the server.
pub(crate) const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Streams that a client may have open at once.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 8;

/// Streams of one connection that the client may open and give up, at once.
pub const STREAMS_ABANDONED_BURST_MAX: u32 = 100;

/// Time after which it may give up another one.
pub(crate) const STREAM_ABANDONED_INTERVAL: Duration = Duration::from_secs(1);

/// Datagrams buffered, in bytes each way.
pub(crate) const DATAGRAM_BUFFER_BYTES: usize = 2 * 1024;

/// Viewers of a conversation beyond which no typing indicators are sent.
pub const TYPING_VIEWERS_MAX: usize = 100;

/// Passes over all sessions within the idle time: a session is marked away at most this fraction
/// late.
pub(crate) const IDLE_CHECKS_PER_SPAN: u32 = 16;

/// Shortest time between two such passes.
pub(crate) const IDLE_CHECK_INTERVAL_MIN: Duration = Duration::from_millis(250);

/// Longest time between two such passes.
pub(crate) const IDLE_CHECK_INTERVAL_MAX: Duration = Duration::from_secs(30);

/// Packets that a client may receive before it acknowledges them.
pub(crate) const ACK_ELICITING_PACKETS: u32 = 10;

/// Bytes of one session's requests and unread replies beyond which no further requests are read.
pub(crate) const OUTBOX_BYTES_MAX: usize = 512 * 1024;

/// Bytes of those that each session may always have. Further ones are borrowed.
pub(crate) const OUTBOX_OWN_BYTES: usize = 32 * 1024;

/// Bytes that are borrowed at once, at least.
pub(crate) const BUDGET_STEP_BYTES: usize = 64 * 1024;

/// Bytes that the sessions of one principal may borrow together.
pub(crate) const BUDGET_PER_PRINCIPAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that all sessions may borrow together.
pub(crate) const BUDGET_BYTES_TOTAL: usize = 64 * 1024 * 1024;

/// Bytes that the sessions of one visitor may borrow together: more than the largest request.
pub(crate) const BUDGET_PER_VISITOR_BYTES_MAX: usize = 512 * 1024;

/// Bytes that all sessions of visitors may borrow together, apart from those of users.
pub(crate) const BUDGET_OF_VISITORS_BYTES_TOTAL: usize = 16 * 1024 * 1024;

/// Requests that cannot be decoded, after which a connection is closed.
pub const BAD_REQUESTS_MAX: u32 = 10;

/// The time within which a request must arrive after its first byte: the largest one at a few
/// kilobytes per second.
pub const REQUEST_ARRIVAL_TIME_MAX: Duration = Duration::from_secs(60);

/// A client that reads nothing of its replies for this time loses its session.
pub(crate) const REPLY_READ_TIME_MAX: Duration = Duration::from_secs(30);

/// Bytes of replies that are written at once. Each such part must be read in
/// [`REPLY_READ_TIME_MAX`].
pub(crate) const REPLY_PART_BYTES: usize = 32 * 1024;

/// Concurrent history reads of one session.
pub(crate) const READS_PER_SESSION_MAX: usize = 4;

/// Bytes of one write of pushed runs.
pub(crate) const PUSH_BYTES_TARGET: usize = 128 * 1024;

/// Followers from which on a conversation is coalesced: a session waits for a moment after it was
/// pushed an entry. A delivery alone in its packet costs the server ten times what it costs in
/// company, so the entries of a busy crowd share packets and acknowledgements. Smaller
/// conversations are pushed at once, also to coalescing sessions, and so is the first entry after a
/// quiet time.
pub(crate) const COALESCING_FOLLOWERS_MIN: usize = 200;

/// Coalescing delay per follower: twice what a delivery alone in its packet costs the server, so
/// that a crowd leaves it time for others.
pub(crate) const COALESCING_DELAY_PER_FOLLOWER: Duration = Duration::from_micros(20);

/// Longest coalescing delay where nothing queues, which is how much later a message in a busy crowd
/// may arrive.
pub(crate) const COALESCING_DELAY_MAX: Duration = Duration::from_millis(20);

/// A session with a long round trip coalesces for this fraction of it, which its user does not
/// notice.
pub(crate) const COALESCING_DELAYS_PER_ROUND_TRIP: u32 = 4;

/// Longest coalescing delay of a session with a long round trip.
pub(crate) const QUEUEING_DELAY_MAX: Duration = Duration::from_millis(100);

/// Entries of one conversation that end the coalescing delay early: they fill several packets, so
/// further waiting would save nothing.
pub(crate) const COALESCED_MESSAGES_MAX: u64 = 32;

/// Publications queued for the network thread.
pub(crate) const PUBLICATIONS_MAX: usize = 64;

/// Failed logins of one name, or from one address, within [`LOGIN_FAILURES_TIME`] before further
/// attempts are refused unchecked.
pub const LOGIN_FAILURES_MAX: u32 = 10;

/// Password hashes that wait for a free core.
pub(crate) const HASHES_WAITING_MAX: usize = 64;

/// Those of them that are not for logins of users that exist.
pub(crate) const HASHES_WAITING_OF_STRANGERS_MAX: usize = HASHES_WAITING_MAX / 4 * 3;

/// Those of them that come from one address.
pub(crate) const HASHES_WAITING_PER_ADDRESS_MAX: usize = HASHES_WAITING_MAX / 2;

/// The window in which failed logins are counted.
pub(crate) const LOGIN_FAILURES_TIME: Duration = Duration::from_secs(60);

/// Names, and addresses, whose failed logins are tracked.
pub(crate) const LOGIN_FAILURES_TRACKED_MAX: usize = 10_000;

/// Repeatable requests of one user at once: reactions, pins, edits and joins, each of which appends
/// an entry. No one comes near it by hand.
pub const REQUEST_BURST_MAX: u32 = 300;

/// Time after which one more such request is allowed.
pub const REQUEST_INTERVAL: Duration = Duration::from_millis(100);

/// How much later than allowed by its rate a user's request may come: a burst of a minute's worth.
pub(crate) const ALLOWANCE_BURST: Duration = Duration::from_secs(60);

/// How long a request waits because its user is too fast, before it is refused.
pub(crate) const ALLOWANCE_WAIT_MAX: Duration = Duration::from_secs(10);

/// The window of the daily volume.
pub(crate) const ALLOWANCE_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes that a change takes beside those of its request, at least.
pub(crate) const CHANGE_BYTES: usize = 64;

/// Changes of memberships that a new group counts as.
pub(crate) const GROUP_MEMBERSHIPS: usize = 10;

/// How long the owner's invite of the first start is valid.
pub(crate) const OWNER_INVITE_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Time that a stop leaves the sessions to read their last replies.
pub(crate) const STOP_SESSIONS_TIME_MAX: Duration = Duration::from_secs(2);

/// How often an idle sequencer maintains its log.
pub(crate) const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);

/// Threads for password hashes, history and attachments.
pub(crate) const BLOCKING_THREADS_MAX: usize = 8;

/// How often the watchdog looks, and the watched threads beat.
pub(crate) const WATCHDOG_INTERVAL: Duration = Duration::from_secs(1);

/// Looks without progress after which the watchdog warns.
pub(crate) const WATCHDOG_WARNING_TICKS: u32 = 10;

/// Looks without progress after which a part has stalled. A slow disk may block the sequencer for
/// a long time, and it continues after that.
pub(crate) const WATCHDOG_STALLED_TICKS: u32 = 60;

/// Shortest time between two presence updates to watchers.
pub(crate) const PRESENCE_INTERVAL: Duration = Duration::from_millis(250);

/// Time between two receipt updates to viewers.
pub(crate) const RECEIPTS_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two rounds over all conversations with a retention policy.
pub(crate) const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// Pause after each step of expiry and between two looks for changed policies, which leaves the
/// sequencer to others.
pub(crate) const RETENTION_PAUSE: Duration = Duration::from_millis(200);

/// Conversations listed at once for expiry.
pub(crate) const RETENTION_PAGE_ROWS: usize = 64;

/// A device that has seen more than the data has is logged at most this often.
pub(crate) const AHEAD_LOG_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Such devices that are remembered. Further ones are not logged.
pub(crate) const AHEAD_DEVICES_MAX: usize = 4096;

/// Threads for searches.
pub(crate) const SEARCH_THREADS_MAX: usize = 2;

/// Searches that wait for a thread.
pub(crate) const SEARCHES_WAITING_MAX: usize = 1024;

/// Those of them of one user.
pub(crate) const SEARCHES_WAITING_PER_USER_MAX: usize = 16;

/// Concurrent searches of one session. Further ones are refused, so that they hold up nothing else
/// of the session.
pub(crate) const SEARCHES_PER_SESSION_MAX: usize = 4;

/// Time that one search request may take of a thread.
pub(crate) const SEARCH_TIME_MAX: Duration = Duration::from_millis(500);

/// Conversations of whose newest entry the time is kept.
pub(crate) const SEARCH_HEADS_MAX: usize = 64 * 1024;

/// Conversations that a search asks the sequencer about at once.
pub(crate) const SEARCH_GRANTS_PER_JOB: usize = 64;

/// The longest life of a signed identity: pages are signed each time they are served.
pub(crate) const IDENTITY_LIFE_MAX: Duration = Duration::from_secs(60 * 60);

/// How far the clock of a shop's server may be ahead of this one.
pub(crate) const IDENTITY_CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// Shortest time between two counts of the queues for agents.
pub(crate) const DESK_COUNTS_INTERVAL: Duration = Duration::from_secs(1);

/// Such intervals between two places in line for visitors.
pub(crate) const DESK_COUNTS_PER_PLACES: u32 = 2;

/// Visitors whose places in line, and agents whose queues, are read at once.
pub(crate) const DESK_COUNTED_AT_ONCE: usize = 512;

/// Shortest wait for a deadline of the desk, unless work is left.
pub(crate) const DESK_DUE_WAIT_MIN: Duration = Duration::from_millis(10);

/// Longest wait for a deadline of the desk: the server's clock may run at another pace.
pub(crate) const DESK_DUE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How far ahead the office hours of queues are resolved.
pub(crate) const OFFICE_HOURS_AHEAD: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Time between two looks for queues whose office hours are used up.
pub(crate) const OFFICE_HOURS_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Agents whose presence is reported at once.
pub(crate) const AGENTS_REPORTED_AT_ONCE: usize = 64;

/// Cost of the login of a visitor, and of an inquiry that is opened.
pub(crate) const VISIT_COST: u32 = 8;

/// Cost of deadlines of the desk, several of which may be due.
pub(crate) const DESK_DUE_COST: u32 = 64;
