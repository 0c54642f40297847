//! The times of lines, and what becomes of them.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use cairn_proto::ids::Timestamp;

/// What a line tells of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Stamp {
    /// Nothing: that of the line before.
    None,
    Time(Time),
    /// A month, a day and a time, in the year of the line before or the one after that.
    InYear(i8, i8, Time),
    Full(Date, Time),
}

/// Reads `HH:MM` or `HH:MM:SS`.
pub(super) fn time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let mut number = || {
        let part = parts.next()?;
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok()).flatten()
    };
    let (hour, minute) = (number()?, number()?);
    let second = if text.len() > "HH:MM".len() {
        number()?
    } else {
        0
    };
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

/// The day and time of the lines so far.
#[derive(Clone, Debug)]
pub(in super::super) struct Clock {
    zone: TimeZone,
    day: Option<Date>,
    last: Time,
    /// Times that go back are of the day after.
    wraps: bool,
}

impl Clock {
    pub(in super::super) fn new(day: Option<Date>, zone: TimeZone) -> Self {
        Self {
            zone,
            day,
            last: Time::midnight(),
            wraps: false,
        }
    }

    pub(in super::super) const fn begin_day(&mut self, day: Date) {
        self.day = Some(day);
        self.last = Time::midnight();
    }

    pub(in super::super) const fn begin_session(&mut self, day: Date) {
        self.begin_day(day);
        self.wraps = true;
    }

    /// Returns the time of a line, or `None` if its day is not known or out of range.
    pub(in super::super) fn at(&mut self, stamp: Stamp) -> Option<Timestamp> {
        match stamp {
            Stamp::None => {}
            Stamp::Time(time) => {
                if self.wraps && time < self.last {
                    self.day = self.day?.tomorrow().ok();
                }
                self.last = time;
            }
            Stamp::InYear(month, day, time) => {
                let before = self.day?;
                let mut date = Date::new(before.year(), month, day).ok();
                if date.is_none_or(|date| date < before) {
                    date = Date::new(before.year().checked_add(1)?, month, day).ok();
                }
                (self.day, self.last) = (Some(date?), time);
            }
            Stamp::Full(date, time) => (self.day, self.last) = (Some(date), time),
        }
        let moment = self.day?.to_datetime(self.last).to_zoned(self.zone.clone());
        let millis = moment.ok()?.timestamp().as_millisecond();
        u64::try_from(millis).ok().map(Timestamp::new)
    }
}
