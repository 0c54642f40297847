//! Settings and policies of every kind, and the maintenance they cause.

use cairn_core::api::command::{Expire, GetRetained, KeepsByDefault};
use cairn_proto::ids::{MsgId, Timestamp};
use cairn_proto::model::retention::Retention;

use super::Cast;
use crate::model::commands::Command;
use crate::model::naive::Naive;
use crate::model::steps::Place;
use crate::model::values::{beside, place};

/// Some valid names, and an unknown one.
pub(super) const SETTINGS: [&str; 15] = [
    "away-after",
    "groups-per-owner",
    "conversations-per-user",
    "attachment-unsent-hours",
    "attachment-quota",
    "attachment-bytes-max",
    "receipts",
    "direct-chats",
    "contacts-max",
    "user-search",
    "no-such-setting",
    "amend-minutes",
    "retention-default",
    "retention-shortest",
    "retention-longest",
];

/// Values, each valid for some of the settings.
pub(super) const VALUES: [&str; 12] = [
    "90s", "anyone", "friends", "1", "2", "2000", "10001", "on", "off", "0", "keep", "days 2",
];

/// Policies of every kind; some are invalid.
pub(super) fn policy(sort: u8) -> Option<Retention> {
    Some(match sort {
        0 => return None,
        1 => Retention::Keep,
        2 => Retention::Days(0),
        3 => Retention::Days(u32::MAX),
        4 => Retention::UntilAcked { cap_days: 0 },
        5 => Retention::Days(2),
        6 => Retention::UntilAcked { cap_days: 3 },
        7 => Retention::UntilAcked { cap_days: 1 },
        _ => Retention::Days(1),
    })
}

impl Cast {
    /// Expiry under the effective policy, or under another one.
    pub(in crate::model) fn expire(
        &self,
        to: Place,
        at: Option<i8>,
        sort: u8,
        naive: &Naive,
        now: Timestamp,
    ) -> Option<Command> {
        let conversation = place(naive, *self.sessions.first()?, to);
        let found = naive.conversations.get(&conversation)?;
        let effective = naive.effective(found);
        let expire = |policy, aged| {
            Some(Command::from(Expire {
                conversation,
                policy,
                aged,
            }))
        };
        match at {
            None => expire(effective, found.aged(effective, now)),
            Some(at) if sort.is_multiple_of(2) => {
                expire(effective, MsgId::new(beside(found.head().get(), at)))
            }
            Some(0) if sort < 5 => Some(GetRetained(conversation).into()),
            Some(0) => Some(KeepsByDefault.into()),
            Some(_) => expire(policy(sort).unwrap_or(Retention::Keep), found.head()),
        }
    }
}
