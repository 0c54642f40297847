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
/// How long receivers stop reading when a run is not told.
pub const STALL_SECONDS_DEFAULT: u32 = 60;
/// Conversations of the user beside whom one with many is measured.
pub const OVERVIEW_BESIDE: usize = 50;
/// How often the server is started anew for the returns behind it.
pub const OVERVIEW_RESTARTS: usize = 3;
/// The bounds on what one user may have that a server of the run's own must not hold a load to: few users of a run stand for very many.
pub const BOUNDS_LIFTED: [&str; 2] = ["conversations-per-user", "groups-per-owner"];
/// What they are set to.
pub const BOUND_LIFTED: &str = "100000";
