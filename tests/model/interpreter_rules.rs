//! Settings and policies of every sort, and what the server does by itself under them.

use cairn_core::api::command::Command;
use cairn_proto::ids::{MsgId, Timestamp};
use cairn_proto::model::retention::Retention;

use super::interpreter::Cast;
use super::naive::Naive;
use super::steps::Place;
use super::values::{beside, place};

/// Some of the settings, and one that there is not.
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

/// Values that some of them take.
pub(super) const VALUES: [&str; 12] = [
    "90s", "anyone", "friends", "1", "2", "2000", "10001", "on", "off", "0", "keep", "days 2",
];

/// Policies of every sort; some of them are none.
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
    /// What the server does by itself, under the policy that holds, or under another one.
    pub(super) fn expire(
        &self,
        to: Place,
        at: Option<i8>,
        sort: u8,
        naive: &Naive,
        now: Timestamp,
    ) -> Option<Command> {
        let conversation = place(naive, *self.sessions.first()?, to);
        let found = naive.conversations.get(&conversation)?;
        Some(match at {
            None => Command::Expire {
                conversation,
                policy: naive.effective(found),
                aged: found.aged(naive.effective(found), now),
            },
            Some(at) if sort.is_multiple_of(2) => Command::Expire {
                conversation,
                policy: naive.effective(found),
                aged: MsgId::new(beside(found.head().get(), at)),
            },
            Some(0) if sort < 5 => Command::Retained(conversation),
            Some(0) => Command::KeepsByDefault,
            Some(_) => Command::Expire {
                conversation,
                policy: policy(sort).unwrap_or(Retention::Keep),
                aged: found.head(),
            },
        })
    }
}
