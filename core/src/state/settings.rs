//! What the owner of the server can set while it runs: one table, and the types of its values. A
//! setting is one line in there.

use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::{SettingName, SettingValue, Text};

use crate::limits;
use crate::state::setting_values::{Bytes, DirectChats, Number, Span, Switch, Value};

const DAYS_MAX: usize = RETENTION_DAYS_MAX as usize;

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
    contacts_max, "contacts-max": Number<1, 10_000> = Number(2_000), "how many others a user may follow, have as friends or be asked by; blocks do not count";
    conversations_per_user, "conversations-per-user": Number<1, 100_000> = Number(20_000), "how many conversations a user may be a member of; those that write to him are not held up";
    direct_chats, "direct-chats": DirectChats = DirectChats::Anyone, "who may begin a direct chat; those that exist go on";
    groups_per_owner, "groups-per-owner": Number<1, 100_000> = Number(1_000), "how many groups a user may own";
    receipts, "receipts": Switch = Switch::On, "whether members see who has got and who has read a message";
    retention_default, "retention-default": Retention = Retention::Keep, "how long messages stay where nobody said; days and until-acked take a number";
    retention_longest, "retention-longest": Number<0, DAYS_MAX> = Number(0), "how many days messages stay at most, whatever was said; 0 for no bound";
    retention_shortest, "retention-shortest": Number<0, DAYS_MAX> = Number(0), "how many days messages stay at least, whatever was said; 0 for no bound";
    user_search, "user-search": Switch = Switch::On, "whether members find users by the beginning of a name; admins always do";
}

impl Row {
    /// The row of this name.
    #[must_use]
    pub fn named(name: &SettingName) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name.as_str())
    }

    /// What a client is told of it. Every row of the table can be told.
    #[must_use]
    pub fn describe(&self, settings: &Settings) -> Option<Setting> {
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
            } = row.describe(&settings).expect(row.name);
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
            } = row.describe(&Settings::default()).unwrap();
            format!("| `{name}` | {takes} | `{default}` | {about} |")
        };
        assert_eq!(listed, TABLE.iter().map(line).collect::<Vec<_>>());
    }
}
