//! Scenario files: the parameters of a day. Parsing is strict, so that no part of a file is without
//! effect.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use cairn_client::proto::limits::{RUN_MESSAGES_MAX, TEXT_BYTES_MAX};
use serde::{Deserialize, Serialize};

use crate::error::{BenchError, Result};
use crate::limits;
use crate::live::traffic::STAMP_BYTES;

/// The default scenario, with comments that document the format.
pub const DEFAULT: &str = include_str!("day.toml");

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    seconds: Count<1, { limits::DAY_SECONDS_MAX }>,
    pub(crate) people: Count<2, { limits::PEOPLE_MAX }>,
    pub(crate) devices_each: Count<1, 8>,
    /// Messages that each conversation has before the day.
    pub(super) history: Count<1, 10_000>,
    pub(super) small_groups: Groups,
    pub(super) large_groups: Groups,
    pub(super) direct_chats: Chats,
    pub(super) lengths: Vec<Length>,
    pub(super) reading: Reading,
    pub(super) dropping: Dropping,
    pub(super) scrolling: Scrolling,
    pub(super) phases: Vec<Phase>,
}

type Share = Count<0, 1_000_000>;

type Range<const MIN: u32, const MAX: u32> = [Count<MIN, MAX>; 2];

/// Defines tables of the file. Unknown fields are errors.
macro_rules! tables {
    ($($name:ident { $($field:ident: $kind:ty),* })*) => {
        $(#[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            $(pub(super) $field: $kind),*
        })*
    };
}

tables! {
    Groups {
        count: Count<0, 10_000>,
        members: Range<2, { limits::PEOPLE_MAX }>,
        share: Share
    }
    Chats { count: Count<0, 100_000>, share: Share }
    Length { bytes: Count<{ STAMP_BYTES as u32 }, { TEXT_BYTES_MAX as u32 }>, share: Share }
    Reading { percent: Count<0, 100>, after_minutes: Count<0, 1_440> }
    Dropping { away_minutes: Range<0, 1_440> }
    Scrolling { pages: Count<1, 1_000>, messages: Count<1, { RUN_MESSAGES_MAX }> }
    Phase {
        name: String,
        minutes: Count<1, 1_440>,
        messages_per_hour: PerHour,
        scrolls_per_hour: PerHour,
        drops_per_hour: PerHour
    }
}

impl Scenario {
    /// Loads a scenario from a file, or the default one.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Self::parse(DEFAULT, Path::new("day.toml"));
        };
        let cannot = BenchError::io(format!("cannot read the scenario {}", path.display()));
        Self::parse(&fs::read_to_string(path).map_err(cannot)?, path)
    }

    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self> {
        let (path, shows) = (path.display(), "`cairn bench mixed --print-scenario` shows");
        let invalid = |error: toml::de::Error| {
            let error = error.to_string();
            let error = error.trim_end();
            BenchError::Failed(format!("the scenario {path}: {error}\n{shows} a sound one"))
        };
        let scenario: Self = toml::from_str(text).map_err(invalid)?;
        let refused = |why| BenchError::Failed(format!("the scenario {path}: {why}"));
        scenario.check().map_err(refused)?;
        Ok(scenario)
    }

    /// Checks that the fields are consistent.
    fn check(&self) -> Result<(), String> {
        let (people, chats) = (self.people.get(), self.direct_chats.count.get());
        let mut is_any_talked_in = chats > 0 && self.direct_chats.share.get() > 0;
        for (kind, groups) in [
            ("small_groups", &self.small_groups),
            ("large_groups", &self.large_groups),
        ] {
            let (count, most) = (groups.count.get(), groups.members[1].get());
            check_range(&format!("members of {kind}"), groups.members)?;
            let why = format!("{kind} are of up to {most} members, but there are {people} people");
            refuse(count > 0 && most > people, why)?;
            is_any_talked_in |= count > 0 && groups.share.get() > 0;
        }
        check_range("away_minutes", self.dropping.away_minutes)?;
        let why = format!("{people} people have no {chats} direct chats with each other");
        refuse(chats > people * (people - 1) / 2, why)?;
        let why = "no kind of conversation has both a count and a share above 0";
        refuse(!is_any_talked_in, why)?;
        let has_no_length = self.lengths.iter().all(|length| length.share.get() == 0);
        refuse(has_no_length, "no length has a share above 0")?;
        refuse(self.phases.is_empty(), "a day needs phases")?;
        let (actions, most) = (self.actions(), limits::DAY_ACTIONS_MAX);
        let why = format!("about {actions:.0} things would happen, at most {most:.0} can");
        refuse(actions > most, why)?;
        let mut names = HashSet::new();
        let duplicate = self.phases.iter().find(|phase| !names.insert(&phase.name));
        let called_alike = |phase: &Phase| Err(format!("two phases are called {:?}", phase.name));
        duplicate.map_or(Ok(()), called_alike)
    }

    pub(super) fn seconds(&self) -> u32 {
        self.seconds.0
    }

    pub(super) fn longest(&self) -> usize {
        let bytes = self.lengths.iter().map(|length| length.bytes.get());
        bytes.max().unwrap_or_default()
    }

    pub(crate) fn minutes(&self) -> usize {
        self.phases.iter().map(|phase| phase.minutes.get()).sum()
    }

    fn actions(&self) -> f64 {
        let (people, devices) = (self.people.get() as f64, self.devices() as f64);
        let hourly = |phase: &Phase| {
            people * (phase.messages_per_hour.0 + phase.scrolls_per_hour.0)
                + devices * phase.drops_per_hour.0
        };
        let actions = |phase| hourly(phase) * phase.minutes.get() as f64 / 60.0;
        self.phases.iter().map(actions).sum()
    }

    pub(crate) fn devices(&self) -> usize {
        self.people.get() * self.devices_each.get()
    }
}

fn refuse(is_wrong: bool, why: impl Into<String>) -> Result<(), String> {
    if is_wrong { Err(why.into()) } else { Ok(()) }
}

fn check_range<const MIN: u32, const MAX: u32>(
    what: &str,
    range: Range<MIN, MAX>,
) -> Result<(), String> {
    let [least, most] = range.map(Count::get);
    let why = format!("{what}: {least} is more than {most}: write the smaller one first");
    refuse(least > most, why)
}

/// A whole number from `MIN` to `MAX`, checked during deserialization, so that errors name the
/// line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "i64")]
pub(crate) struct Count<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    pub(crate) const fn get(self) -> usize {
        self.0 as usize
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<i64> for Count<MIN, MAX> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match u32::try_from(number) {
            Ok(count) if (MIN..=MAX).contains(&count) => Ok(Self(count)),
            _ => Err(format!("{number} is not from {MIN} to {MAX}")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64")]
pub(super) struct PerHour(pub(super) f64);

/// Above any realistic rate.
const PER_HOUR_MAX: f64 = 10_000.0;

impl TryFrom<f64> for PerHour {
    type Error = String;

    fn try_from(rate: f64) -> Result<Self, Self::Error> {
        match (0.0..=PER_HOUR_MAX).contains(&rate) {
            true => Ok(Self(rate)),
            false => Err(format!("{rate} is not from 0 to {PER_HOUR_MAX}")),
        }
    }
}
