//! What is stored of a group beside its name and its members.

use std::cmp::Reverse;

use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::model::group::GroupSettings;
use cairn_proto::text::Topic;
use serde::{Deserialize, Serialize};

use crate::limits::MUTES_KEPT_MAX;

/// What is agreed on in a group. One that agreed on nothing has no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    /// What it is about.
    pub topic: Topic,
    /// Who may do what, and who may come in.
    pub settings: GroupSettings,
    /// Who is kept out, in the order of their ids; at most
    /// [`cairn_proto::limits::BANNED_USERS_MAX`].
    pub banned: Vec<UserId>,
    /// Until when those can say nothing who were muted and are no members at present, in the order
    /// of their ids; at most [`crate::limits::MUTES_KEPT_MAX`].
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
    /// Whether the user is kept out.
    #[must_use]
    pub fn bans(&self, user: UserId) -> bool {
        self.banned.binary_search(&user).is_ok()
    }

    /// Until when a user who becomes a member can say nothing.
    #[must_use]
    pub fn muted_until(&self, user: UserId) -> Option<Timestamp> {
        self.muted
            .binary_search_by_key(&user, |&(of, _)| of)
            .ok()
            .map(|at| self.muted[at].1)
    }

    /// Keeps the mutes of members who leave, and those of others that are not over. Of too many,
    /// the first to end are forgotten.
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
    fn of_too_many_mutes_those_that_last_longest_are_kept() {
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
            "what is over is not kept"
        );
    }
}
