//! Every bound of the load generator.

use std::time::Duration;

/// UDP sockets that all clients share: more cost wake-ups, fewer make one buffer the bottleneck.
pub(crate) const ENDPOINTS: usize = 4;
/// Nothing is counted before this: caches fill, connections find their rate.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);
pub(crate) const SECONDS_DEFAULT: u32 = 5;
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// Between two moments of a timeline at least: closer ones show the batches, not the progress.
pub(crate) const MOMENT_GAP: Duration = Duration::from_millis(100);
pub(crate) const MOMENTS_MAX: usize = 240;
/// Joins, logins and requests at once while a run is prepared.
pub(crate) const AT_ONCE: usize = 64;
/// Logins with a password at once: each is much work for the server, and more would time out.
pub(crate) const PASSWORDS_AT_ONCE: usize = 4;
/// Without any progress for this long after the load, what is outstanding counts as missing.
pub(crate) const SETTLE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the server may take to return its metrics before a run goes on without them.
pub(crate) const READING_TIME_MAX: Duration = Duration::from_secs(5);
/// Packets of a sender that the server may receive before it acknowledges them.
pub(crate) const ACK_EVERY_PACKETS: u32 = 10;
pub(crate) const TEXTS: usize = 256;
/// Missing numbers that one sequence remembers, in case they come late.
pub(crate) const MISSING_TRACKED_MAX: usize = 100_000;
pub(crate) const INVITE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long idle connections are left alone before the server's memory is read.
pub(crate) const IDLE_REST: Duration = Duration::from_secs(1);
/// Connections that are not back this long after a restart are lost.
pub(crate) const RETURN_TIME_MAX: Duration = Duration::from_secs(120);
pub(crate) const FILLERS: usize = 8;
pub(crate) const PEOPLE_MAX: u32 = 2_000;
/// How long the day of a scenario may be played.
pub(crate) const DAY_SECONDS_MAX: u32 = 24 * 60 * 60;
/// Actions in the day of a scenario: all are drawn before it begins.
pub(crate) const DAY_ACTIONS_MAX: f64 = 10_000_000.0;
pub(crate) const STALL_SECONDS_DEFAULT: u32 = 60;
/// Conversations of the user beside whom one with many is measured.
pub(crate) const OVERVIEW_BESIDE: usize = 50;
pub(crate) const OVERVIEW_RESTARTS: usize = 3;
/// Limits on one user that must not slow down a load: few users of a run stand for very many.
pub(crate) const BOUNDS_LIFTED: [&str; 2] = ["conversations-per-user", "groups-per-owner"];
pub(crate) const BOUND_LIFTED: &str = "100000";
