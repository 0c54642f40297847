//! The system's clock, and warnings of its jumps.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_core::clock::{Clock, date};
use cairn_core::limits::CLOCK_STEP_MS_MAX;
use cairn_proto::ids::Timestamp;
use cairn_store::disk::Disk as _;
use cairn_store::disk::real::RealDisk;
use tokio::time::Instant;
use tracing::{info, warn};

/// Where wall-clock time comes from. Commands get that of the server's [`Clock`], which follows it;
/// entries are ordered by msgid, never by either.
#[derive(Clone)]
pub(crate) enum WallClock {
    /// The machine.
    System,
    /// Whatever the caller of a server in its process says.
    Given(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl WallClock {
    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System => timestamp(SystemTime::now()),
            Self::Given(now) => now(),
        }
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given",
        })
    }
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    plus(Timestamp::new(0), since_epoch)
}

fn plus(time: Timestamp, passed: Duration) -> Timestamp {
    let passed_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
    Timestamp::new(time.get().saturating_add(passed_ms))
}

/// Returns when the log or the trees were last written: a time at which the server ran. `None` for
/// a new directory.
pub(crate) fn last_write(data: &Path) -> Option<Timestamp> {
    let modified = |folder: PathBuf| {
        let names = RealDisk.list(&folder).unwrap_or_default();
        let stats = names
            .into_iter()
            .filter_map(|name| RealDisk.stat(&folder.join(name)).ok());
        stats.map(|stat| timestamp(stat.modified)).max()
    };
    ["log", "trees"]
        .into_iter()
        .filter_map(|name| modified(data.join(name)))
        .max()
}

/// Warns once of each jump of the system's clock.
#[derive(Debug, Default)]
pub(crate) struct ClockJumps {
    /// The system's clock at the last warning.
    warned: Option<(Timestamp, Instant)>,
}

impl ClockJumps {
    /// Looks at the clock. Returns whether it warns.
    pub(crate) fn watch(&mut self, clock: &Clock, now: Instant) -> bool {
        if !clock.has_jumped() {
            if self.warned.take().is_some() {
                info!("the system's clock and the server's agree");
            }
            return false;
        }
        let (time, system) = (clock.time().get(), clock.system().get());
        let is_known = self.warned.is_some_and(|(warned, at)| {
            let expected = plus(warned, now.saturating_duration_since(at));
            expected.get().abs_diff(system) <= CLOCK_STEP_MS_MAX
        });
        if is_known {
            return false;
        }
        self.warned = Some((clock.system(), now));
        let minutes = time.abs_diff(system) / 60_000;
        let direction = if system > time { "ahead of" } else { "behind" };
        warn!(
            system = date(clock.system()),
            server = date(clock.time()),
            "the system's clock jumped: it is {minutes} minutes {direction} the server's clock, by \
             which messages expire, and which makes that up by a day for each hour; if the \
             system's date is right, confirm it: cairn config set clock trusted"
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use cairn_core::State;
    use cairn_core::record::UserRecord;
    use cairn_proto::ids::UserId;

    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    #[test]
    fn each_jump_is_warned_of_once() {
        let mut state = State::default();
        let name = "ada".parse().unwrap();
        let record = UserRecord::new(
            name,
            cairn_core::record::UserOrigin::Unknown,
            Timestamp::new(0),
        );
        state.install_user(UserId::new(1), record);
        let (mut jumps, now) = (ClockJumps::default(), Instant::now());
        for (day, warns) in [
            (1000, false),
            (1400, true),
            (1400, false),
            (1200, true),
            (1200, false),
            (1000, false),
            (600, true),
            (1400, true),
        ] {
            state.advance_clock(Duration::ZERO, Timestamp::new(day * DAY));
            assert_eq!(jumps.watch(state.clock(), now), warns, "day {day}");
        }
    }
}
