//! Types of server settings: parsing, printing and bounds.

use std::time::Duration;

use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::Retention;

/// A type of setting, with one text form for input and output.
pub trait Value: Sized {
    /// Parses a value; `None` if it is malformed or out of bounds.
    fn parse(raw: &str) -> Option<Self>;
    fn written(&self) -> String;
    /// Describes the accepted values.
    fn takes() -> String;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectChats {
    Anyone,
    /// Only friends.
    Friends,
}

impl Value for DirectChats {
    fn parse(raw: &str) -> Option<Self> {
        match raw {
            "anyone" => Some(Self::Anyone),
            "friends" => Some(Self::Friends),
            _ => None,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Anyone => "anyone",
            Self::Friends => "friends",
        }
        .into()
    }

    fn takes() -> String {
        "anyone or friends".into()
    }
}

/// Names that look like those of other users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAlikes {
    Refused,
    Allowed,
}

impl Value for LookAlikes {
    fn parse(raw: &str) -> Option<Self> {
        match raw {
            "refused" => Some(Self::Refused),
            "allowed" => Some(Self::Allowed),
            _ => None,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Refused => "refused",
            Self::Allowed => "allowed",
        }
        .into()
    }

    fn takes() -> String {
        "refused or allowed".into()
    }
}

/// The server's clock is guarded against jumps of the system's. Not a choice: a confirmation
/// counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded;

impl Value for Guarded {
    fn parse(raw: &str) -> Option<Self> {
        (raw == "guarded").then_some(Self)
    }

    fn written(&self) -> String {
        "guarded".into()
    }

    fn takes() -> String {
        "trusted, to confirm that date".into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

impl Value for Switch {
    fn parse(raw: &str) -> Option<Self> {
        match raw {
            "on" => Some(Self::On),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
        .into()
    }

    fn takes() -> String {
        "on or off".into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<const MIN: usize, const MAX: usize>(pub(super) usize);

impl<const MIN: usize, const MAX: usize> Number<MIN, MAX> {
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl<const MIN: usize, const MAX: usize> Value for Number<MIN, MAX> {
    fn parse(raw: &str) -> Option<Self> {
        raw.parse()
            .ok()
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
    }

    fn written(&self) -> String {
        self.0.to_string()
    }

    fn takes() -> String {
        format!("{MIN} to {MAX}")
    }
}

/// A size in bytes, with binary units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub(super) u64);

impl Bytes {
    const MAX: u64 = 1 << 50;
    const UNITS: [(&'static str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        Self::parse(raw).ok_or_else(Self::takes)
    }
}

impl Value for Bytes {
    fn parse(raw: &str) -> Option<Self> {
        let unit = Self::UNITS
            .iter()
            .find_map(|&(unit, bits)| Some((raw.strip_suffix(unit)?.trim_end(), bits)));
        let (number, bits) = unit.unwrap_or((raw, 0));
        let bytes = number.parse::<u64>().ok()?.checked_mul(1 << bits)?;
        (bytes <= Self::MAX).then_some(Self(bytes))
    }

    fn written(&self) -> String {
        let fits = |&&(_, bits): &&(&str, u32)| self.0 > 0 && self.0.trailing_zeros() >= bits;
        match Self::UNITS.iter().find(fits) {
            Some((unit, bits)) => format!("{}{unit}", self.0 >> bits),
            None => self.0.to_string(),
        }
    }

    fn takes() -> String {
        "a number of bytes, such as 500MiB or 2GiB".into()
    }
}

/// A duration in whole seconds, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<const SECONDS_MAX: u64>(pub(super) u64);

impl<const SECONDS_MAX: u64> Span<SECONDS_MAX> {
    const NEVER: &str = "never";
    const UNITS: [(&'static str, u64); 3] = [("h", 60 * 60), ("m", 60), ("s", 1)];

    /// `None` for never.
    #[must_use]
    pub fn get(self) -> Option<Duration> {
        (self.0 > 0).then(|| Duration::from_secs(self.0))
    }
}

impl<const SECONDS_MAX: u64> Value for Span<SECONDS_MAX> {
    fn parse(raw: &str) -> Option<Self> {
        if raw == Self::NEVER || raw == "0" {
            return Some(Self(0));
        }
        let (number, unit) = Self::UNITS
            .iter()
            .find_map(|&(unit, seconds)| Some((raw.strip_suffix(unit)?, seconds)))?;
        let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
        (1..=SECONDS_MAX)
            .contains(&seconds)
            .then_some(Self(seconds))
    }

    fn written(&self) -> String {
        let fits = |&&(_, seconds): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(seconds);
        Self::UNITS
            .iter()
            .find(fits)
            .map_or(Self::NEVER.into(), |(unit, seconds)| {
                format!("{}{unit}", self.0 / seconds)
            })
    }

    fn takes() -> String {
        format!(
            "a time such as 90s, 10m or 1h, at most {}; 0 or never for never",
            Self(SECONDS_MAX).written()
        )
    }
}

impl Value for Retention {
    fn parse(raw: &str) -> Option<Self> {
        let days = |raw: &str| {
            raw.parse()
                .ok()
                .filter(|days| (1..=RETENTION_DAYS_MAX).contains(days))
        };
        match raw.split_once(' ') {
            None if raw == "keep" => Some(Self::Keep),
            Some(("days", raw)) => days(raw).map(Self::Days),
            Some(("until-acked", raw)) => days(raw).map(|cap_days| Self::UntilAcked { cap_days }),
            _ => None,
        }
    }

    fn written(&self) -> String {
        match self {
            Self::Keep => "keep".into(),
            Self::Days(days) => format!("days {days}"),
            Self::UntilAcked { cap_days } => format!("until-acked {cap_days}"),
        }
    }

    fn takes() -> String {
        "keep, days N or until-acked N".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded() {
        let parsed = [
            "0",
            "1",
            "9",
            "10",
            "-1",
            "+1",
            " 2",
            "x",
            "99999999999999999999",
        ]
        .map(<Number<1, 9>>::parse);
        let taken: Vec<usize> = parsed.into_iter().flatten().map(Number::get).collect();
        assert_eq!(taken, [1, 9, 1]);
    }

    #[test]
    fn sizes_print_in_the_largest_exact_unit() {
        for (raw, bytes, written) in [
            ("0", 0, "0"),
            ("1536", 1536, "1536"),
            ("2048", 2048, "2KiB"),
            ("5 GiB", 5 << 30, "5GiB"),
        ] {
            let parsed = Bytes::parse(raw).unwrap();
            assert_eq!((parsed.get(), parsed.written().as_str()), (bytes, written));
        }
        for raw in [
            "",
            "KiB",
            "-1",
            "1.5GiB",
            "1025TiB",
            "99999999999TiB",
            "5GB",
            "18446744073709551616",
        ] {
            assert_eq!(Bytes::parse(raw), None, "{raw}");
        }
    }

    #[test]
    fn durations_parse_and_print() {
        for (raw, seconds, written) in [
            ("90s", 90, "90s"),
            ("600s", 600, "10m"),
            ("2h", 7_200, "2h"),
            ("90m", 5_400, "90m"),
        ] {
            let parsed = <Span<86_400>>::parse(raw).unwrap();
            assert_eq!(
                (parsed.get(), parsed.written().as_str()),
                (Some(Duration::from_secs(seconds)), written)
            );
        }
        for never in ["0", "never"] {
            let parsed = <Span<9>>::parse(never).unwrap();
            assert_eq!((parsed.get(), parsed.written().as_str()), (None, "never"));
        }
        for raw in [
            "",
            "s",
            "5",
            "0s",
            "10s",
            "-1s",
            "1.5s",
            "1 s",
            "1d",
            "1S",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(<Span<9>>::parse(raw), None, "{raw}");
        }
    }

    #[test]
    fn policies_round_trip() {
        for policy in [
            Retention::Keep,
            Retention::Days(1),
            Retention::UntilAcked {
                cap_days: RETENTION_DAYS_MAX,
            },
        ] {
            assert_eq!(Retention::parse(&policy.written()), Some(policy));
        }
        for raw in [
            "",
            "Keep",
            "days",
            "days 0",
            "days -1",
            "days 36526",
            "until-acked",
            "until-acked x",
            "keep 1",
        ] {
            assert_eq!(Retention::parse(raw), None, "{raw:?}");
        }
    }
}
