//! Room for one more: how many groups one user may own, and of how many conversations he may be a
//! member. Without bounds, one user could fill the server, or the lists of everybody else.

use cairn_proto::ids::UserId;
use cairn_proto::wire::error::ErrorCode;

use crate::state::State;

impl State {
    /// Whether a user may own one more group.
    ///
    /// # Errors
    /// [`ErrorCode::LimitReached`] when not.
    pub(crate) fn check_owned(&self, user: UserId) -> Result<(), ErrorCode> {
        let owned = self.users.get(&user).map_or(0, |user| user.owned.len());
        if owned >= self.settings().groups_per_owner.get() {
            Err(ErrorCode::LimitReached)
        } else {
            Ok(())
        }
    }

    /// Whether each of these users may become a member of one more conversation.
    ///
    /// # Errors
    /// [`ErrorCode::LimitReached`] when one may not.
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
