//! Days: in file names, and as the base of the times in a log.

use std::str::FromStr;

use cairn_proto::ids::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A day in UTC, from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    midnight_ms: u64,
}

/// The string is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is YYYY-MM-DD, from 1970-01-01 on")]
pub(super) struct DayError;

const DAY_BYTES: usize = "YYYY-MM-DD".len();

impl FromStr for Day {
    type Err = DayError;

    fn from_str(raw: &str) -> Result<Self, DayError> {
        let has_form = raw.len() == DAY_BYTES
            && raw.bytes().enumerate().all(|(at, byte)| {
                if matches!(at, 4 | 7) {
                    byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            });
        if !has_form {
            return Err(DayError);
        }
        let date: Date = raw.parse().map_err(|_| DayError)?;
        let midnight = date.to_zoned(TimeZone::UTC).map_err(|_| DayError)?;
        let midnight_ms =
            u64::try_from(midnight.timestamp().as_millisecond()).map_err(|_| DayError)?;
        Ok(Self { midnight_ms })
    }
}

impl Day {
    /// Returns the first day in a file name, unless it is part of a longer number.
    pub(super) fn in_name(name: &str) -> Option<Self> {
        let is_digit = |at: Option<usize>| {
            at.and_then(|at| name.as_bytes().get(at))
                .is_some_and(u8::is_ascii_digit)
        };
        let stands_alone =
            |at: usize| !is_digit(at.checked_sub(1)) && !is_digit(Some(at + DAY_BYTES));
        let at = |at: usize| name.get(at..at + DAY_BYTES)?.parse().ok();
        (0..name.len())
            .filter(|&start| stands_alone(start))
            .find_map(at)
    }

    /// Returns the time of a minute of this day.
    pub(super) const fn at(self, minute: Minute) -> Timestamp {
        Timestamp::new(self.midnight_ms + minute.0 as u64 * 60 * 1000)
    }
}

/// A minute of a day, from 0 to 1439.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minute(u16);

impl Minute {
    /// Reads `HH:MM`.
    pub(super) fn parse(raw: &[u8]) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
        let &[h1, h2, b':', m1, m2] = raw else {
            return None;
        };
        let (hour, minute) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
        (hour < 24 && minute < 60).then_some(Self(hour * 60 + minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_minute_make_a_timestamp() {
        for (day, minute, millis) in [
            ("1970-01-01", "00:00", 0),
            ("2004-12-25", "09:14", 1_103_966_040_000),
            ("2016-02-29", "23:59", 1_456_790_340_000),
        ] {
            let moment = day
                .parse::<Day>()
                .unwrap()
                .at(Minute::parse(minute.as_bytes()).unwrap());
            assert_eq!(moment, Timestamp::new(millis), "{day} {minute}");
        }
    }

    #[test]
    fn invalid_days_are_refused() {
        for raw in [
            "2015-02-29",
            "2015-13-01",
            "2015-00-10",
            "1969-12-31",
            "2015-1-01",
            "20150101",
            "",
            "2015-01-01 ",
            "+015-01-01",
        ] {
            assert_eq!(raw.parse::<Day>(), Err(DayError), "{raw:?}");
        }
    }

    #[test]
    fn invalid_minutes_are_refused() {
        for raw in [
            "24:00", "09:60", "9:14", "09:1", "09-14", "0a:14", "09:14:00", "",
        ] {
            assert_eq!(Minute::parse(raw.as_bytes()), None, "{raw:?}");
        }
    }

    #[test]
    fn day_is_found_in_a_name() {
        let day = "2004-12-25".parse().ok();
        for name in [
            "2004-12-25.train-c.raw.txt",
            "irc_2004-12-25.log",
            "v1-2004-12-25",
            "2004-99-99 2004-12-25",
            "ä2004-12-25ä",
        ] {
            assert_eq!(Day::in_name(name), day, "{name}");
        }
        for name in ["README.md", "", "2004-12-2", "12004-12-25", "2004-12-250"] {
            assert_eq!(Day::in_name(name), None, "{name}");
        }
    }
}
