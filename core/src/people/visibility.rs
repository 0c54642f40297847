//! Which users another user may see while `user-search` is off: those to whom something connects
//! them, or whose name they knew. For all others, a request that names a user by id is answered as
//! if there were no such user. Ids are consecutive, so anything else would list everyone.

use cairn_proto::ids::UserId;
use cairn_proto::model::people::Relation;

use crate::permission::Action;
use crate::prefetch::Load;
use crate::state::State;

impl State {
    /// Returns whether the user exists and `user` may see them. The relations of `user` must be in
    /// memory, see [`State::visibility`].
    pub(crate) fn may_see(&self, user: UserId, other: UserId) -> bool {
        self.users.contains_key(&other)
            && (self.sees_everyone(user)
                || self.is_acquainted(user, other)
                || self.relation(user, other) != Relation::default())
    }

    /// As [`State::may_see`], regardless of relations.
    pub(crate) fn may_mention(&self, user: UserId, other: UserId) -> bool {
        self.users.contains_key(&other)
            && (self.sees_everyone(user) || self.is_acquainted(user, other))
    }

    /// Collects what [`State::may_see`] needs in memory.
    pub(crate) fn visibility(&self, user: UserId, loads: &mut Vec<Load>) {
        if !self.sees_everyone(user) {
            self.relations_of([user], loads);
        }
    }

    /// Records that a user knew another one's name.
    pub(crate) fn note_found_by_name(&mut self, user: UserId, found: UserId) {
        if !self.sees_everyone(user) {
            self.found_by_name.note(user, found);
        }
    }

    fn sees_everyone(&self, user: UserId) -> bool {
        self.check_on_server(user, Action::SearchUsers).is_ok()
    }

    fn is_acquainted(&self, user: UserId, other: UserId) -> bool {
        user == other
            || self.found_by_name.contains(user, other)
            || self.is_in_a_conversation_of(user, other)
    }

    /// Returns whether `other` is or was a member of a conversation of `user`, whose entries may
    /// name them.
    fn is_in_a_conversation_of(&self, user: UserId, other: UserId) -> bool {
        let [Some(own), Some(theirs)] = [user, other].map(|user| self.user(user)) else {
            return false;
        };
        let mut left = self.revisions.ended_of(other);
        !own.conversations.is_disjoint(&theirs.conversations)
            || left.any(|(id, _)| own.conversations.contains(&id))
    }
}
