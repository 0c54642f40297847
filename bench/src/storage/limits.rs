//! Limits of the storage benchmarks. Names include the unit.

use std::ops::RangeInclusive;
use std::time::Duration;

pub(super) const SECONDS: RangeInclusive<f64> = 0.01..=3_600.0;
/// Counted rounds of a race, which together take `--seconds`.
pub(super) const ROUNDS: u32 = 5;
/// Bytes of text per contender and round, so that a fast contender does not fill the disk.
pub(super) const ROUND_BYTES_MAX: usize = 256 * 1024 * 1024;
pub(super) const SUPPLY_MESSAGES: usize = 16 * 1024;
/// The most bytes of their texts.
pub(super) const SUPPLY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages per commit when group sizes are compared.
pub(super) const MEMBERS_BATCHES: &[usize] = &[64];
/// The most bytes of a message in a commit in addition to its text.
pub(super) const MESSAGE_OVERHEAD_BYTES: usize = 64;
pub(super) const FILL_PARTS: u64 = 100;
/// Bytes that a fill leaves free on the disk, including the commit log and its spare segments.
pub(super) const FILL_RESERVE_BYTES: u64 = 512 * 1024 * 1024;
/// Words from which messages are cut. In a block of a fill, one in a few hundred messages overlaps
/// with another.
pub(super) const CORPUS_BYTES: usize = 16 * 1024 * 1024;
pub(super) const READ_MESSAGES: u32 = 50;
/// The longest count of one kind of read, and the longest warm-up.
pub(super) const READ_TIME_MAX: Duration = Duration::from_secs(3);
/// Numbers in a reserved block of ids. More need fewer commits, but a crash skips more.
pub(super) const IDS_SEGMENT: u64 = 1_000;
pub(super) const IDS_GENERATORS: u16 = 4;
pub(super) const IDS_TRIAL_MESSAGES: usize = 41_000;
pub(super) const IDS_TRIAL_CONVERSATIONS: usize = 100;
pub(super) const IDS_TRIAL_BATCH: usize = 64;
pub(super) const IDS_CLOCK_STEP: Duration = Duration::from_millis(100);
pub(super) const IDS_RESTART_TIME: Duration = Duration::from_millis(10);
pub(super) const IDS_ROUNDS: u64 = 10;
pub(super) const IDS_WIRE_SAMPLE: usize = 1_000;
/// Messages stored under the ids of one scheme before the next one's turn. Their texts are in
/// memory.
pub(super) const IDS_STRETCH_MAX: u64 = 20_000;
pub(super) const IDS_READ_TIME: Duration = Duration::from_millis(100);
/// Counted rounds in which the schemes take turns, after one warm-up round.
pub(super) const SCHEME_ROUNDS: usize = 3;
/// Rows that the plain schemes collect before they write to sled, whose cache larger batches would
/// exceed.
pub(super) const SCHEME_ROWS_AT_ONCE: usize = 256;
/// Messages per pull of the plain schemes, and per ack of all schemes.
pub(super) const SCHEME_PAGE_MESSAGES: usize = 500;
pub(super) const SCHEME_CATCH_UP_MESSAGES: usize = 1_000;
/// The most messages times members stored when the process is killed.
pub(super) const SCHEME_CRASH_PAIRS_MAX: usize = 20_000;
pub(super) const SCHEME_TEXTS: usize = 4_096;
pub(super) const SCHEME_MEMBERS_MAX: u32 = 100_000;
