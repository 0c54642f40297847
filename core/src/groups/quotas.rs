//! Quotas: how many groups a user may own and how many conversations they may be in. Without them,
//! one user could fill the server or everyone else's lists.

use cairn_proto::ids::UserId;
use cairn_proto::wire::error::ErrorCode;

use crate::state::State;

impl State {
    /// Checks that a user may own one more group.
    ///
    /// # Errors
    /// [`ErrorCode::LimitReached`] if not.
    pub(crate) fn check_owned(&self, user: UserId) -> Result<(), ErrorCode> {
        let owned = self.users.get(&user).map_or(0, |user| user.owned.len());
        if owned >= self.settings().groups_per_owner.get() {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }

    /// Checks that each of these users may join one more conversation.
    ///
    /// # Errors
    /// [`ErrorCode::LimitReached`] if one may not.
    pub(crate) fn check_memberships(
        &self,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<(), ErrorCode> {
        let max = self.settings().conversations_per_user.get();
        let is_full = |user| {
            self.users
                .get(&user)
                .is_some_and(|user| user.conversations.len() >= max)
        };
        if users.into_iter().any(is_full) {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }
}
