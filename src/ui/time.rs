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
