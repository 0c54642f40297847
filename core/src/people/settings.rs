//! What the owner of the server can set while it runs: one table, and the types of its values. A
//! setting is one line in there.

use std::time::Duration;

use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::{SettingName, SettingValue, Text};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::response::Response;

use crate::api::batch::{Batch, Effect};
use crate::api::change::Change;
use crate::api::command::Actor;
use crate::limits;
use crate::permission::Action;
use crate::state::State;

const DAYS_MAX: usize = RETENTION_DAYS_MAX as usize;

/// A type of values. People write a value as they read it.
pub trait Value: Sized {
    /// The value that is written so; `None` when it is none of this type, or out of bounds.
    fn parse(raw: &str) -> Option<Self>;
    /// How it is written.
    fn written(&self) -> String;
    /// Which values there are, for people.
    fn takes() -> String;
}

/// A row of the table, apart from where the value is.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    written: fn(&Settings) -> String,
    takes: fn() -> String,
    set: fn(&mut Settings, &str) -> Option<()>,
}

macro_rules! settings {
    ($($field:ident, $name:literal: $type:ty = $default:expr, $about:literal;)+) => {
        /// Every setting as it is.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $about] pub $field: $type,)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// The table, in the order of the names.
        pub const TABLE: &[Row] = &[$(Row {
            name: $name,
            about: $about,
            written: |settings| settings.$field.written(),
            takes: <$type>::takes,
            set: |settings, raw| <$type>::parse(raw).map(|value| settings.$field = value),
        },)+];
    };
}

settings! {
    amend_minutes, "amend-minutes": Number<0, 525_600> = Number(15), "how long senders may edit or recall their messages; admins recall always";
    attachment_bytes_max, "attachment-bytes-max": Bytes = Bytes(2 << 30), "how long a file may be";
    attachment_quota, "attachment-quota": Bytes = Bytes(20 << 30), "what all files that one user uploaded may take; each counts as whole blocks of 4 KiB and 1 KiB more";
    attachment_unsent_hours, "attachment-unsent-hours": Number<0, 8_760> = Number(24), "how long a file is kept that was uploaded and not sent";
    away_after, "away-after": Span<{ limits::AWAY_AFTER_SECONDS_MAX }> = Span(10 * 60), "how long a session is without input before it counts as away";
    contacts_max, "contacts-max": Number<1, 10_000> = Number(2_000), "how many others a user may follow, have as friends or be prefetch_request by; blocks do not count";
    conversations_per_user, "conversations-per-user": Number<1, 100_000> = Number(20_000), "how many conversations a user may be a member of; those that write to him are not held up";
    direct_chats, "direct-chats": DirectChats = DirectChats::Anyone, "who may begin a direct chat; those that exist go on";
    groups_per_owner, "groups-per-owner": Number<1, 100_000> = Number(1_000), "how many groups a user may own";
    receipts, "receipts": Switch = Switch::On, "whether members see who has got and who has read a message";
    retention_default, "retention-default": Retention = Retention::Keep, "how long messages stay where nobody said; days and until-acked take a number";
    retention_longest, "retention-longest": Number<0, DAYS_MAX> = Number(0), "how many days messages stay at most, whatever was said; 0 for no bound";
    retention_shortest, "retention-shortest": Number<0, DAYS_MAX> = Number(0), "how many days messages stay at least, whatever was said; 0 for no bound";
    user_search, "user-search": Switch = Switch::On, "whether members find users by the beginning of a name; admins always do";
}

/// Who may begin a direct chat with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectChats {
    /// Anyone with anyone.
    Anyone,
    /// Friends with each other.
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

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
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

/// A number with bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<const MIN: usize, const MAX: usize>(usize);

impl<const MIN: usize, const MAX: usize> Number<MIN, MAX> {
    /// The number.
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

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(u64);

impl Bytes {
    const MAX: u64 = 1 << 50;
    const UNITS: [(&'static str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

    /// The number.
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

/// A span of time in whole seconds, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span<const SECONDS_MAX: u64>(u64);

impl<const SECONDS_MAX: u64> Span<SECONDS_MAX> {
    const NEVER: &str = "never";
    const UNITS: [(&'static str, u64); 3] = [("h", 60 * 60), ("m", 60), ("s", 1)];

    /// How long; `None` for never.
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

impl Row {
    /// The row of this name.
    #[must_use]
    pub fn named(name: &SettingName) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name.as_str())
    }

    /// What a client is told of it. Every row of the table can be told.
    #[must_use]
    pub fn told(&self, settings: &Settings) -> Option<Setting> {
        Some(Setting {
            name: SettingName::new(self.name).ok()?,
            value: SettingValue::new((self.written)(settings)).ok()?,
            default: SettingValue::new((self.written)(&Settings::default())).ok()?,
            takes: Text::new((self.takes)()).ok()?,
            about: Text::new(self.about).ok()?,
        })
    }
}

impl Settings {
    /// Sets the one of this name; `None`, and nothing is changed, when there is none, or it does
    /// not take the value.
    pub fn set(&mut self, name: &SettingName, value: &SettingValue) -> Option<()> {
        (Row::named(name)?.set)(self, value.as_str())
    }
}

impl State {
    /// The settings of the server.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn told_settings(&self) -> Response {
        Response::Settings(
            TABLE
                .iter()
                .filter_map(|row| row.told(&self.settings))
                .collect(),
        )
    }

    pub(crate) fn set_setting(
        &mut self,
        actor: Actor,
        name: &SettingName,
        value: &SettingValue,
        batch: &mut Batch,
    ) -> Result<Response, ErrorCode> {
        self.check_on_server(actor.user, Action::SetSetting)?;
        let mut changed = self.settings.clone();
        let told = changed
            .set(name, value)
            .and_then(|()| Row::named(name)?.told(&changed))
            .ok_or(ErrorCode::BadSetting)?;
        if changed != self.settings {
            self.make(
                &Change::Setting {
                    name: told.name.clone(),
                    value: told.value.clone(),
                },
                batch,
            );
            batch.effect(Effect::SettingSet);
        }
        Ok(Response::Settings(vec![told]))
    }

    pub(crate) fn apply_setting(&mut self, name: &SettingName, value: &SettingValue) {
        self.dirty.settings.insert(name.clone(), value.clone());
        self.install_setting(name, value);
    }

    /// A stored setting. One that this version does not have, or does not take, stays stored and is
    /// not followed.
    pub fn install_setting(&mut self, name: &SettingName, value: &SettingValue) {
        let _ = self.settings.set(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_told_and_set_to_what_it_is() {
        let mut settings = Settings::default();
        for row in TABLE {
            let Setting {
                name,
                value,
                default,
                ..
            } = row.told(&settings).expect(row.name);
            assert_eq!(value, default);
            settings.set(&name, &value).expect(row.name);
            assert_eq!(
                settings.set(&name, &SettingValue::new("no such value").unwrap()),
                None,
                "{name}"
            );
        }
        assert_eq!(settings, Settings::default());
        assert!(TABLE.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn numbers_keep_their_bounds() {
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
    fn sizes_are_written_in_the_largest_unit_that_fits() {
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
    fn times_are_whole_numbers_with_a_unit_or_never() {
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

    /// The manual has a line for each setting, and no other.
    #[test]
    fn the_manual_lists_the_table() {
        let manual = include_str!("../../../docs/OPERATING.md");
        let (_, section) = manual.split_once("\n## Settings\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let listed: Vec<&str> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        let line = |row: &Row| {
            let Setting {
                name,
                default,
                takes,
                about,
                ..
            } = row.told(&Settings::default()).unwrap();
            format!("| `{name}` | {takes} | `{default}` | {about} |")
        };
        assert_eq!(listed, TABLE.iter().map(line).collect::<Vec<_>>());
    }
}
