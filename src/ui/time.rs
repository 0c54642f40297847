//! Moments as people read them, in their own time zone.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

/// The time since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A moment in milliseconds since 1970, shown as `2025-11-21 22:30` where the user is.
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
    fn moments_are_shown_to_the_minute() {
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
