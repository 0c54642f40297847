//! Limits of the state machine that are not part of the wire. Names carry the unit; no other file
//! repeats a number from here.

/// Send streams remembered for one device, apart from named ones. The least recently used one is
/// forgotten.
pub const SEND_STREAMS_PER_DEVICE_MAX: usize = 32;

/// Added to each file's size against the quota, for its metadata.
pub(crate) const ATTACHMENT_OVERHEAD_BYTES: u64 = 1024;

/// Files count in whole blocks of this size against the quota.
pub(crate) const ATTACHMENT_BLOCK_BYTES: u64 = 4096;

/// Uploaders remembered for one attachment. The oldest is forgotten and may upload again.
pub(crate) const UPLOADERS_MAX: usize = 1024;

/// References dropped by one step of retention: what can be read in a few milliseconds.
pub const REFS_DROPPED_MAX: usize = 1_000;

/// Uploads in the records that one step rewrites, in all: a few megabytes.
pub(crate) const REFS_DROPPED_UPLOADS_MAX: usize = 128 * 1024;

/// Attachments that one garbage collection command scans.
pub const GC_BATCH_ATTACHMENTS_MAX: usize = 64;

/// Upper bound of the `away-after` setting.
pub const AWAY_AFTER_SECONDS_MAX: u64 = 24 * 60 * 60;

/// Chunks of members that one page of receipts scans.
pub(crate) const RECEIPT_CHUNKS_MAX: u32 = 64;

/// Users that one page of a large group's members scans.
pub(crate) const MEMBERS_SCANNED_MAX: usize = 2 * 1024;

/// What a command loads may depend on what was loaded before: at most this many rounds.
pub const PREFETCH_ROUNDS_MAX: usize = 3;

/// Starts of the server that are remembered. A device last seen before them gets all conversations
/// instead of the changed ones.
pub const EPOCHS_MAX: usize = 64;

/// Ended memberships remembered for each user. A device that missed more gets all conversations
/// instead of the changed ones.
pub(crate) const ENDED_MEMBERSHIPS_MAX: usize = 1000;

/// How far, in milliseconds, the clock may step back while new entries keep the time of the last
/// one. Beyond it, the earlier clock must have been wrong. Also how far the system's clock may be
/// from the server's before it counts as jumped.
pub const CLOCK_STEP_MS_MAX: u64 = 60 * 60 * 1000;

/// Users found by name that are remembered while `user-search` is off: a few megabytes.
pub(crate) const FOUND_BY_NAME_MAX: usize = 100_000;

/// How much faster than time itself the server's clock makes up a difference to the system's: a
/// day for each hour that the server runs.
pub(crate) const CLOCK_CATCH_UP_FACTOR: u64 = 24;

/// How far the clock may be from its logged time before it is logged again.
pub(crate) const CLOCK_LOG_INTERVAL_MS: u64 = 10 * 60 * 1000;

pub(crate) const BLOCKS_MAX: usize = 10_000;

/// Members who have blocked the sender of a mention of all, and are not notified. Further ones are.
pub(crate) const EXEMPT_MAX: usize = 1_000;

/// Mutes kept for users who left a group, so that leaving and rejoining does not end them.
pub(crate) const MUTES_KEPT_MAX: usize = 1000;

/// Entries that one step expires: bounds what one checkpoint has to remove.
pub const RETENTION_STEP_ENTRIES: u64 = 50_000;

/// A day, in milliseconds.
pub(crate) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// How long a name that its user gave up is kept from others: 90 days.
pub(crate) const NAME_RESERVED_MS: u64 = 90 * DAY_MS;

/// Names of one user that are reserved after a change. Beyond it the name cannot be changed.
pub(crate) const FORMER_NAMES_MAX: usize = 8;

/// Links that have not expired: invites and resets.
pub(crate) const LINKS_MAX: usize = 10_000;

/// Records of the audit log that one user can cause on one day. Beyond it their acts are refused.
pub(crate) const AUDIT_RECORDS_PER_DAY_MAX: u32 = 2_000;

/// Records of the audit log that expire at once.
pub(crate) const AUDIT_TRIM_MAX: u64 = 10_000;

/// Spans of time in the hours of a queue.
pub const HOURS_SPANS_MAX: usize = 1_024;

/// Inquiries that are remembered for one visitor.
pub const INQUIRIES_PER_VISITOR_MAX: usize = 256;

/// Files of the largest size that a visitor may upload in one inquiry.
pub const INQUIRY_FILES_MAX: u64 = 10;

/// Inquiries that routing gives or offers in one command, and inquiries that it looks at. The rest
/// is left to the next one.
pub const ROUTE_STEPS_MAX: usize = 64;
pub(crate) const ROUTE_VISITS_MAX: usize = 1_024;

/// How long refusals hold once all agents who are ready have refused an inquiry.
pub(crate) const REFUSALS_FORGOTTEN_MS: u64 = 10_000;

/// How long agents have to come back after a start of the server.
pub(crate) const RESTART_GRACE_MS: u32 = 60_000;

/// Offers in a row that an agent may let pass until they are on a break.
pub(crate) const MISSED_MAX: u32 = 3;

/// The encoded size of all routing rules, which are one row.
pub(crate) const ROUTE_RULES_BYTES_MAX: usize = 20 * 1024;

/// For how long the hours of a queue should be known ahead.
pub(crate) const HOURS_AHEAD_MS: u64 = 2 * DAY_MS;

/// Waits whose median is shown to visitors.
pub(crate) const WAITS_KEPT: usize = 20;

/// The bytes of all attributes of a visitor, so that pages of inquiries fit into frames.
pub(crate) const ATTRS_BYTES_MAX: usize = 2 * 1024;

/// Files that visitors uploaded, of which it is remembered who did.
pub(crate) const VISITOR_UPLOADS_MAX: usize = 10_000;
