//! Server settings that the owner can change at runtime. A setting is one line of the table.

pub mod values;

use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::Retention;
use cairn_proto::model::settings::Setting;
use cairn_proto::text::{SettingName, SettingValue, Text};

use crate::limits;
use crate::state::settings::values::{
    Bytes, DirectChats, Guarded, LookAlikes, Number, Span, Switch, Value,
};

const DAYS_MAX: usize = RETENTION_DAYS_MAX as usize;

/// Metadata of one setting.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    written: fn(&Settings) -> String,
    takes: fn() -> String,
    set: fn(&mut Settings, &str) -> Option<()>,
}

macro_rules! settings {
    ($($field:ident, $name:literal: $type:ty = $default:expr, $about:literal;)+) => {
        /// The current values.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $(#[doc = $about] pub $field: $type,)+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// Ordered by name.
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
    amend_minutes, "amend-minutes": Number<0, 525_600> = Number(15),
        "minutes for which users may edit or recall their messages; admins may always recall";
    attachment_bytes_max, "attachment-bytes-max": Bytes = Bytes(2 << 30),
        "the largest file that users may send";
    attachment_quota, "attachment-quota": Bytes = Bytes(20 << 30),
        "storage quota for all files of one user; each file counts in blocks of 4 KiB, plus 1 KiB";
    attachment_unsent_hours, "attachment-unsent-hours": Number<0, 8_760> = Number(24),
        "hours after which an uploaded but unsent file is removed";
    audit_days, "audit-days": Number<1, DAYS_MAX> = Number(365),
        "days for which records of the audit log are kept";
    away_after, "away-after": Span<{ limits::AWAY_AFTER_SECONDS_MAX }> = Span(10 * 60),
        "how long a session is idle before it counts as away";
    clock, "clock": Guarded = Guarded,
        "whether the system's clock agrees with the server's, by which messages expire; after a \
         jump, the date to confirm";
    contacts_max, "contacts-max": Number<1, 10_000> = Number(2_000),
        "how many users one may follow, befriend or have requests from; blocks do not count";
    conversations_per_user, "conversations-per-user": Number<1, 100_000> = Number(20_000),
        "conversations that one user may be in; direct chats started by others are always possible";
    direct_chats, "direct-chats": DirectChats = DirectChats::Anyone,
        "who may start a direct chat; existing chats are not affected";
    groups_per_owner, "groups-per-owner": Number<1, 100_000> = Number(1_000),
        "groups that one user may own";
    look_alikes, "look-alikes": LookAlikes = LookAlikes::Refused,
        "whether users may join with names that look like those of others, such as an admin's in \
         letters of another script";
    memberships_per_second, "memberships-per-second": Number<0, 1_000_000> = Number(200),
        "changes to members, groups, contacts and profiles that one user may make per second, \
         after a burst of a minute's worth; a new group counts as 10; 0 for no limit";
    message_bytes_per_day, "message-bytes-per-day": Bytes = Bytes(1 << 30),
        "bytes of messages and other changes that one user may add per day, after a burst of a \
         day's worth; 0 for no limit";
    messages_per_second, "messages-per-second": Number<0, 1_000_000> = Number(1_000),
        "messages that one user may send per second, after a burst of a minute's worth; 0 for no \
         limit";
    receipts, "receipts": Switch = Switch::On,
        "whether members see who has received and who has read a message";
    retention_default, "retention-default": Retention = Retention::Keep,
        "how long messages are kept where no policy is set; days and until-acked take a number";
    retention_longest, "retention-longest": Number<0, DAYS_MAX> = Number(0),
        "days after which messages expire, whatever the policy; 0 for no limit";
    retention_shortest, "retention-shortest": Number<0, DAYS_MAX> = Number(0),
        "days for which messages are kept, whatever the policy; 0 for no limit";
    user_search, "user-search": Switch = Switch::On,
        "whether members see all users, and may search them by prefix; if off, they see the \
         members of their conversations, contacts, and users whose exact name they know; admins \
         see all";
    visitor_bytes_per_day, "visitor-bytes-per-day": Bytes = Bytes(32 << 20),
        "bytes of messages and files that one visitor of the support desk may add per day, \
         after a burst of a day's worth; 0 for no limit";
    visitor_connections, "visitor-connections": Number<0, 10_000> = Number(5_000),
        "visitors who may be connected at once; the remaining connections are for users";
    visitor_connections_per_address, "visitor-connections-per-address":
        Number<1, 10_000> = Number(64),
        "of those, visitors of one address or IPv6 /64";
    visitor_messages_per_minute, "visitor-messages-per-minute": Number<0, 100_000> = Number(20),
        "messages that one visitor may send per minute, after a burst of a minute's worth; 0 \
         for no limit";
    visitor_openings_per_hour, "visitor-openings-per-hour": Number<0, 100_000> = Number(30),
        "inquiries that visitors of one address or IPv6 /64 may open per hour; 0 for no limit";
    visitor_openings_per_minute, "visitor-openings-per-minute": Number<0, 100_000> = Number(5),
        "of those, inquiries within a minute; 0 for no limit";
    visitor_openings_total, "visitor-openings-total": Number<1, 1_000_000> = Number(6_000),
        "inquiries that all visitors together may open per minute";
    visitor_upload_bytes, "visitor-upload-bytes": Bytes = Bytes(10 << 20),
        "the largest file that a visitor may send, and only while an agent holds the inquiry; \
         0 for none";
}

impl Row {
    #[must_use]
    pub fn named(name: &SettingName) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.name == name.as_str())
    }

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
    /// Parses and sets a value. Returns `None` without a change if the name is unknown or the value
    /// is not accepted.
    pub fn set(&mut self, name: &SettingName, value: &SettingValue) -> Option<()> {
        (Row::named(name)?.set)(self, value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_round_trips() {
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

    /// The manual lists exactly these settings.
    #[test]
    fn manual_lists_every_setting() {
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
