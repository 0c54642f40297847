//! Numbers of a scenario: what is out of bounds is refused where it is read, so that the message says which line it is in.

use serde::{Deserialize, Serialize};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "i64")]
pub(super) struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    pub(super) const fn get(self) -> usize {
        self.0 as usize
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<i64> for Count<MIN, MAX> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        let within = u32::try_from(number)
            .ok()
            .filter(|number| (MIN..=MAX).contains(number));
        within
            .map(Self)
            .ok_or_else(|| format!("{number} is not from {MIN} to {MAX}"))
    }
}

/// At least and at most so many, each from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "[Count<MIN, MAX>; 2]", into = "[Count<MIN, MAX>; 2]")]
pub(super) struct Between<const MIN: u32, const MAX: u32> {
    pub(super) least: usize,
    pub(super) most: usize,
    both: [Count<MIN, MAX>; 2],
}

impl<const MIN: u32, const MAX: u32> TryFrom<[Count<MIN, MAX>; 2]> for Between<MIN, MAX> {
    type Error = String;

    fn try_from(both: [Count<MIN, MAX>; 2]) -> Result<Self, Self::Error> {
        let [least, most] = both.map(Count::get);
        if least <= most {
            Ok(Self { least, most, both })
        } else {
            Err(format!(
                "{least} is more than {most}: write the smaller one first"
            ))
        }
    }
}

impl<const MIN: u32, const MAX: u32> From<Between<MIN, MAX>> for [Count<MIN, MAX>; 2] {
    fn from(between: Between<MIN, MAX>) -> Self {
        between.both
    }
}

/// How often something happens, by the hour.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64")]
pub(super) struct PerHour(f64);

/// More often than any person does anything.
const PER_HOUR_MAX: f64 = 10_000.0;

impl PerHour {
    pub(super) const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for PerHour {
    type Error = String;

    fn try_from(rate: f64) -> Result<Self, Self::Error> {
        if (0.0..=PER_HOUR_MAX).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err(format!("{rate} is not from 0 to {PER_HOUR_MAX}"))
        }
    }
}
