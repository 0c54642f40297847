//! Who is shown and addressed: the only place that resolves aliases, imported authors who were
//! claimed as a user.

use std::collections::BTreeMap;

use cairn_proto::ids::UserId;
use cairn_proto::limits::USERS_PER_REQUEST_MAX;
use cairn_proto::model::user::{UserInfo, UserState};
use cairn_proto::text::UserName;

use crate::error::Error;
use crate::view::people::People;

/// Shown and addressed users
impl People<'_> {
    /// Returns whom to show for each of these ids, as in the entries of a log: the user, or for an
    /// imported author who was claimed the user that they are. Ids of no user, or of one who cannot
    /// be seen, are left out. Uses the cache as [`People::get_all`] does.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn shown(self, ids: &[UserId]) -> Result<BTreeMap<UserId, UserInfo>, Error> {
        let accounts = self.get_all(ids).await?;
        let ids: Vec<UserId> = accounts.iter().map(|user| user.id).collect();
        Ok(ids.into_iter().zip(self.resolve(accounts).await?).collect())
    }

    /// Returns whom each of these names addresses: the user, or for an imported author who was
    /// claimed the user that they are; `None` for a name of no user.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn addressed(self, names: &[UserName]) -> Result<Vec<Option<UserInfo>>, Error> {
        let mut all = Vec::with_capacity(names.len());
        for names in names.chunks(USERS_PER_REQUEST_MAX) {
            let accounts = self.find_all(names.to_vec()).await?;
            let keys: Vec<String> = accounts.iter().map(|user| user.name.folded()).collect();
            let users = self.resolve(accounts).await?;
            let by_key: BTreeMap<String, UserInfo> = keys.into_iter().zip(users).collect();
            all.extend(names.iter().map(|name| by_key.get(&name.folded()).cloned()));
        }
        Ok(all)
    }

    /// Replaces each imported author who was claimed by the user that they are, unless that user
    /// cannot be seen. The order stays.
    ///
    /// # Errors
    /// [`Error::Refused`], or a [terminal error](Error#terminal-errors).
    pub async fn resolve(self, mut users: Vec<UserInfo>) -> Result<Vec<UserInfo>, Error> {
        let alias_of = |user: &UserInfo| match user.state {
            UserState::AliasOf(real) => Some(real),
            UserState::Active | UserState::Deactivated | UserState::Imported => None,
        };
        let real: Vec<UserId> = users.iter().filter_map(alias_of).collect();
        if real.is_empty() {
            return Ok(users);
        }
        let real = self.get_all(&real).await?;
        for user in &mut users {
            let found = alias_of(user).and_then(|id| real.iter().find(|real| real.id == id));
            if let Some(real) = found {
                *user = real.clone();
            }
        }
        Ok(users)
    }
}
