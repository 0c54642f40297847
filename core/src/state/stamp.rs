//! Stamping: records the revision of the open batch on what a change affects.

use cairn_proto::ids::{ConversationId, EpochId, Revision, UserId};

use crate::api::change::Change;
use crate::limits;
use crate::record::EpochRecord;
use crate::state::State;
use crate::state::revisions::NO_CONVERSATION;

impl State {
    /// Starts a batch: changes applied from now on carry its number.
    pub const fn begin_batch(&mut self, batch: Revision) {
        self.revisions.open = batch;
    }

    /// Stamps what a change affects. Call after applying it.
    pub(crate) fn stamp(&mut self, change: &Change) {
        match change {
            Change::Conversation(conversation, _)
            | Change::Renamed(conversation, _)
            | Change::Group(conversation, _)
            | Change::FloorRaised { conversation, .. } => self.stamp_conversation(*conversation),
            Change::Read {
                conversation, user, ..
            }
            | Change::MemberDetails {
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
            }
            | Change::Named { conversation, user } => {
                // A visitor of the support desk has no overview that could miss it. A replay over a
                // later state finds that a user has joined since.
                if *user == UserId::VISITOR || self.is_member(*user, *conversation) {
                    return;
                }
                let forgotten = self.revisions.end(*user, *conversation);
                self.dirty.ended.insert((*user, *conversation));
                self.dirty.ended.extend(
                    forgotten
                        .into_iter()
                        .flat_map(|id| [(*user, id), (*user, NO_CONVERSATION)]),
                );
            }
            Change::EpochBegun(epoch) => self.apply_epoch(*epoch),
            // An entry stamps its conversation. A device knows its own position, and the other
            // changes come with an entry.
            Change::Appended(_)
            | Change::Delivered { .. }
            | Change::Imported { .. }
            | Change::Rewritten { .. }
            | Change::Pins { .. }
            | Change::Mentioned { .. }
            | Change::Unmentioned { .. }
            | Change::User(..)
            | Change::Audited(_)
            | Change::AuditTrimmed { .. }
            | Change::UserFormat3(..)
            | Change::InviteFormat3(..)
            | Change::MemberDetailsFormat3 { .. }
            | Change::Device(..)
            | Change::DeviceRemoved(..)
            | Change::StreamOpened { .. }
            | Change::Link(..)
            | Change::LinkRemoved(_)
            | Change::Relation { .. }
            | Change::Profile(..)
            | Change::Setting { .. }
            | Change::Clock(_)
            | Change::Attachment(..)
            | Change::Attached { .. }
            | Change::AttachmentBytes { .. }
            | Change::AttachmentRefs { .. }
            | Change::Retention { .. }
            // Agents learn of them by updates, and read them again after an absence.
            | Change::Queue(..)
            | Change::QueueHours(..)
            | Change::Agent(..)
            | Change::AgentStand(..)
            | Change::Inquiry(..)
            | Change::Asker(..)
            | Change::InquiryErased(_)
            | Change::Visitor(..)
            | Change::DeskKey(..)
            | Change::Canned(..)
            | Change::RouteRules(_) => {}
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

    /// Keeps nothing in memory of a conversation that has no user as a member.
    pub(crate) fn forget_revision(&mut self, id: ConversationId) {
        self.revisions.conversations.remove(&id);
    }

    fn stamp_membership(&mut self, user: UserId, id: ConversationId) {
        let open = self.revisions.open;
        if user == UserId::VISITOR {
            return;
        }
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

    pub(crate) fn epochs(&self) -> &[EpochRecord] {
        &self.revisions.epochs
    }

    pub(crate) fn ended_at(&self, user: UserId, conversation: ConversationId) -> Option<Revision> {
        self.revisions.ended.get(&(user, conversation)).copied()
    }
}

/// Installing what was stored.
impl State {
    pub fn install_epochs(&mut self, epochs: Vec<EpochRecord>) {
        self.revisions.epochs = epochs;
    }

    pub fn install_conversation_revision(
        &mut self,
        conversation: ConversationId,
        changed: Revision,
    ) {
        self.revisions.conversations.insert(conversation, changed);
    }

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

    pub fn install_ended(&mut self, user: UserId, conversation: ConversationId, at: Revision) {
        self.revisions.ended.insert((user, conversation), at);
    }
}
