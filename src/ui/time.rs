//! Times in the time zone of the user.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cairn_proto::ids::Timestamp;
use jiff::tz::TimeZone;

/// Returns the time as messages carry it.
pub(crate) fn timestamp() -> Timestamp {
    Timestamp::new(u64::try_from(now().as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Displays milliseconds since 1970 as `2025-11-21 22:30`, in the user's time zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local(pub(crate) u64);

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_in(f, self.0, TimeZone::system())
    }
}

/// Displays a length of time in milliseconds by its largest unit: `42 s`, `3 min`, `5 h`, `2 d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span(pub(crate) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_ceil(1_000);
        match seconds {
            0..120 => write!(f, "{seconds} s"),
            120..7_200 => write!(f, "{} min", seconds / 60),
            7_200..172_800 => write!(f, "{} h", seconds / 3_600),
            _ => write!(f, "{} d", seconds / 86_400),
        }
    }
}

fn write_in(f: &mut impl fmt::Write, millis: u64, zone: TimeZone) -> fmt::Result {
    match i64::try_from(millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
    {
        Some(moment) => write!(f, "{}", moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M")),
        None => f.write_str("????-??-?? ??:??"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_by_one_unit() {
        for (millis, shown) in [
            (0, "0 s"),
            (1, "1 s"),
            (119_000, "119 s"),
            (120_000, "2 min"),
            (7_199_000, "119 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 d"),
        ] {
            assert_eq!(Span(millis).to_string(), shown);
        }
    }

    #[test]
    fn times_are_shown_to_the_minute() {
        for (millis, shown) in [
            (0, "1970-01-01 00:00"),
            (1_103_879_640_000, "2004-12-24 09:14"),
            (u64::MAX, "????-??-?? ??:??"),
        ] {
            let mut text = String::new();
            write_in(&mut text, millis, TimeZone::UTC).unwrap();
            assert_eq!(text, shown);
        }
    }
}
