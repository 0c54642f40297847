//! Every bound of the load generator. Names carry the unit.

use std::time::Duration;

/// UDP sockets that all clients share. More cost wake-ups, fewer make one receive buffer the bottleneck.
pub(crate) const ENDPOINTS: usize = 4;

/// The load runs for so long before anything is counted: caches fill, connections find their pace.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// How long a run counts when it is told neither a time nor a number of messages.
pub(crate) const SECONDS_DEFAULT: u32 = 5;

/// How often a run looks at how far it is.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Joins, logins and requests under way at once while a run is prepared.
pub(crate) const AT_ONCE: usize = 64;

/// How long the load may go without any progress, once it is over, before what is outstanding counts as missing.
pub(crate) const SETTLE_TIME_MAX: Duration = Duration::from_secs(10);

/// Packets of a sender that the server may let come before it acknowledges them.
pub(crate) const ACK_EVERY_PACKETS: u32 = 10;

/// Different texts that messages are made of.
pub(crate) const TEXTS: usize = 256;

/// Numbers that one sequence remembers as missing, in case they come late.
pub(crate) const MISSING_TRACKED_MAX: usize = 100_000;

/// How long the invites of a run are good.
pub(crate) const INVITE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Rounds of a race that count. All of them together take as long as was asked for.
pub(crate) const ROUNDS: u32 = 5;

/// The bytes of texts that a contender stores in one round at most, so that a fast one does not fill the disk.
pub(crate) const ROUND_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Different messages that a race is made of.
pub(crate) const SUPPLY_MESSAGES: usize = 16 * 1024;

/// The bytes of their texts, where those are long.
pub(crate) const SUPPLY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Messages in a commit where the size of a group is what is measured.
pub(crate) const MEMBERS_BATCH: usize = 64;

/// What a commit holds of a message beside its text, at most, in bytes.
pub(crate) const MESSAGE_OVERHEAD_BYTES: usize = 64;

/// How long idle connections are left alone before their memory is read.
pub(crate) const IDLE_REST: Duration = Duration::from_secs(1);

/// How long connections may take to be back after a restart. Those that are not by then are counted as lost.
pub(crate) const RETURN_TIME_MAX: Duration = Duration::from_secs(120);
