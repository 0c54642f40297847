//! Every bound of the storage benchmarks. Names carry the unit.

use std::ops::RangeInclusive;
use std::time::Duration;

pub(super) const SECONDS: RangeInclusive<f64> = 0.01..=3_600.0;
/// Rounds of a race that count. Together they take `--seconds`.
pub(super) const ROUNDS: u32 = 5;
/// Bytes of texts that a contender stores in one round, so that a fast one does not fill the disk.
pub(super) const ROUND_BYTES_MAX: usize = 256 * 1024 * 1024;
pub(super) const SUPPLY_MESSAGES: usize = 16 * 1024;
/// The bytes of their texts, where those are long.
pub(super) const SUPPLY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages in a commit where the size of a group is measured.
pub(super) const MEMBERS_BATCHES: &[usize] = &[64];
/// Bytes of a message in a commit besides its text, at most.
pub(super) const MESSAGE_OVERHEAD_BYTES: usize = 64;
pub(super) const FILL_PARTS: u64 = 100;
/// Bytes that a fill leaves free on the disk, the commit log and its spare segments included.
pub(super) const FILL_RESERVE_BYTES: u64 = 512 * 1024 * 1024;
/// Words that messages are cut from. Of the messages of a fill in one block, one in a few hundred
/// shares words with another.
pub(super) const CORPUS_BYTES: usize = 16 * 1024 * 1024;
pub(super) const READ_MESSAGES: u32 = 50;
/// How long one kind of read is counted, and how long it may warm up.
pub(super) const READ_TIME_MAX: Duration = Duration::from_secs(3);
/// Numbers in a reserved block of ids. More cost fewer commits, and a crash loses more.
pub(super) const IDS_SEGMENT: u64 = 1_000;
pub(super) const IDS_GENERATORS: u16 = 4;
pub(super) const IDS_TRIAL_MESSAGES: usize = 41_000;
pub(super) const IDS_TRIAL_CONVERSATIONS: usize = 100;
pub(super) const IDS_TRIAL_BATCH: usize = 64;
pub(super) const IDS_CLOCK_STEP: Duration = Duration::from_millis(100);
pub(super) const IDS_RESTART_TIME: Duration = Duration::from_millis(10);
pub(super) const IDS_ROUNDS: u64 = 10;
pub(super) const IDS_WIRE_SAMPLE: usize = 1_000;
/// Messages that are stored under the ids of one scheme before the next one's turn. Their texts are
/// in memory.
pub(super) const IDS_STRETCH_MAX: u64 = 20_000;
pub(super) const IDS_READ_TIME: Duration = Duration::from_millis(100);
/// Rounds in which the schemes take turns, after one that is not counted.
pub(super) const SCHEME_ROUNDS: usize = 3;
/// Rows that the plain schemes collect before they write to sled: larger batches outgrow its cache.
pub(super) const SCHEME_ROWS_AT_ONCE: usize = 256;
/// Messages in one pull of the plain schemes, and in one ack of all.
pub(super) const SCHEME_PAGE_MESSAGES: usize = 500;
pub(super) const SCHEME_CATCH_UP_MESSAGES: usize = 1_000;
/// Messages times members that are stored when the process is killed, at most.
pub(super) const SCHEME_CRASH_PAIRS_MAX: usize = 20_000;
pub(super) const SCHEME_TEXTS: usize = 4_096;
pub(super) const SCHEME_MEMBERS_MAX: u32 = 100_000;
