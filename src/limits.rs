//! The bounds of the server that are not part of the wire. Names carry the unit; no other file repeats a number from here.

use std::time::Duration;

/// Send streams that the server remembers of one device. The least recently used is forgotten first.
pub const SEND_STREAMS_PER_DEVICE_MAX: usize = 32;

/// Commands that wait for the sequencer, over all sessions.
pub const INTAKE_COMMANDS_MAX: usize = 16 * 1024;

/// Encoded changes in one batch of the commit log. The sequencer commits when it has gathered so many.
pub const BATCH_BYTES_TARGET: usize = 1024 * 1024;

/// The largest batch that the commit log takes: the target and one more command of the largest kind.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The size of a segment of the commit log. A full one starts a checkpoint.
pub const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// A log that holds anything is moved into the trees after this time at the latest.
pub const CHECKPOINT_AGE_MAX: Duration = Duration::from_secs(60);

/// Cursor moves that ride along are written after this time when nothing else is.
pub const RIDE_ALONG_TIME_MAX: Duration = Duration::from_millis(500);

/// Messages in one block.
pub const BLOCK_MESSAGES_MAX: u32 = 64;

/// A block is closed when its compressed size would pass this.
pub const BLOCK_BYTES_TARGET: usize = 4 * 1024;

/// Rows in one write to the trees: larger batches outgrow sled's cache.
pub const TREE_BATCH_ROWS_MAX: usize = 256;

/// Memory that sled may use for its pages.
pub const TREE_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// Memory that idle conversations, members and send streams may take before they are let go.
pub const STATE_BYTES_TARGET: usize = 128 * 1024 * 1024;

/// The first segment of a new commit log, and one that is needed before a large one is ready: a small server stays small.
pub const SEGMENT_BYTES_SMALL: u64 = 4 * 1024 * 1024;

/// Segments that are kept ready for the commit log.
pub const SPARE_SEGMENTS_MAX: usize = 2;

/// The encoded messages of a block, before compression. One message of the largest kind fits alone.
pub const BLOCK_RAW_BYTES_MAX: usize = 24 * 1024;

/// A block of several messages that compresses to more than this is split.
pub const BLOCK_BYTES_MAX: usize = 6 * 1024;

/// The largest value in the trees. See the store's `db` module for why sled must never see a larger one.
pub const TREE_VALUE_BYTES_MAX: usize = 28 * 1024;

/// The segments of sled's file. Its default makes side files of large pages that it never syncs.
pub const TREE_SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Values in one write to the trees. A sync follows each write, before sled can reuse the place of what it replaced.
pub const TREE_BATCH_BYTES_MAX: usize = 512 * 1024;
