//! What changed when: which conversations, and which memberships, a device has to be told of that
//! was here before.
//!
//! A revision is the number of a batch of the commit log. It is noted where a conversation or a
//! membership is stored anyway, so that nothing is written for it, and all of them are in memory,
//! so that what changed among thousands is found without loading any.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, EpochId, Revision, UserId};
use cairn_proto::wire::overview::Moment;
use hashbrown::HashMap;

use crate::limits;
use crate::record::EpochRecord;

/// When what last changed.
#[derive(Debug, Default)]
pub(crate) struct Revisions {
    /// The batch that is being filled.
    pub(crate) open: Revision,
    /// The starts of the server, each with the first batch of it; the last ones, in order.
    pub(crate) epochs: Vec<EpochRecord>,
    pub(crate) conversations: HashMap<ConversationId, Revision>,
    pub(crate) memberships: HashMap<(UserId, ConversationId), Revision>,
    /// Under [`NO_CONVERSATION`] of each user the newest end that is forgotten.
    pub(crate) ended: BTreeMap<(UserId, ConversationId), Revision>,
}

/// No conversation has this id.
pub(crate) const NO_CONVERSATION: ConversationId = ConversationId::new(0);

impl Revisions {
    /// When a conversation last changed for everybody.
    pub(crate) fn of(&self, conversation: ConversationId) -> Revision {
        self.conversations
            .get(&conversation)
            .copied()
            .unwrap_or_default()
    }

    /// Whether the conversation is another for the member than it was.
    pub(crate) fn changed(
        &self,
        user: UserId,
        conversation: ConversationId,
        since: Revision,
    ) -> bool {
        let membership = self
            .memberships
            .get(&(user, conversation))
            .copied()
            .unwrap_or_default();
        self.of(conversation).max(membership) > since
    }

    /// The conversations that the user was a member of, and when he was one no more.
    fn ended_of(&self, user: UserId) -> impl Iterator<Item = (ConversationId, Revision)> {
        let (first, last) = (ConversationId::new(1), ConversationId::new(u64::MAX));
        self.ended
            .range((user, first)..=(user, last))
            .map(|(&(_, id), &at)| (id, at))
    }

    /// Those of them that a device has not heard of, in the order of their ids.
    pub(crate) fn ended_since(&self, user: UserId, since: Revision) -> Vec<ConversationId> {
        self.ended_of(user)
            .filter(|&(_, at)| at > since)
            .map(|(id, _)| id)
            .collect()
    }

    /// Whether everything that ended since then is remembered.
    fn remembers(&self, user: UserId, since: Revision) -> bool {
        self.ended
            .get(&(user, NO_CONVERSATION))
            .is_none_or(|&forgotten| since >= forgotten)
    }

    /// The moment of what is durable. What the open batch holds so far is told once more.
    pub(crate) fn moment(&self) -> Moment {
        let epoch = self
            .epochs
            .last()
            .map_or(EpochId::new(0), |last| last.epoch);
        Moment {
            epoch,
            revision: Revision::new(self.open.get().saturating_sub(1)),
        }
    }

    /// The revision of a moment in this server's past, if it is one. What the former life of a
    /// restored backup went on to is none.
    pub(crate) fn since(&self, user: UserId, moment: Moment) -> Option<Revision> {
        let at = self
            .epochs
            .iter()
            .position(|known| known.epoch == moment.epoch)?;
        let end = self.epochs.get(at + 1).map_or(self.open, |next| next.first);
        let is_past = moment.revision < end
            && moment.revision >= Revision::new(self.epochs[at].first.get().saturating_sub(1));
        (is_past && self.remembers(user, moment.revision)).then_some(moment.revision)
    }

    /// Whoever was a member of too many is told of everything when he asks for what was long ago.
    /// Says which end is forgotten.
    pub(crate) fn end(
        &mut self,
        user: UserId,
        conversation: ConversationId,
    ) -> Option<ConversationId> {
        self.memberships.remove(&(user, conversation));
        let at = self.ended.entry((user, conversation)).or_default();
        *at = self.open.max(*at);
        let forgotten = match self.ended_of(user).count() > limits::ENDED_MEMBERSHIPS_MAX {
            true => self.ended_of(user).min_by_key(|&(id, at)| (at, id)),
            false => None,
        };
        let (id, at) = forgotten?;
        self.ended.remove(&(user, id));
        let newest = self.ended.entry((user, NO_CONVERSATION)).or_default();
        *newest = at.max(*newest);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: UserId = UserId::new(1);

    /// Coming back makes room among what is remembered. What was forgotten before is forgotten
    /// still.
    #[test]
    fn who_left_too_many_and_came_back_to_some_is_told_of_everything_still() {
        let mut revisions = Revisions::default();
        for at in 1..=limits::ENDED_MEMBERSHIPS_MAX as u64 + 1 {
            assert!(revisions.remembers(ADA, Revision::new(0)));
            revisions.open = Revision::new(at);
            revisions.end(ADA, ConversationId::new(at));
        }
        let remembers =
            |revisions: &Revisions, since| revisions.remembers(ADA, Revision::new(since));
        assert!(
            !remembers(&revisions, 0) && remembers(&revisions, 1),
            "the first end is forgotten"
        );
        for came_back in 2..=10 {
            revisions
                .ended
                .remove(&(ADA, ConversationId::new(came_back)));
        }
        assert!(!remembers(&revisions, 0) && remembers(&revisions, 1));
        assert_eq!(
            revisions.ended_since(ADA, Revision::new(1)).len(),
            limits::ENDED_MEMBERSHIPS_MAX - 9
        );
        assert!(
            revisions.remembers(UserId::new(2), Revision::new(0)),
            "others left nothing"
        );
    }
}
