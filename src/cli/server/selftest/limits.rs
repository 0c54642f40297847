//! Limits of the drill.

use std::time::Duration;

/// Messages of one data directory. With its log, it takes less than [`SPACE_NEEDED_BYTES`].
pub(super) const MESSAGE_BYTES_MAX: u64 = 192 << 20;

/// Free space without which the drill does not start: messages, a log of 384 MiB with spare
/// segments, and what the server leaves free on its disk.
pub(super) const SPACE_NEEDED_BYTES: u64 = 3 << 30;

/// Clients that send at the same time, each to all groups.
pub(super) const SENDERS: usize = 4;
pub(super) const GROUPS: usize = 3;

/// Messages of a sender without an answer.
pub(super) const WINDOW: usize = 64;

/// One in this many texts is a page.
pub(super) const PAGE_EVERY: u32 = 200;

/// The server is killed after a random time up to this.
pub(super) const LIFE_MAX: Duration = Duration::from_secs(3);

/// A server that is killed while it starts lives at most this long.
pub(super) const STARTING_LIFE_MAX: Duration = Duration::from_millis(400);

/// The share of kills that hit a start, and that hit a stop.
pub(super) const STARTING_SHARE: f64 = 0.25;
pub(super) const STOPPING_SHARE: f64 = 0.15;

/// The wait after which a start, a stop or an answer counts as absent.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(120);

/// Problems that are described; all are counted.
pub(super) const PROBLEMS_LISTED_MAX: usize = 10;

/// How often progress is shown and limits are checked.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// Syncs that are measured, and for how long at most.
pub(super) const SYNCS_MAX: usize = 500;
pub(super) const SYNCS_TIME_MAX: Duration = Duration::from_secs(3);

/// A sync faster than this was not performed: no drive writes a block in less.
pub(super) const SYNC_TOO_FAST: Duration = Duration::from_micros(20);

/// Only drives with a protected cache sync faster than this.
pub(super) const SYNC_VERY_FAST: Duration = Duration::from_micros(150);

/// From here on, senders notice each sync.
pub(super) const SYNC_SLOW: Duration = Duration::from_millis(20);
