//! A scenario file: what a day is like. It is read strictly, so that nothing in it is without effect.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use cairn_client::proto::limits::{RUN_MESSAGES_MAX, TEXT_BYTES_MAX};
use serde::{Deserialize, Serialize};

use super::bounded::{Between, Count, PerHour};
use crate::limits;
use crate::live::stamp::STAMP_BYTES;
use crate::report::counted;

/// The scenario that is played when none is given, with comments that explain the format.
pub const DEFAULT: &str = include_str!("day.toml");

/// What a day is like.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// How long the whole day is played.
    seconds: Count<1, { limits::DAY_SECONDS_MAX }>,
    pub(super) people: Count<2, { limits::PEOPLE_MAX }>,
    pub(super) devices_each: Count<1, 8>,
    /// Messages in each conversation from before.
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

/// A share, compared with others of its kind.
pub(super) type Share = Count<0, 1_000_000>;

/// Groups of one kind.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Groups {
    pub(super) count: Count<0, 10_000>,
    pub(super) members: Between<2, { limits::PEOPLE_MAX }>,
    pub(super) share: Share,
}

/// Direct chats.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chats {
    pub(super) count: Count<0, 100_000>,
    pub(super) share: Share,
}

/// How long some messages are.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Length {
    pub(super) bytes: Count<{ STAMP_BYTES as u32 }, { TEXT_BYTES_MAX as u32 }>,
    pub(super) share: Share,
}

/// How people read.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading {
    pub(super) percent: Count<0, 100>,
    pub(super) after_minutes: Count<0, 1_440>,
}

/// How devices drop.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dropping {
    pub(super) away_minutes: Between<0, 1_440>,
}

/// How people scroll back.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scrolling {
    pub(super) pages: Count<1, 1_000>,
    pub(super) messages: Count<1, { RUN_MESSAGES_MAX }>,
}

/// A part of the day.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phase {
    pub(super) name: String,
    pub(super) minutes: Count<1, 1_440>,
    pub(super) messages_per_hour: PerHour,
    pub(super) scrolls_per_hour: PerHour,
    pub(super) drops_per_hour: PerHour,
}

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no scenario.
    #[error("the scenario {}: {}\n`cairn bench mixed --print-scenario` shows a sound one", path.display(), source.to_string().trim_end())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// What it says does not go together.
    #[error("the scenario {}: {why}", path.display())]
    Contradiction {
        /// Which file.
        path: PathBuf,
        /// What does not.
        why: String,
    },
}

impl Scenario {
    /// Reads the scenario of a file; without one, the default.
    pub(super) fn load(path: Option<&Path>) -> Result<Self, ScenarioError> {
        let Some(path) = path else {
            return Self::parse(DEFAULT, Path::new("day.toml"));
        };
        let text = fs::read_to_string(path).map_err(|source| ScenarioError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, ScenarioError> {
        let syntax = |source| ScenarioError::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let scenario: Self = toml::from_str(text).map_err(syntax)?;
        match scenario.contradiction() {
            Some(why) => Err(ScenarioError::Contradiction {
                path: path.to_owned(),
                why,
            }),
            None => Ok(scenario),
        }
    }

    /// What does not go together, if anything.
    fn contradiction(&self) -> Option<String> {
        let (people, chats) = (self.people.get(), self.direct_chats.count.get());
        let groups = [
            ("small_groups", self.small_groups),
            ("large_groups", self.large_groups),
        ];
        let too_large = groups
            .iter()
            .find(|(_, groups)| groups.count.get() > 0 && groups.members.most > people);
        let kinds = [
            (self.small_groups.count.get(), self.small_groups.share),
            (self.large_groups.count.get(), self.large_groups.share),
        ];
        let mut kinds = kinds.into_iter().chain([(chats, self.direct_chats.share)]);
        let duplicate = |phase: &Phase| {
            self.phases
                .iter()
                .filter(|other| other.name == phase.name)
                .count()
                > 1
        };
        if let Some((kind, groups)) = too_large {
            Some(format!(
                "{kind} are of up to {} members, but there are {people} people",
                groups.members.most
            ))
        } else if chats > people * (people - 1) / 2 {
            Some(format!(
                "{people} people have no {chats} direct chats with each other"
            ))
        } else if !kinds.any(|(count, share)| count > 0 && share.get() > 0) {
            Some("no kind of conversation has both a count and a share above 0".to_owned())
        } else if self.lengths.iter().all(|length| length.share.get() == 0) {
            Some("no length has a share above 0".to_owned())
        } else if self.phases.is_empty() {
            Some("a day needs phases".to_owned())
        } else if self.actions() > limits::DAY_ACTIONS_MAX {
            Some(format!(
                "about {:.0} things would happen, at most {:.0} can",
                self.actions(),
                limits::DAY_ACTIONS_MAX
            ))
        } else {
            self.phases
                .iter()
                .find(|phase| duplicate(phase))
                .map(|phase| format!("two phases are called {:?}", phase.name))
        }
    }

    /// How long the day is played, in seconds.
    pub(super) fn seconds(&self) -> u32 {
        u32::try_from(self.seconds.get()).unwrap_or(u32::MAX)
    }

    /// The bytes of the longest message.
    pub(super) fn longest(&self) -> usize {
        self.lengths
            .iter()
            .map(|length| length.bytes.get())
            .max()
            .unwrap_or_default()
    }

    /// How long the day is.
    pub(super) fn minutes(&self) -> usize {
        self.phases.iter().map(|phase| phase.minutes.get()).sum()
    }

    /// How many messages, scrolls and drops there are, about.
    fn actions(&self) -> f64 {
        let (people, devices) = (self.people.get() as f64, self.devices() as f64);
        let hourly = |phase: &Phase| {
            people * (phase.messages_per_hour.get() + phase.scrolls_per_hour.get())
                + devices * phase.drops_per_hour.get()
        };
        self.phases
            .iter()
            .map(|phase| hourly(phase) * phase.minutes.get() as f64 / 60.0)
            .sum()
    }

    /// All devices of the team.
    pub(super) fn devices(&self) -> usize {
        self.people.get() * self.devices_each.get()
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (people, devices) = (
            counted(self.people.get(), "user"),
            counted(self.devices(), "device"),
        );
        let groups = counted(
            self.small_groups.count.get() + self.large_groups.count.get(),
            "group",
        );
        let chats = counted(self.direct_chats.count.get(), "direct chat");
        write!(
            f,
            "{people} with {devices}, {groups}, {chats}, a day of {} minutes",
            self.minutes()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Scenario, String> {
        Scenario::parse(text, Path::new("my.toml")).map_err(|error| error.to_string())
    }

    /// The default, with something else in place of a part of it.
    fn changed(from: &str, to: &str) -> Result<Scenario, String> {
        assert!(DEFAULT.contains(from));
        parse(&DEFAULT.replacen(from, to, 1))
    }

    #[test]
    fn the_default_is_a_scenario() {
        let scenario = parse(DEFAULT).unwrap();
        assert_eq!(
            (
                scenario.people.get(),
                scenario.devices(),
                scenario.minutes()
            ),
            (100, 200, 540)
        );
        assert_eq!(
            scenario.to_string(),
            "100 users with 200 devices, 44 groups, 120 direct chats, a day of 540 minutes"
        );
    }

    #[test]
    fn what_is_unknown_missing_or_out_of_bounds_is_refused_with_its_line() {
        let refused = [
            (
                "people = 100",
                "people = 100\ntyping = true",
                &[
                    "my.toml",
                    "line 11",
                    "unknown field `typing`",
                    "--print-scenario",
                ][..],
            ),
            ("history = 100\n", "", &["missing field `history`"]),
            (
                "people = 100",
                "people = 1",
                &["line 10", "1 is not from 2 to"],
            ),
            ("people = 100", "people = -1", &["-1 is not from 2 to"]),
            (
                "people = 100",
                "people = \"many\"",
                &["line 10", "invalid type"],
            ),
            (
                "members = [3, 8]",
                "members = [8, 3]",
                &["8 is more than 3"],
            ),
            ("bytes = 40", "bytes = 31", &["31 is not from 32 to"]),
            (
                "messages_per_hour = 10",
                "messages_per_hour = -0.5",
                &["-0.5 is not from 0 to"],
            ),
            ("people = 100", "people = ", &["line 10"]),
        ];
        for (from, to, words) in refused {
            let error = changed(from, to).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = [
            (
                "people = 100",
                "people = 20",
                "large_groups are of up to 100 members, but there are 20 people",
            ),
            (
                "count = 120",
                "count = 5000",
                "100 people have no 5000 direct chats",
            ),
            (
                "name = \"lunch\"",
                "name = \"morning\"",
                "two phases are called \"morning\"",
            ),
        ];
        for (from, to, words) in refused {
            let error = changed(from, to).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let frantic = DEFAULT
            .replace("people = 100", "people = 1000")
            .replace("messages_per_hour = 20", "messages_per_hour = 10000");
        assert!(
            parse(&frantic)
                .unwrap_err()
                .contains("things would happen, at most 10000000 can")
        );
        let silent = DEFAULT.replace("share = ", "share = 0 #");
        assert!(
            parse(&silent)
                .unwrap_err()
                .contains("no kind of conversation")
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Scenario::load(Some(Path::new("/nowhere/day.toml")))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot read the scenario /nowhere/day.toml: "),
            "{error}"
        );
    }
}
