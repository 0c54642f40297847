//! Limits of the load generator.

use std::time::Duration;

/// UDP sockets that all clients share: more would cost wake-ups, fewer would make a socket buffer
/// the bottleneck.
pub(crate) const ENDPOINTS: usize = 4;
/// Nothing is counted during this time, in which caches fill and connections reach their rate.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);
pub(crate) const SECONDS_DEFAULT: u32 = 5;
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// The least time between two points of a timeline: closer ones would show single batches.
pub(crate) const MOMENT_GAP: Duration = Duration::from_millis(100);
pub(crate) const MOMENTS_MAX: usize = 240;
/// Concurrent joins, logins and requests before the measurement.
pub(crate) const AT_ONCE: usize = 64;
/// Concurrent logins with a password: each is expensive for the server, and more would time out.
pub(crate) const PASSWORDS_AT_ONCE: usize = 4;
/// After this long without progress at the end of the load, what is outstanding counts as missing.
pub(crate) const SETTLE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long to wait for the server's metrics before the run continues without them.
pub(crate) const READING_TIME_MAX: Duration = Duration::from_secs(5);
/// Packets of a sender that the server may receive before it acknowledges them.
pub(crate) const ACK_EVERY_PACKETS: u32 = 10;
pub(crate) const TEXTS: usize = 256;
/// Missing numbers that a sequence remembers, to detect those that arrive late.
pub(crate) const MISSING_TRACKED_MAX: usize = 100_000;
pub(crate) const INVITE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Idle time before the server's memory is read.
pub(crate) const IDLE_REST: Duration = Duration::from_secs(1);
/// Connections that are not restored this long after a restart count as lost.
pub(crate) const RETURN_TIME_MAX: Duration = Duration::from_secs(120);
pub(crate) const FILLERS: usize = 8;
pub(crate) const PEOPLE_MAX: u32 = 2_000;
/// The longest time in which the day of a scenario may be played.
pub(crate) const DAY_SECONDS_MAX: u32 = 24 * 60 * 60;
/// The most actions in the day of a scenario, all of which are generated in advance.
pub(crate) const DAY_ACTIONS_MAX: f64 = 10_000_000.0;
pub(crate) const STALL_SECONDS_DEFAULT: u32 = 60;
/// Conversations of the user who is measured for comparison.
pub(crate) const OVERVIEW_BESIDE: usize = 50;
pub(crate) const OVERVIEW_RESTARTS: usize = 3;
/// Server settings that would limit the load: each user of a run stands for many.
pub(crate) const BOUNDS_LIFTED: [(&str, &str); 5] = [
    ("conversations-per-user", "100000"),
    ("groups-per-owner", "100000"),
    ("memberships-per-second", "0"),
    ("message-bytes-per-day", "0"),
    ("messages-per-second", "0"),
];
/// Settings that would limit visitors, all of which come from one address.
pub(crate) const VISITOR_BOUNDS_LIFTED: [(&str, &str); 6] = [
    ("visitor-connections", "10000"),
    ("visitor-connections-per-address", "10000"),
    ("visitor-messages-per-minute", "0"),
    ("visitor-openings-per-hour", "0"),
    ("visitor-openings-per-minute", "0"),
    ("visitor-openings-total", "1000000"),
];
/// How long a server that was killed, and agents that were, may delay the end of an inquiry.
pub(crate) const DESK_SETTLE_TIME_MAX: Duration = Duration::from_secs(180);
