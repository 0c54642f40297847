//! A cache of users, to show names without a request.

use std::collections::HashMap;

use cairn_proto::ids::UserId;
use cairn_proto::model::user::UserInfo;

use crate::limits;

/// A bounded cache of users. Cleared when it is full.
#[derive(Debug, Default)]
pub(crate) struct UserCache(HashMap<UserId, UserInfo>);

impl UserCache {
    pub(crate) fn get(&self, id: UserId) -> Option<&UserInfo> {
        self.0.get(&id)
    }

    /// Forgets all users: what changed while there was no connection is not known.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn insert(&mut self, user: UserInfo) {
        if self.0.len() >= limits::USERS_CACHED_MAX && !self.0.contains_key(&user.id) {
            self.0.clear();
        }
        self.0.insert(user.id, user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::model::user::{ServerRole, UserState};
    use cairn_proto::text::UserName;

    #[test]
    fn cache_is_bounded() {
        let mut cache = UserCache::default();
        let name = UserName::new("ada").unwrap();
        for id in 1..=limits::USERS_CACHED_MAX as u32 + 1 {
            cache.insert(UserInfo {
                id: UserId::new(id),
                name: name.clone(),
                role: ServerRole::Member,
                state: UserState::Active,
            });
            assert!(cache.0.len() <= limits::USERS_CACHED_MAX);
            assert!(cache.get(UserId::new(id)).is_some());
        }
    }
}
