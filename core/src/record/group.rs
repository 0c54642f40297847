//! Stored groups, without their name and members.

use std::cmp::Reverse;

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::group::GroupSettings;
use cairn_proto::text::Topic;
use serde::{Deserialize, Serialize};

use crate::limits::MUTES_KEPT_MAX;

/// Topic, settings and moderation of a group. Only stored if it differs from the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    pub topic: Topic,
    pub settings: GroupSettings,
    /// Ordered by id; at most [`cairn_proto::limits::BANNED_USERS_MAX`].
    pub banned: Vec<UserId>,
    /// Running mutes of users who are not members at present, ordered by id; at most
    /// `MUTES_KEPT_MAX`.
    pub muted: Vec<(UserId, Timestamp)>,
}

impl Default for GroupRecord {
    fn default() -> Self {
        Self {
            topic: Topic::none(),
            settings: GroupSettings::default(),
            banned: Vec::new(),
            muted: Vec::new(),
        }
    }
}

impl GroupRecord {
    #[must_use]
    pub fn bans(&self, user: UserId) -> bool {
        self.banned.binary_search(&user).is_ok()
    }

    /// The end of a former member's mute, applied when they rejoin.
    #[must_use]
    pub fn muted_until(&self, user: UserId) -> Option<Timestamp> {
        self.muted
            .binary_search_by_key(&user, |&(of, _)| of)
            .ok()
            .map(|at| self.muted[at].1)
    }

    /// Adds the mutes of leaving members and drops expired ones. Beyond the limit, the first to end
    /// are dropped.
    pub(crate) fn keep_mutes(
        &mut self,
        of: impl IntoIterator<Item = (UserId, Timestamp)>,
        now: Timestamp,
    ) {
        self.muted.retain(|&(_, until)| until > now);
        self.muted.extend(of);
        self.muted
            .sort_unstable_by_key(|&(user, until)| (Reverse(until), user));
        self.muted.truncate(MUTES_KEPT_MAX);
        self.muted.sort_unstable_by_key(|&(user, _)| user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_mutes_are_kept() {
        let mut group = GroupRecord::default();
        let mutes = |from: u32, until: u64| {
            (from..)
                .map(move |user| (UserId::new(user), Timestamp::new(until)))
                .take(MUTES_KEPT_MAX)
        };
        group.keep_mutes(mutes(1, 50), Timestamp::new(0));
        group.keep_mutes(
            [
                (UserId::new(5_000), Timestamp::new(60)),
                (UserId::new(6_000), Timestamp::new(40)),
            ],
            Timestamp::new(0),
        );
        assert_eq!(group.muted.len(), MUTES_KEPT_MAX);
        assert_eq!(
            group.muted_until(UserId::new(5_000)),
            Some(Timestamp::new(60))
        );
        assert_eq!(group.muted_until(UserId::new(6_000)), None);
        group.keep_mutes([], Timestamp::new(50));
        assert_eq!(
            group.muted,
            [(UserId::new(5_000), Timestamp::new(60))],
            "expired mutes are dropped"
        );
    }
}
