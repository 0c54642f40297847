//! Days of the local calendar.

use std::fmt;

use cairn_client::proto::ids::Timestamp;

use crate::limits::ZONE_OFFSETS_MAX;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year; may be beyond four digits.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A day in relation to the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// The present day.
    Today,
    /// The day before.
    Yesterday,
    /// Any other day.
    On(Date),
}

/// The offsets of a time zone from UTC, each with the time from which on it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone(Vec<(Timestamp, i32)>);

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(Vec::new())
    }

    /// Creates a zone from times and the seconds east of UTC that hold from then on. Before the
    /// first time, its offset holds too. Keeps the latest [`ZONE_OFFSETS_MAX`].
    #[must_use]
    pub fn new(mut offsets: Vec<(Timestamp, i32)>) -> Self {
        offsets.sort_unstable();
        let excess = offsets.len().saturating_sub(ZONE_OFFSETS_MAX);
        offsets.drain(..excess);
        Self(offsets)
    }

    fn offset_ms(&self, at: Timestamp) -> i64 {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        let found = self.0.get(after.saturating_sub(1));
        found.map_or(0, |(_, seconds)| i64::from(*seconds) * 1000)
    }

    /// Returns the number of the local day, counted from 1970-01-01.
    #[must_use]
    pub fn day_number(&self, at: Timestamp) -> i64 {
        let utc = i64::try_from(at.get()).unwrap_or(i64::MAX - DAY_MS);
        (utc + self.offset_ms(at)).div_euclid(DAY_MS)
    }

    /// Returns the time at which a local day begins.
    #[must_use]
    pub fn start_of(&self, day_number: i64) -> Timestamp {
        let local = day_number.saturating_mul(DAY_MS);
        let at = |offset: i64| {
            Timestamp::new(u64::try_from(local.saturating_sub(offset)).unwrap_or_default())
        };
        // The offset that holds at that time may differ from the one that holds a little earlier.
        let guess = at(self.offset_ms(at(0)));
        let start = at(self.offset_ms(guess));
        if self.day_number(start) < day_number {
            guess
        } else {
            start
        }
    }
}

impl Date {
    /// Returns the date of a day, by its number from 1970-01-01.
    #[must_use]
    pub fn from_day_number(day_number: i64) -> Self {
        // Years begin in March, so that the leap day is the last one; eras have 400 years.
        let days = day_number.saturating_add(719_468);
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: i32::try_from(year).unwrap_or(i32::MAX),
            month: u8::try_from(month).unwrap_or_default(),
            day: u8::try_from(day).unwrap_or_default(),
        }
    }

    /// Returns the number of the day from 1970-01-01.
    #[must_use]
    pub fn day_number(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = (month + 9) % 12;
        let of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * 146_097 + of_era - 719_468
    }
}

impl Day {
    /// Returns a day in relation to the present one, both by their numbers.
    #[must_use]
    pub fn relative(day_number: i64, today: i64) -> Self {
        match today - day_number {
            0 => Self::Today,
            1 => Self::Yesterday,
            _ => Self::On(Date::from_day_number(day_number)),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip() {
        for day in (-800_000..800_000).step_by(37) {
            assert_eq!(Date::from_day_number(day).day_number(), day);
        }
        assert_eq!(Date::from_day_number(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_day_number(19_782).to_string(), "2024-02-29");
    }

    #[test]
    fn days_follow_the_zone() {
        let hour = 3_600_000;
        let summer = Timestamp::new(1_711_846_800_000);
        let zone = Zone::new(vec![(Timestamp::new(0), 3600), (summer, 7200)]);
        let day = zone.day_number(summer);
        let start = zone.start_of(day);
        assert_eq!(summer.get() - start.get(), 2 * hour);
        assert_eq!(zone.day_number(Timestamp::new(start.get() - 1)), day - 1);
        let next = zone.start_of(day + 1);
        assert_eq!(
            next.get() - start.get(),
            23 * hour,
            "the clock skips an hour"
        );
    }
}
