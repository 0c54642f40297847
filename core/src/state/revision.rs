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

use crate::api::batch::Batch;
use crate::api::change::{Appended, Change};
use crate::api::command::Reply;
use crate::limits;
use crate::record::EpochRecord;
use crate::state::State;

/// When what last changed.
#[derive(Debug, Default)]
pub(crate) struct Revisions {
    /// The batch that is being filled.
    open: Revision,
    /// The starts of the server, each with the first batch of it; the last ones, in order.
    epochs: Vec<EpochRecord>,
    conversations: HashMap<ConversationId, Revision>,
    memberships: HashMap<(UserId, ConversationId), Revision>,
    /// Under [`NOWHERE`] of each user the newest end that is forgotten.
    ended: BTreeMap<(UserId, ConversationId), Revision>,
}

/// No conversation has this id.
const NOWHERE: ConversationId = ConversationId::new(0);

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
    pub(crate) fn gone(&self, user: UserId, since: Revision) -> Vec<ConversationId> {
        self.ended_of(user)
            .filter(|&(_, at)| at > since)
            .map(|(id, _)| id)
            .collect()
    }

    /// Whether everything that ended since then is remembered.
    fn remembers(&self, user: UserId, since: Revision) -> bool {
        self.ended
            .get(&(user, NOWHERE))
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
    fn end(&mut self, user: UserId, conversation: ConversationId) -> Option<ConversationId> {
        self.memberships.remove(&(user, conversation));
        let at = self.ended.entry((user, conversation)).or_default();
        *at = self.open.max(*at);
        let forgotten = match self.ended_of(user).count() > limits::ENDED_MEMBERSHIPS_MAX {
            true => self.ended_of(user).min_by_key(|&(id, at)| (at, id)),
            false => None,
        };
        let (id, at) = forgotten?;
        self.ended.remove(&(user, id));
        let newest = self.ended.entry((user, NOWHERE)).or_default();
        *newest = at.max(*newest);
        Some(id)
    }
}

impl State {
    /// What is applied from now on is of this batch of the commit log.
    pub const fn begin_batch(&mut self, batch: Revision) {
        self.revisions.open = batch;
    }

    /// The server starts.
    pub(crate) fn begin_epoch(&mut self, epoch: EpochId, batch: &mut Batch) -> Reply {
        self.make(&Change::EpochBegun(epoch), batch);
        Reply::Done
    }

    /// Notes what a change makes another, when it was applied.
    pub(crate) fn stamp(&mut self, change: &Change) {
        match change {
            Change::Appended(Appended { conversation, .. })
            | Change::Conversation(conversation, _)
            | Change::Renamed(conversation, _)
            | Change::Group(conversation, _)
            | Change::FloorRaised { conversation, .. } => self.stamp_conversation(*conversation),
            Change::Read {
                conversation, user, ..
            }
            | Change::MemberTerms {
                conversation, user, ..
            }
            | Change::MarkedUnread {
                conversation, user, ..
            } => {
                self.stamp_membership(*user, *conversation);
            }
            Change::Member {
                conversation, user, ..
            } => {
                if self
                    .revisions
                    .ended
                    .remove(&(*user, *conversation))
                    .is_some()
                {
                    self.dirty.ended.insert((*user, *conversation));
                }
                self.stamp_membership(*user, *conversation);
            }
            Change::MemberRemoved {
                conversation, user, ..
            } => {
                let forgotten = self.revisions.end(*user, *conversation);
                self.dirty.ended.insert((*user, *conversation));
                self.dirty.ended.extend(
                    forgotten
                        .into_iter()
                        .flat_map(|id| [(*user, id), (*user, NOWHERE)]),
                );
            }
            Change::EpochBegun(epoch) => self.apply_epoch(*epoch),
            // A device knows how far it is itself, and the others come with an entry of their own.
            Change::Delivered { .. }
            | Change::Imported { .. }
            | Change::Rewritten { .. }
            | Change::Pins { .. }
            | Change::Mentioned { .. }
            | Change::User(..)
            | Change::Device(..)
            | Change::DeviceRemoved(..)
            | Change::StreamOpened { .. }
            | Change::Invite(..)
            | Change::InviteRemoved(_)
            | Change::Relation { .. }
            | Change::Profile(..)
            | Change::Setting { .. }
            | Change::Attachment(..)
            | Change::Attached { .. }
            | Change::AttachmentBytes { .. }
            | Change::AttachmentRefs { .. }
            | Change::Retention { .. } => {}
        }
    }

    pub(crate) fn stamp_conversation(&mut self, id: ConversationId) {
        let open = self.revisions.open;
        if let Some(found) = self.conversations.get_mut(&id) {
            found.record.changed = open.max(found.record.changed);
            let changed = self.revisions.conversations.entry(id).or_default();
            *changed = open.max(*changed);
        }
    }

    fn stamp_membership(&mut self, user: UserId, id: ConversationId) {
        let open = self.revisions.open;
        if let Some(member) = self
            .conversations
            .get_mut(&id)
            .and_then(|found| found.members.get_mut(&user))
        {
            member.record.changed = open.max(member.record.changed);
            let changed = self.revisions.memberships.entry((user, id)).or_default();
            *changed = open.max(*changed);
        }
    }

    fn apply_epoch(&mut self, epoch: EpochId) {
        let epochs = &mut self.revisions.epochs;
        if epochs.iter().all(|known| known.epoch != epoch) {
            epochs.push(EpochRecord {
                epoch,
                first: self.revisions.open,
            });
            epochs.sort_unstable_by_key(|known| known.first);
            let excess = epochs.len().saturating_sub(limits::EPOCHS_MAX);
            epochs.drain(..excess);
            self.dirty.epochs = true;
        }
    }

    /// The starts of the server as they are to be stored.
    pub(crate) fn epochs(&self) -> &[EpochRecord] {
        &self.revisions.epochs
    }

    /// When a membership ended, if that is still to be told of.
    pub(crate) fn ended_at(&self, user: UserId, conversation: ConversationId) -> Option<Revision> {
        self.revisions.ended.get(&(user, conversation)).copied()
    }
}

/// Taking back what was stored.
impl State {
    /// The stored starts of the server.
    pub fn install_epochs(&mut self, epochs: Vec<EpochRecord>) {
        self.revisions.epochs = epochs;
    }

    /// When a stored conversation last changed.
    pub fn install_conversation_revision(
        &mut self,
        conversation: ConversationId,
        changed: Revision,
    ) {
        self.revisions.conversations.insert(conversation, changed);
    }

    /// When a stored membership last changed.
    pub fn install_membership_revision(
        &mut self,
        user: UserId,
        conversation: ConversationId,
        changed: Revision,
    ) {
        self.revisions
            .memberships
            .insert((user, conversation), changed);
    }

    /// When a stored membership ended.
    pub fn install_ended(&mut self, user: UserId, conversation: ConversationId, at: Revision) {
        self.revisions.ended.insert((user, conversation), at);
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
            revisions.gone(ADA, Revision::new(1)).len(),
            limits::ENDED_MEMBERSHIPS_MAX - 9
        );
        assert!(
            revisions.remembers(UserId::new(2), Revision::new(0)),
            "others left nothing"
        );
    }
}
