//! The bounds of the state machine that are not part of the wire. Names carry the unit; no other
//! file repeats a number from here.

/// Send streams that the server remembers of one device. The least recently used is forgotten
/// first.
pub const SEND_STREAMS_PER_DEVICE_MAX: usize = 32;

/// What a file counts against its user's quota beside its bytes: its place in folders and trees.
pub(crate) const ATTACHMENT_OVERHEAD_BYTES: u64 = 1024;

/// A file counts as whole blocks of this size, as it is stored.
pub(crate) const ATTACHMENT_BLOCK_BYTES: u64 = 4096;

/// Users of whom an attachment knows that they uploaded it. The first of them is forgotten first:
/// he can upload it again.
pub(crate) const UPLOADERS_MAX: usize = 1024;

/// Messages that name attachments and go with one step of retention: as many as are read in a few
/// milliseconds.
pub const REFS_DROPPED_MAX: usize = 1_000;

/// Uploads that the records of their attachments tell of, in all: a step writes a few megabytes at
/// most.
pub(crate) const REFS_DROPPED_UPLOADS_MAX: usize = 128 * 1024;

/// Attachments that one command looks at to find those that nobody loads.
pub const GC_BATCH_ATTACHMENTS_MAX: usize = 64;

/// The longest time without input that the owner can set, before a session counts as away.
pub const AWAY_AFTER_SECONDS_MAX: u64 = 24 * 60 * 60;

/// Chunks of members that one page of receipts looks through.
pub(crate) const RECEIPT_CHUNKS_MAX: u32 = 64;

/// Users of the server that one page of the members of a large group looks through.
pub(crate) const MEMBERS_SCANNED_MAX: usize = 2 * 1024;

/// What a command loads may depend on what was loaded for it, and that again: so often at most.
pub const PREFETCH_ROUNDS_MAX: usize = 3;

/// Starts of the server that it remembers. A device that was here before them is told of all
/// conversations, not of those that changed.
pub const EPOCHS_MAX: usize = 64;

/// Memberships of one user that ended and that his devices are told of one by one. One that would
/// have to be told of more, or of some that are forgotten, is told of all conversations.
pub(crate) const ENDED_MEMBERSHIPS_MAX: usize = 1000;

/// How far the clock may go back so that the times in a log wait for it, in milliseconds. One that
/// goes back further was wrong before.
pub const CLOCK_STEP_MS_MAX: u64 = 60 * 60 * 1000;

/// Users whom one user may have blocked.
pub(crate) const BLOCKS_MAX: usize = 10_000;

/// Mutes that a group keeps of those who left it, so that nobody is heard again by leaving and
/// coming back.
pub(crate) const MUTES_KEPT_MAX: usize = 1000;

/// Entries that one step looks at. With the rest it bounds what one checkpoint has to remove.
pub const RETENTION_STEP_ENTRIES: u64 = 50_000;
