//! Limits of the store that are not part of the wire. Names carry the unit; no other file repeats a
//! number from here.

use std::time::Duration;

/// Bytes that a transfer holds in memory, in addition to its window.
pub const TRANSFER_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes that an upload writes between two syncs. A commit of messages waits for at most one of
/// them; larger syncs make it wait three times as long.
pub const TRANSFER_SYNC_BYTES: u64 = 256 * 1024;

/// Bytes of an interrupted upload that are read at once.
pub(crate) const TRANSFER_REREAD_BYTES: u64 = 8 * 1024 * 1024;

/// The largest batch: the target and one more command of the largest kind.
pub const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The size of a segment of the commit log. A full one starts a checkpoint.
pub(crate) const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// The time between two writes of the log's watermark.
pub(crate) const WATERMARK_INTERVAL: Duration = Duration::from_millis(250);

/// The time after which a written watermark is synced.
pub(crate) const WATERMARK_SYNC_INTERVAL: Duration = Duration::from_secs(30);

/// A log with any batch is checkpointed after this time.
pub(crate) const CHECKPOINT_AGE_MAX: Duration = Duration::from_secs(60);

/// Messages in one block.
pub(crate) const BLOCK_MESSAGES_MAX: u32 = 64;

/// A block is closed when its compressed size would pass this.
pub(crate) const BLOCK_BYTES_TARGET: usize = 4 * 1024;

/// Rows in one write to the trees: larger batches outgrow sled's cache.
pub(crate) const TREE_BATCH_ROWS_MAX: usize = 256;

/// Memory for sled's pages.
pub const TREE_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// Memory of idle conversations, members and send streams beyond which they are evicted.
pub(crate) const STATE_BYTES_TARGET: usize = 128 * 1024 * 1024;

/// The first segment of a new commit log, and one that is needed before a large one is ready: a
/// small server stays small.
pub(crate) const SEGMENT_BYTES_SMALL: u64 = 4 * 1024 * 1024;

/// Prepared segments of the commit log.
pub(crate) const SPARE_SEGMENTS_MAX: usize = 2;

/// The encoded messages of a block, before compression. One message of the largest kind fits alone.
pub(crate) const BLOCK_RAW_BYTES_MAX: usize = 24 * 1024;

/// A block of several messages that compresses to more than this is split.
pub(crate) const BLOCK_BYTES_MAX: usize = 6 * 1024;

/// The largest value in the trees. `trees::db::sled_db` says why sled must never get a larger one.
pub(crate) const TREE_VALUE_BYTES_MAX: usize = 25 * 1024;

/// The size of sled's segments. Its default creates side files of large pages that it never syncs.
pub(crate) const TREE_SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// Segments of sled that are kept in memory while it recovers; a file has the others.
pub(crate) const TREE_IMAGE_MEMORY_SEGMENTS: usize = 8;

/// Bytes of one write to the trees. A sync follows each, before sled can reuse the place of what
/// was replaced.
pub(crate) const TREE_BATCH_BYTES_MAX: usize = 512 * 1024;

/// After this many loads, stored state is evicted even if nothing is written.
pub(crate) const LOADS_BETWEEN_EVICTIONS: u64 = 32 * 1024;

/// Log bytes that start a checkpoint. More means that the last block of a conversation is rewritten
/// fewer times; less means a faster start after a crash.
pub(crate) const CHECKPOINT_BYTES: u64 = 64 * 1024 * 1024;

/// Log bytes that the trees lack, at most. Beyond them the sequencer waits for the running
/// checkpoint. They are in memory, and are replayed after a crash: a burst of a million and a half
/// messages is accepted at full speed and checkpointed after it.
pub(crate) const LOG_BYTES_MAX: u64 = 384 * 1024 * 1024;

/// Bytes of the disk that attachments leave free: the longest log, its spares, and what a
/// checkpoint of it writes before it frees anything.
pub(crate) const DISK_RESERVE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// The reserve is at most this fraction of the disk.
pub(crate) const DISK_RESERVE_SHARE: u64 = 4;

/// How often the sequencer checks the free space.
pub(crate) const DISK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Free bytes without which a server does not start: its first segment, and what a checkpoint of
/// the log writes.
pub(crate) const START_FREE_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// How far a message's stamp may be ahead of the server's clock: twice as far as new ones are.
pub(crate) const STAMP_AHEAD_MS_MAX: u64 = 2 * cairn_core::limits::CLOCK_STEP_MS_MAX;

/// The nice value of the threads that nothing waits for.
#[cfg(target_os = "linux")]
pub(crate) const BACKGROUND_NICE: i32 = 10;

/// Bytes that an upgrade copies at once.
pub(crate) const COPY_BUFFER_BYTES: usize = 1024 * 1024;

/// Rows that a compaction copies at once.
pub(crate) const COMPACT_PAGE_ROWS: usize = 128;

/// How long to wait for sled to release its file after it was closed.
pub(crate) const TREES_LOCK_WAIT_MAX: Duration = Duration::from_secs(2);

/// Reclaimable bytes from which on a start logs them. Less is soon reused.
pub(crate) const RECLAIMABLE_BYTES_REPORTED_MIN: u64 = 256 * 1024 * 1024;

/// Encoded changes in one batch, beyond which the sequencer commits.
pub const BATCH_BYTES_TARGET: usize = 1024 * 1024;
