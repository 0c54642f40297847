//! Revisions: which conversations and memberships changed since a device's last visit.
//!
//! A revision is the number of a batch in the commit log. It is stored with the conversation or
//! membership that changed, so it costs no extra write. All revisions are in memory, so that
//! changes among thousands of conversations are found without loading any.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, EpochId, Revision, UserId};
use cairn_proto::wire::overview::Moment;
use hashbrown::HashMap;

use crate::api::update::Ahead;
use crate::limits;
use crate::record::EpochRecord;

#[derive(Debug, Default)]
pub(crate) struct Revisions {
    /// The batch that is being filled.
    pub(crate) open: Revision,
    /// The last starts of the server, in order.
    pub(crate) epochs: Vec<EpochRecord>,
    pub(crate) conversations: HashMap<ConversationId, Revision>,
    pub(crate) memberships: HashMap<(UserId, ConversationId), Revision>,
    /// When memberships ended. Under [`NO_CONVERSATION`]: the newest end of each user that was
    /// forgotten.
    pub(crate) ended: BTreeMap<(UserId, ConversationId), Revision>,
}

/// Not a valid id.
pub(crate) const NO_CONVERSATION: ConversationId = ConversationId::new(0);

impl Revisions {
    /// When a conversation last changed for all members.
    pub(crate) fn of(&self, conversation: ConversationId) -> Revision {
        self.conversations
            .get(&conversation)
            .copied()
            .unwrap_or_default()
    }

    /// Returns whether the conversation changed for the member.
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

    /// The ended memberships of a user, with their time.
    pub(crate) fn ended_of(
        &self,
        user: UserId,
    ) -> impl Iterator<Item = (ConversationId, Revision)> {
        let (first, last) = (ConversationId::new(1), ConversationId::new(u64::MAX));
        self.ended
            .range((user, first)..=(user, last))
            .map(|(&(_, id), &at)| (id, at))
    }

    /// Memberships that ended after `since`, ordered by id.
    pub(crate) fn ended_since(&self, user: UserId, since: Revision) -> Vec<ConversationId> {
        self.ended_of(user)
            .filter(|&(_, at)| at > since)
            .map(|(id, _)| id)
            .collect()
    }

    /// Returns whether every end after `since` is remembered.
    fn remembers(&self, user: UserId, since: Revision) -> bool {
        self.ended
            .get(&(user, NO_CONVERSATION))
            .is_none_or(|&forgotten| since >= forgotten)
    }

    /// The moment of what is durable. Changes in the open batch will be shown once more.
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

    /// The revision of a moment in this server's past. `None` for moments after the point to which
    /// a backup was restored.
    pub(crate) fn since(&self, user: UserId, moment: Moment) -> Option<Revision> {
        self.past(moment)
            .filter(|&since| self.remembers(user, since))
    }

    /// The revision of a moment in this server's past, whatever was forgotten since.
    pub(crate) fn past(&self, moment: Moment) -> Option<Revision> {
        let at = self
            .epochs
            .iter()
            .position(|known| known.epoch == moment.epoch)?;
        let end = self.epochs.get(at + 1).map_or(self.open, |next| next.first);
        let is_past = moment.revision < end
            && moment.revision >= Revision::new(self.epochs[at].first.get().saturating_sub(1));
        is_past.then_some(moment.revision)
    }

    /// Returns what a device with this moment has seen that this server's past does not contain.
    pub(crate) fn ahead(&self, moment: Moment) -> Option<Ahead> {
        let seen = moment.revision;
        let known = self
            .epochs
            .iter()
            .position(|known| known.epoch == moment.epoch);
        let Some(at) = known else {
            // Only starts before the first remembered one are forgotten.
            let first = self.epochs.first()?.first;
            let last = self.moment().revision;
            return (seen >= first).then_some(Ahead::Epoch { seen, last });
        };
        let end = self.epochs.get(at + 1).map_or(self.open, |next| next.first);
        let last = Revision::new(end.get().saturating_sub(1));
        (seen > last).then_some(Ahead::Revision { seen, last })
    }

    /// Records the end of a membership and returns the one that is forgotten for it, if any. A
    /// device that missed a forgotten end gets all conversations.
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

    #[test]
    fn moments_ahead_of_the_past_are_told_apart() {
        let epoch = |epoch, first| EpochRecord {
            epoch: EpochId::new(epoch),
            first: Revision::new(first),
        };
        let revisions = Revisions {
            open: Revision::new(31),
            epochs: vec![epoch(7, 11), epoch(8, 21)],
            ..Revisions::default()
        };
        let ahead = |epoch, revision| {
            revisions.ahead(Moment {
                epoch: EpochId::new(epoch),
                revision: Revision::new(revision),
            })
        };
        let (seen, last) = (Revision::new(31), Revision::new(30));
        assert_eq!(ahead(8, 30), None);
        assert_eq!(ahead(8, 31), Some(Ahead::Revision { seen, last }));
        assert_eq!(ahead(7, 20), None);
        let (seen, last) = (Revision::new(21), Revision::new(20));
        assert_eq!(ahead(7, 21), Some(Ahead::Revision { seen, last }));
        // A start that was forgotten came before all known ones.
        assert_eq!(ahead(6, 10), None);
        let (seen, last) = (Revision::new(11), Revision::new(30));
        assert_eq!(ahead(9, 11), Some(Ahead::Epoch { seen, last }));
    }

    /// Rejoining makes space for remembered ends, but does not restore forgotten ones.
    #[test]
    fn forgotten_ends_stay_forgotten_after_rejoining() {
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
            "other users are unaffected"
        );
    }
}
