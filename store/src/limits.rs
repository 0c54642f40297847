//! The bounds of the store that are not part of the wire. Names carry the unit; no other file
//! repeats a number from here.

use std::time::Duration;

/// What a transfer holds in memory at once, beside its window.
pub const TRANSFER_BUFFER_BYTES: usize = 256 * 1024;

/// What an upload writes between two syncs. A commit of messages waits behind no more than that;
/// larger syncs make it wait three times as long.
pub const TRANSFER_SYNC_BYTES: u64 = 256 * 1024;

/// What of a broken upload is read at once.
pub const TRANSFER_REREAD_BYTES: u64 = 8 * 1024 * 1024;

/// The largest batch that the commit log takes: the target and one more command of the largest
/// kind.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The size of a segment of the commit log. A full one starts a checkpoint.
pub const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// A log that holds anything is moved into the trees after this time at the latest.
pub const CHECKPOINT_AGE_MAX: Duration = Duration::from_secs(60);

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

/// The first segment of a new commit log, and one that is needed before a large one is ready: a
/// small server stays small.
pub const SEGMENT_BYTES_SMALL: u64 = 4 * 1024 * 1024;

/// Segments that are kept ready for the commit log.
pub const SPARE_SEGMENTS_MAX: usize = 2;

/// The encoded messages of a block, before compression. One message of the largest kind fits alone.
pub const BLOCK_RAW_BYTES_MAX: usize = 24 * 1024;

/// A block of several messages that compresses to more than this is split.
pub const BLOCK_BYTES_MAX: usize = 6 * 1024;

/// The largest value in the trees. See the store's `db` module for why sled must never see a larger
/// one.
pub const TREE_VALUE_BYTES_MAX: usize = 25 * 1024;

/// The segments of sled's file. Its default makes side files of large pages that it never syncs.
pub const TREE_SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Values in one write to the trees. A sync follows each write, before sled can reuse the place of
/// what it replaced.
pub const TREE_BATCH_BYTES_MAX: usize = 512 * 1024;

/// After so many loads, what is stored and can be loaded again is looked through and let go of,
/// also where nobody writes anything.
pub const LOADS_BETWEEN_EVICTIONS: u64 = 32 * 1024;

/// Log bytes that start a checkpoint. The longer, the fewer times the last block of a conversation
/// is written again as it grows; the shorter, the sooner the server is back after a crash.
pub const CHECKPOINT_BYTES: u64 = 64 * 1024 * 1024;

/// Log bytes that the trees do not have, at most. Beyond it the sequencer waits for the checkpoint
/// that is under way. They are in memory, and are what a start after a crash replays: a burst of a
/// million messages and a half is taken at full speed and put away behind it.
pub const LOG_BYTES_MAX: u64 = 384 * 1024 * 1024;

/// What attachments leave free of the disk: the longest log, its spares, and what a checkpoint of
/// it writes before it lets go of anything.
pub const DISK_RESERVE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// The reserve is at most this part of the disk.
pub const DISK_RESERVE_SHARE: u64 = 4;

/// How often the sequencer looks how much of the disk is free.
pub const DISK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// What must be free for a server to start: its first segment, and what the trees write to put a
/// log away.
pub const START_FREE_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// How much the checkpoint thread lets others go first, as `nice` counts it.
pub const CHECKPOINT_NICE: i32 = 10;

/// Rows that a compaction copies at once.
pub const COMPACT_PAGE_ROWS: usize = 128;

/// How long to wait for sled to let go of its file, when it was closed a moment ago.
pub const TREES_LOCK_WAIT_MAX: Duration = Duration::from_secs(2);

/// DiskReserve that blocks left and that a start of the server tells of. Less is soon taken again.
pub const RECLAIMABLE_BYTES_REPORTED_MIN: u64 = 256 * 1024 * 1024;

/// Encoded changes in one batch of the commit log. The sequencer commits when it has gathered so
/// many.
pub const BATCH_BYTES_TARGET: usize = 1024 * 1024;
