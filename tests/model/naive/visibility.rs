//! Which users another user may see.

use cairn_proto::ids::UserId;
use cairn_proto::model::user::ServerRole;

use super::Naive;

impl Naive {
    pub(in crate::model) fn sees_everyone(&self, user: UserId) -> bool {
        self.setting("user-search") != Some("off") || self.users[&user].role != ServerRole::Member
    }

    pub(in crate::model) fn may_see(&self, user: UserId, other: UserId) -> bool {
        let is_contact = !self.facts.relation(user, other).is_none();
        self.is_acquainted(user, other) || (is_contact && self.users.contains_key(&other))
    }

    pub(in crate::model) fn is_acquainted(&self, user: UserId, other: UserId) -> bool {
        if !self.users.contains_key(&other) {
            return false;
        }
        let shares = || {
            self.conversations.iter().any(|(&id, found)| {
                found.members.contains_key(&user)
                    && (found.members.contains_key(&other)
                        || self.changes.ended.contains_key(&(other, id)))
            })
        };
        user == other
            || self.sees_everyone(user)
            || self.found_by_name.contains(&(user, other))
            || shares()
    }
}
