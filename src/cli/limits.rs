//! Limits of the commands.

use std::time::Duration;

/// How long a command waits for a session while its device or user has too many.
pub(crate) const SESSION_WAIT_MAX: Duration = Duration::from_secs(60);

/// Longest delay between two attempts to get a session.
pub(crate) const SESSION_RETRY_DELAY_MAX: Duration = Duration::from_secs(1);

/// Messages that `tail` shows without --from.
pub(crate) const TAIL_MESSAGES_DEFAULT: u64 = 20;

/// Messages that `tail --around` shows before and after the named one, without --context.
pub(crate) const TAIL_CONTEXT_DEFAULT: u32 = 10;

/// Messages that `search` shows without --limit.
pub(crate) const SEARCH_HITS_DEFAULT: u32 = 20;

/// Inquiries of a queue that `desk list` shows without --limit.
pub(crate) const INQUIRIES_LISTED_DEFAULT: usize = 100;

/// Users that `users find` shows without --limit.
pub(crate) const USERS_FOUND_DEFAULT: usize = 50;

/// User names that a command caches. At the limit, the cache is cleared.
pub(crate) const NAMES_CACHED_MAX: usize = 100_000;

/// How often `type` reports a key press. The client sends fewer updates.
pub(crate) const KEY_INTERVAL: Duration = Duration::from_millis(250);

/// Bytes of standard input and output that are read and written at once.
pub(crate) const IO_BYTES: usize = 64 * 1024;

/// Bytes of standard input that become one message, with the blanks around it.
pub(crate) const WHOLE_INPUT_BYTES_MAX: usize = 1 << 20;

/// How long `send -` waits for an answer before it says so, unless it shows progress.
pub(crate) const WAIT_NOTED: Duration = Duration::from_secs(1);

/// The time until it says so again.
pub(crate) const WAIT_NOTED_AGAIN: Duration = Duration::from_secs(60);

/// Parts of standard input waiting to be sent.
pub(crate) const INPUT_PARTS_MAX: usize = 4;

/// Bytes of entries in one import request, well below those of a frame.
pub(crate) const IMPORT_PAGE_BYTES: usize = 128 * 1024;

/// Import requests in flight.
pub(crate) const IMPORT_PAGES_IN_FLIGHT_MAX: usize = 4;

/// Open files that a server needs: 64 transfers, and about 20 of its own.
pub(crate) const SERVER_FILES_MIN: u64 = 128;

/// Open files that `doctor` and `compact` need.
pub(crate) const OFFLINE_FILES_MIN: u64 = 32;

/// How far the last write to a data directory may be ahead of the clock: file systems round times.
pub(crate) const CLOCK_BEHIND_MAX: Duration = Duration::from_secs(10);

/// How far the clock of a machine may be from the server's: a server may have been stopped for a
/// while.
pub(crate) const CLOCKS_DIFFER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
