//! The desk's clock, by which waits, offers and absences are measured. It moves with the monotonic
//! clock alone. The server's clock makes up a jump of the system's at many times the speed, in both
//! directions: by it, a grace of ten seconds would be over at once, or never.
//!
//! It is not stored. A start sets it to the server's clock, or to the latest time in the rows of
//! the desk if that is later, so that it never goes back.

use std::time::Duration;

use cairn_proto::ids::{ConversationId, Timestamp};

use super::Desk;

/// The desk's clock beside the server's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DeskClock {
    micros: u64,
    /// How far the server's clock is ahead, in whole seconds: a time that is shown again is the
    /// same.
    ahead_ms: i64,
    /// Whether it was set by a start, and not only by rows.
    has_begun: bool,
}

impl DeskClock {
    pub(crate) const fn time(&self) -> Timestamp {
        Timestamp::new(self.micros / 1000)
    }

    pub(crate) const fn after_ms(&self, ms: u64) -> Timestamp {
        Timestamp::new(self.time().get().saturating_add(ms))
    }

    /// The time that has passed since an earlier one.
    pub(crate) const fn since_ms(&self, earlier: Timestamp) -> u64 {
        self.time().get().saturating_sub(earlier.get())
    }

    /// Moves it by the time that passed on the monotonic clock.
    pub(crate) fn advance(&mut self, elapsed: Duration, server: Timestamp) {
        let elapsed = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.micros = self.micros.saturating_add(elapsed);
        self.compare(server);
    }

    /// Sets it at a start of the server.
    pub(super) fn begin(&mut self, server: Timestamp) {
        self.has_begun = true;
        self.raise(server);
        self.compare(server);
    }

    /// Moves it up to a time in a row. Does nothing in a running server, whose rows have its times.
    pub(super) fn raise(&mut self, time: Timestamp) {
        self.micros = self.micros.max(time.get().saturating_mul(1000));
    }

    fn compare(&mut self, server: Timestamp) {
        let ahead_ms = server
            .get()
            .cast_signed()
            .saturating_sub(self.time().get().cast_signed());
        self.ahead_ms = ahead_ms.saturating_add(500).div_euclid(1000) * 1000;
    }

    /// A time of this clock by the server's, for people.
    pub(crate) const fn shown(&self, time: Timestamp) -> Timestamp {
        Timestamp::new(time.get().saturating_add_signed(self.ahead_ms))
    }

    /// A time of the server's clock by this one.
    pub(super) const fn of_server(&self, time: Timestamp) -> Timestamp {
        Timestamp::new(time.get().saturating_sub_signed(self.ahead_ms))
    }

    /// A time by the server's clock that has passed. That clock may have been set back since.
    pub(super) fn of_past(&self, time: Timestamp) -> Timestamp {
        let own = self.of_server(time);
        match self.has_begun {
            true => own.min(self.time()),
            false => own,
        }
    }
}

impl Desk {
    /// Sets the clock at a start of the server, and with it when inquiries are closed as idle.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.clock.begin(now);
        let all: Vec<ConversationId> = self.inquiries.keys().copied().collect();
        for id in all {
            if let Some(inquiry) = self.inquiries.get_mut(&id) {
                let said = inquiry.record.said;
                inquiry.said_at = said.map(|(at, _)| self.clock.of_past(at));
            }
            self.refresh_due(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn at(ms: u64) -> Timestamp {
        Timestamp::new(ms)
    }

    #[test]
    fn clock_moves_with_the_monotonic_clock_alone() {
        let mut clock = DeskClock::default();
        clock.begin(at(100 * DAY));
        for server in [101 * DAY, 3 * DAY, 400 * DAY] {
            let before = clock.time();
            clock.advance(Duration::from_millis(1_500), at(server));
            assert_eq!(clock.since_ms(before), 1_500);
            assert_eq!(clock.shown(clock.time()).get().abs_diff(server) / 1000, 0);
        }
    }

    #[test]
    fn start_sets_the_clock_but_never_back() {
        let mut clock = DeskClock::default();
        clock.raise(at(100 * DAY));
        clock.begin(at(3 * DAY));
        assert_eq!(clock.time(), at(100 * DAY));
        assert_eq!(clock.shown(clock.time()), at(3 * DAY));
        let mut clock = DeskClock::default();
        clock.raise(at(3 * DAY));
        clock.begin(at(100 * DAY));
        assert_eq!(clock.time(), at(100 * DAY));
    }

    #[test]
    fn past_times_of_the_server_are_never_ahead() {
        let mut clock = DeskClock::default();
        clock.begin(at(100 * DAY));
        clock.advance(Duration::ZERO, at(50 * DAY));
        assert_eq!(clock.of_past(at(50 * DAY - 7)), at(100 * DAY - 7));
        assert_eq!(clock.of_past(at(70 * DAY)), at(100 * DAY));
    }

    #[test]
    fn milliseconds_between_the_clocks_are_not_shown() {
        let mut clock = DeskClock::default();
        clock.begin(at(DAY));
        for off in [0, 3, 400] {
            clock.advance(Duration::from_millis(1), at(DAY + off));
            assert_eq!(clock.shown(at(DAY - 5)), at(DAY - 5));
        }
    }
}
