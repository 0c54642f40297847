//! Days in file names.

use std::str::FromStr;

use jiff::civil::Date;

/// A day from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(pub(super) Date);

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
        (date.year() >= 1970).then_some(Self(date)).ok_or(DayError)
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
