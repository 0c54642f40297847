//! Every bound of the load generator. Names carry the unit.

use std::time::Duration;
/// UDP sockets that all clients share. More cost wake-ups, fewer make one receive buffer the bottleneck.
pub const ENDPOINTS: usize = 4;
/// The load runs for so long before anything is counted: caches fill, connections find their pace.
pub const WARM_UP: Duration = Duration::from_secs(1);
/// How long a run counts when it is told neither a time nor a number of messages.
pub const SECONDS_DEFAULT: u32 = 5;
/// How often a run looks at how far it is.
pub const TICK: Duration = Duration::from_millis(50);
/// How far the moments that tell a run's course lie apart at least: closer ones show the batches, not the course.
pub const MOMENT_GAP: Duration = Duration::from_millis(100);
/// Moments of a run that are kept to tell its course.
pub const MOMENTS_MAX: usize = 240;
/// Joins, logins and requests under way at once while a run is prepared.
pub const AT_ONCE: usize = 64;
/// Logins with a password under way at once. Each is much work for the server, and more would not be let in in time.
pub const PASSWORDS_AT_ONCE: usize = 4;
/// How long the load may go without any progress, once it is over, before what is outstanding counts as missing.
pub const SETTLE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the server may take to tell of itself before a run goes on without.
pub const READING_TIME_MAX: Duration = Duration::from_secs(5);
/// Packets of a sender that the server may let come before it acknowledges them.
pub const ACK_EVERY_PACKETS: u32 = 10;
/// Different texts that messages are made of.
pub const TEXTS: usize = 256;
/// Numbers that one sequence remembers as missing, in case they come late.
pub const MISSING_TRACKED_MAX: usize = 100_000;
/// How long the invites of a run are good.
pub const INVITE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Rounds of a race that count. All of them together take as long as was asked for.
pub const ROUNDS: u32 = 5;
/// The bytes of texts that a contender stores in one round at most, so that a fast one does not fill the disk.
pub const ROUND_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Different messages that a race is made of.
pub const SUPPLY_MESSAGES: usize = 16 * 1024;
/// The bytes of their texts, where those are long.
pub const SUPPLY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages in a commit where the size of a group is what is measured.
pub const MEMBERS_BATCH: usize = 64;
/// What a commit holds of a message beside its text, at most, in bytes.
pub const MESSAGE_OVERHEAD_BYTES: usize = 64;
/// How long idle connections are left alone before their memory is read.
pub const IDLE_REST: Duration = Duration::from_secs(1);
/// How long connections may take to be back after a restart. Those that are not by then are counted as lost.
pub const RETURN_TIME_MAX: Duration = Duration::from_secs(120);
/// Clients that fill conversations before a run.
pub const FILLERS: usize = 8;
/// Users of a scenario.
pub const PEOPLE_MAX: u32 = 2_000;
/// How long the day of a scenario may be played.
pub const DAY_SECONDS_MAX: u32 = 24 * 60 * 60;
/// Things that may happen in the day of a scenario, all together: what is to happen is drawn before it begins.
pub const DAY_ACTIONS_MAX: f64 = 10_000_000.0;
/// Parts of the way that a fill tells the speed of.
pub const FILL_PARTS: u64 = 100;
/// What a fill leaves free on the disk, the commit log and its spare segments included.
pub const FILL_RESERVE_BYTES: u64 = 512 * 1024 * 1024;
/// The words that a fill cuts its messages from. Of the messages in one block, one in a few hundred shares words with another.
pub const SCROLL_BYTES: usize = 16 * 1024 * 1024;
/// Messages in one read of history.
pub const READ_MESSAGES: u32 = 50;
/// How long one kind of read is counted at most, and how long it may warm up before that.
pub const READ_TIME_MAX: Duration = Duration::from_secs(3);
/// Numbers in one block that ids are taken from. The more, the fewer commits they cost, and the more are lost with a crash.
pub const IDS_SEGMENT: u64 = 1_000;
/// Generators that make ids at once, where several do.
pub const IDS_GENERATORS: u16 = 4;
/// Messages in one trial of a way to make ids.
pub const IDS_TRIAL_MESSAGES: usize = 41_000;
/// Conversations of such a trial.
pub const IDS_TRIAL_CONVERSATIONS: usize = 100;
/// Messages that are stored together in such a trial.
pub const IDS_TRIAL_BATCH: usize = 64;
/// How far the clock steps back.
pub const IDS_CLOCK_STEP: Duration = Duration::from_millis(100);
/// How long a process takes to be back after a crash.
pub const IDS_RESTART_TIME: Duration = Duration::from_millis(10);
/// Rounds in which ways to make ids take turns.
pub const IDS_ROUNDS: u64 = 10;
/// Ids whose length on the wire is looked at.
pub const IDS_WIRE_SAMPLE: usize = 1_000;
/// Messages that are stored under ids of one kind before it is the next one's turn. Texts for so many are in memory.
pub const IDS_STRETCH_MAX: u64 = 20_000;
/// How long one turn of reading takes.
pub const IDS_READ_TIME: Duration = Duration::from_millis(100);
/// How long receivers stop reading when a run is not told.
pub const STALL_SECONDS_DEFAULT: u32 = 60;
/// Rounds in which the schemes take turns, behind one that is not counted.
pub const SCHEME_ROUNDS: usize = 3;
/// Rows that the plain schemes gather before they go into sled's tree: larger batches outgrow its cache.
pub const SCHEME_ROWS_AT_ONCE: usize = 256;
/// Messages in one pull of the plain schemes, and in one ack of all.
pub const SCHEME_PAGE_MESSAGES: usize = 500;
/// Messages that a member pulls who was away.
pub const SCHEME_CATCH_UP_MESSAGES: usize = 1_000;
/// Messages times members that are stored when the process is killed, at most.
pub const SCHEME_CRASH_PAIRS_MAX: usize = 20_000;
/// Different texts that the schemes store.
pub const SCHEME_TEXTS: usize = 4_096;
/// Members of the groups of a comparison of schemes.
pub const SCHEME_MEMBERS_MAX: u32 = 100_000;
/// Conversations of the user beside whom one with many is measured.
pub const OVERVIEW_BESIDE: usize = 50;
/// How often the server is started anew for the returns behind it.
pub const OVERVIEW_RESTARTS: usize = 3;
/// The bounds on what one user may have that a server of the run's own must not hold a load to: few users of a run stand for very many.
pub const BOUNDS_LIFTED: [&str; 2] = ["conversations-per-user", "groups-per-owner"];
/// What they are set to.
pub const BOUND_LIFTED: &str = "100000";
