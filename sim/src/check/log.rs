//! The logs at the end: all members read the same one, without a gap (I4).

use std::collections::BTreeMap;

use cairn_client::proto::content::body::SystemEntry;
use cairn_client::proto::model::desk::DeskEntry;
use cairn_client::{MsgId, UserId};

use super::{Logs, difference, shown};
use crate::history::{Content, Entry, History};

#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) floor: MsgId,
    pub(super) head: MsgId,
    pub(super) entries: BTreeMap<MsgId, Entry>,
}

impl Log {
    /// Returns the entries that changed whether the user is a member, and to what.
    pub(super) fn memberships(&self, user: UserId) -> impl Iterator<Item = (MsgId, bool)> + '_ {
        self.entries.iter().filter_map(move |(&msgid, entry)| {
            let Content::System(system) = &entry.content else {
                return None;
            };
            match system {
                SystemEntry::Added { users } if users.contains(&user) => Some((msgid, true)),
                SystemEntry::Removed { users } if users.contains(&user) => Some((msgid, false)),
                SystemEntry::Desk(DeskEntry::Joined { agent, .. }) => {
                    (*agent == user).then_some((msgid, true))
                }
                // One who is no member does not become less of one.
                SystemEntry::Desk(DeskEntry::Transferred { .. } | DeskEntry::Closed { .. }) => {
                    (user != UserId::VISITOR).then_some((msgid, false))
                }
                _ => None,
            }
        })
    }
}

pub(super) fn logs(history: &History) -> Result<Logs, String> {
    let mut logs = Logs::new();
    for read in &history.finals {
        let (user, place) = (read.user, read.place);
        let expected = read.floor.next().get()..=read.head.get();
        if !read.entries.keys().map(|msgid| msgid.get()).eq(expected) {
            let all: Vec<_> = read.entries.keys().collect();
            return Err(format!(
                "I4: user {user} reads {all:?} of {place}, between floor {} and head {}",
                read.floor, read.head
            ));
        }
        let log = Log {
            floor: read.floor,
            head: read.head,
            entries: read.entries.clone(),
        };
        let Some(other) = logs.get(&place) else {
            logs.insert(place, log);
            continue;
        };
        if let Some((msgid, one, another)) = difference(&log.entries, &other.entries) {
            return Err(format!(
                "I4: user {user} reads {place}/{msgid} as {}, another as {}",
                shown(one),
                shown(another)
            ));
        }
    }
    Ok(logs)
}
