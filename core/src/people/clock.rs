//! The server's clock: moving and logging it, and the owner's confirmation of the system's.

use std::time::Duration;

use cairn_proto::ids::Timestamp;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::SettingValue;
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::ReadClock;
use crate::clock::{Clock, date};
use crate::command::Command;
use crate::prefetch::Load;
use crate::state::State;

/// The setting that shows the clock.
pub(super) const SETTING: &str = "clock";

/// The value that confirms the system's clock. It is not kept.
pub(super) const TRUSTED: &str = "trusted";

impl Command for ReadClock {
    type Answer = Timestamp;
    type Found = ();

    fn prefetch(&self, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        batch: &mut Batch,
    ) -> Result<Timestamp, ErrorCode> {
        let time = state.clock.time();
        if state.clock.must_be_logged() {
            state.make(&Change::Clock(time), batch);
        }
        state.trim_audit(batch);
        Ok(time)
    }
}

impl State {
    /// The server's clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Moves the clock by the time that passed since the last call. Returns the time for the
    /// commands that follow.
    pub fn advance_clock(&mut self, elapsed: Duration, system: Timestamp) -> Timestamp {
        // There is nothing to expire, and a machine may start before it learns the time.
        if self.users.is_empty() {
            self.clock.follow_system(system);
        } else {
            self.clock.advance(elapsed, system);
        }
        let now = self.clock.stamp();
        self.desk.clock.advance(elapsed, now);
        now
    }

    /// Sets a clock that was never logged to the time at which the server is known to have run.
    pub fn start_clock(&mut self, evidence: Timestamp) {
        self.clock.start_at(evidence);
    }

    /// Sets the clock to the system's, once: another jump must be confirmed again.
    pub(super) fn trust_system_clock(&mut self, batch: &mut Batch) {
        self.make(&Change::Clock(self.clock.system()), batch);
    }

    /// Checks that there is a jump to confirm.
    pub(super) fn check_clock_jumped(&self) -> Result<(), ErrorCode> {
        match self.clock.has_jumped() {
            true => Ok(()),
            false => Err(ErrorCode::BadSetting),
        }
    }

    /// Shows the date to confirm, if the system's clock jumped.
    pub(super) fn show_clock(&self, setting: Setting) -> Setting {
        let jumped = self.clock.has_jumped();
        match SettingValue::new(date(self.clock.system())) {
            Ok(value) if jumped && setting.name.as_str() == SETTING => Setting { value, ..setting },
            _ => setting,
        }
    }

    pub(crate) fn apply_clock(&mut self, time: Timestamp) {
        self.clock.set_logged(time);
        self.dirty.clock = true;
    }

    /// Installs the logged time.
    pub fn install_clock(&mut self, time: Timestamp) {
        self.clock.set_logged(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{UserOrigin, UserRecord};

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn with_user() -> State {
        let mut state = State::default();
        let name = "ada".parse().unwrap();
        let record = UserRecord::new(name, UserOrigin::Unknown, Timestamp::new(0));
        state.install_user(cairn_proto::ids::UserId::new(1), record);
        state
    }

    #[test]
    fn unused_server_has_the_time_of_its_machine() {
        let mut state = State::default();
        for days in [0, 20_000, 3] {
            let system = Timestamp::new(days * DAY);
            assert_eq!(state.advance_clock(Duration::ZERO, system), system);
            assert_eq!(state.clock().time(), system);
        }
    }

    #[test]
    fn confirmation_counts_once() {
        let mut state = with_user();
        let mut batch = Batch::new(0);
        let at = |days| Timestamp::new(days * DAY);
        state.advance_clock(Duration::ZERO, at(100));
        assert_eq!(state.check_clock_jumped(), Err(ErrorCode::BadSetting));
        for days in [500, 80] {
            state.advance_clock(Duration::ZERO, at(days));
            assert!(state.clock().has_jumped());
            assert_eq!(state.check_clock_jumped(), Ok(()));
            state.trust_system_clock(&mut batch);
            assert_eq!(state.clock().time(), at(days));
            assert!(!state.clock().has_jumped());
            assert_eq!(state.check_clock_jumped(), Err(ErrorCode::BadSetting));
        }
    }

    #[test]
    fn clock_is_logged_now_and_then() {
        let mut state = with_user();
        let mut batch = Batch::new(0);
        let minutes = |minutes: u64| Timestamp::new(100 * DAY + minutes * 60_000);
        let mut logged = 0;
        for minute in 0..100 {
            let passed = if minute == 0 { 0 } else { 60 };
            state.advance_clock(Duration::from_secs(passed), minutes(minute));
            let before = batch.payload_bytes();
            let time = ReadClock.run(&mut state, minutes(minute), &mut batch);
            assert_eq!(time, Ok(minutes(minute)));
            logged += u32::from(batch.payload_bytes() > before);
        }
        assert_eq!(logged, 10);
    }
}
