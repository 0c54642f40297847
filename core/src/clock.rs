//! The server's clock: the time by which messages expire. It moves with the monotonic clock. A
//! difference to the system's clock it makes up slowly, so that a system clock that is wrong for a
//! while expires nothing early.
//!
//! It is kept in the log. What moved since it was last logged is lost with a crash, and made up.

use std::time::Duration;

use cairn_proto::ids::Timestamp;

use crate::limits::{CLOCK_CATCH_UP_FACTOR, CLOCK_LOG_INTERVAL_MS, CLOCK_STEP_MS_MAX, DAY_MS};

/// The server's clock beside the system's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// In microseconds since 1970. `None` before the first [`Clock::advance`] of a new server.
    micros: Option<u64>,
    logged: Option<Timestamp>,
    system_ms: u64,
}

impl Clock {
    /// Moves the clock by the time that passed on the monotonic clock, and then towards the
    /// system's.
    pub(crate) fn advance(&mut self, elapsed: Duration, system: Timestamp) {
        self.system_ms = system.get();
        let target = system.get().saturating_mul(1000);
        let Some(micros) = self.micros else {
            self.micros = Some(target);
            return;
        };
        let elapsed = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let moved = micros.saturating_add(elapsed);
        let step = moved
            .abs_diff(target)
            .min(elapsed.saturating_mul(CLOCK_CATCH_UP_FACTOR));
        self.micros = Some(if moved < target {
            moved + step
        } else {
            moved - step
        });
    }

    /// Sets the clock to the system's.
    pub(crate) fn follow_system(&mut self, system: Timestamp) {
        self.micros = None;
        self.advance(Duration::ZERO, system);
    }

    /// Sets the clock to a logged time.
    pub(crate) const fn set_logged(&mut self, time: Timestamp) {
        self.logged = Some(time);
        self.micros = Some(time.get().saturating_mul(1000));
    }

    /// Sets a clock that was never logged to the time at which the server is known to have run.
    pub(crate) fn start_at(&mut self, evidence: Timestamp) {
        self.micros = self.micros.or(Some(evidence.get().saturating_mul(1000)));
    }

    /// The time by which messages expire.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        let micros = self.micros.map_or(self.system_ms, |micros| micros / 1000);
        Timestamp::new(micros)
    }

    /// The system's clock, when it was last read.
    #[must_use]
    pub const fn system(&self) -> Timestamp {
        Timestamp::new(self.system_ms)
    }

    /// The last time that was logged.
    #[must_use]
    pub const fn logged(&self) -> Option<Timestamp> {
        self.logged
    }

    /// Returns whether the two differ so much that one of them must be wrong.
    #[must_use]
    pub fn has_jumped(&self) -> bool {
        self.time().get().abs_diff(self.system_ms) > CLOCK_STEP_MS_MAX
    }

    /// The time of a new entry: the system's, but never before this clock, where it would expire
    /// early, nor far ahead of it, where it would outlast all later ones.
    #[must_use]
    pub fn stamp(&self) -> Timestamp {
        let time = self.time();
        let latest = Timestamp::new(time.get().saturating_add(CLOCK_STEP_MS_MAX));
        self.system().clamp(time, latest)
    }

    /// Returns whether the logged time is too old, or another.
    pub(crate) fn must_be_logged(&self) -> bool {
        self.logged
            .is_none_or(|logged| logged.get().abs_diff(self.time().get()) >= CLOCK_LOG_INTERVAL_MS)
    }
}

/// The day of a time, in UTC, as `2025-11-21`.
#[must_use]
pub fn date(time: Timestamp) -> String {
    // The proleptic Gregorian calendar repeats every 400 years. Its years begin in March here, so
    // that the leap day is the last one.
    let days = time.get() / DAY_MS + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;
    const DAY: u64 = 24 * HOUR;
    const NOW: u64 = 20_000 * DAY;

    fn clock() -> Clock {
        let mut clock = Clock::default();
        clock.advance(Duration::ZERO, Timestamp::new(NOW));
        clock
    }

    /// Lets time pass in steps, while the system's clock is off by this much. Returns by how much
    /// the clock is.
    fn pass(clock: &mut Clock, from: u64, time: u64, steps: u64, offset: i64) -> i64 {
        for step in 1..=steps {
            let now = from + time * step / steps;
            let elapsed = Duration::from_millis(time) / u32::try_from(steps).unwrap();
            clock.advance(elapsed, Timestamp::new(now.saturating_add_signed(offset)));
        }
        clock.time().get().cast_signed() - (from + time).cast_signed()
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (364, "1970-12-31"),
            (11_016, "2000-02-29"),
            (19_783, "2024-03-01"),
            (20_785, "2026-11-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(Timestamp::new(days * DAY + DAY - 1)), expected);
        }
    }

    #[test]
    fn clock_follows_the_system() {
        let mut clock = clock();
        assert_eq!(pass(&mut clock, NOW, DAY, 1000, 0), 0);
        // A slow system clock, or a leap second.
        assert_eq!(pass(&mut clock, NOW + DAY, DAY, 1000, -500), -500);
        assert!(!clock.has_jumped());
    }

    #[test]
    fn jump_is_made_up_by_a_day_each_hour() {
        let year = 365 * DAY.cast_signed();
        for steps in [1, 7, 70_000] {
            let mut clock = clock();
            let ahead = pass(&mut clock, NOW, 70_000, steps, year);
            assert!((0..=70_000 * 24).contains(&ahead), "{ahead}");
            assert!(clock.has_jumped());
            let stamp = clock.stamp().get();
            assert!(stamp <= NOW + 30 * 60_000 + HOUR, "clamped");
            // Back to the right time.
            let back = pass(&mut clock, NOW + 70_000, 70_000, steps, 0);
            assert!((0..=40).contains(&back), "{back}");
        }
        let mut clock = clock();
        let ahead = pass(&mut clock, NOW, HOUR, 3600, 3 * DAY.cast_signed());
        assert_eq!(ahead, DAY.cast_signed());
        let ahead = pass(
            &mut clock,
            NOW + HOUR,
            2 * HOUR,
            3600,
            3 * DAY.cast_signed(),
        );
        assert_eq!(ahead, 3 * DAY.cast_signed());
        assert!(!clock.has_jumped());
    }

    #[test]
    fn entries_are_not_stamped_into_the_past() {
        let mut clock = clock();
        let year = -365 * DAY.cast_signed();
        pass(&mut clock, NOW, 1000, 10, year);
        assert!(clock.has_jumped());
        assert_eq!(clock.stamp(), clock.time());
        assert!(clock.time().get() >= NOW - 24_000);
    }

    #[test]
    fn restart_continues_at_the_logged_time() {
        let mut clock = Clock::default();
        clock.set_logged(Timestamp::new(NOW));
        assert!(!clock.must_be_logged());
        clock.start_at(Timestamp::new(NOW + DAY));
        clock.advance(Duration::ZERO, Timestamp::new(NOW + 365 * DAY));
        assert_eq!(clock.time(), Timestamp::new(NOW));
        let passed = Duration::from_millis(CLOCK_LOG_INTERVAL_MS);
        clock.advance(passed, Timestamp::new(NOW + CLOCK_LOG_INTERVAL_MS));
        assert!(clock.must_be_logged());
    }
}
