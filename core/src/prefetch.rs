//! Prefetching: the parts of the state that must be in memory to execute a command or apply a
//! change.
//!
//! The state machine never waits for storage. The caller loads what
//! [`crate::Command::prefetch`] names, and then executes the command.

mod parts;

use std::collections::BTreeSet;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId, VisitorId};
use cairn_proto::model::desk::InquiryPlace;
use cairn_proto::wire::overview::{Moment, OverviewPlace};

use crate::api::batch::Batch;
use crate::api::change::{Appended, Change, Origin};
use crate::api::command::Expire;
use crate::record::{KindRecord, MemberChunk, UsedStream};
use crate::state::State;
use crate::state::conversation::{Conversation, Member, MembershipSlots};
use crate::state::relations::other_of;
use crate::state::table::Slot;

/// A part of the state to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Load {
    /// Without its members.
    Conversation(ConversationId),
    Member(ConversationId, UserId),
    Members(ConversationId),
    /// An entry in its current form.
    Entry(ConversationId, MsgId),
    /// The entries from the first to the last of these.
    Entries(ConversationId, MsgId, MsgId),
    Stream(DeviceId, SendStreamId),
    Relations(UserId),
    Profile(UserId),
    Attachment(AttachmentHash),
    /// The attachment that a message references, with its record.
    Attached(ConversationId, MsgId),
    /// The first references above the floor of a conversation, at most
    /// [`crate::limits::REFS_DROPPED_MAX`].
    FirstAttached(ConversationId),
    /// Records of the audit log, from the first to the last of these.
    Audit(u64, u64),
    /// An inquiry of the support desk, and who asks.
    Inquiry(ConversationId),
    /// A visitor, without their inquiries.
    Visitor(VisitorId),
    /// Closed inquiries with their logs, more than the page has, or all that follow. See
    /// [`State::install_closed_page`].
    ClosedInquiries(ClosedPage),
}

/// A page of the closed inquiries of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClosedPage {
    pub queue: ConversationId,
    /// The end of the page before.
    pub after: Option<InquiryPlace>,
    pub limit: usize,
}

impl Load {
    /// The packed entries among these that the open batch holds. They cannot be read from disk yet.
    #[must_use]
    pub fn pending_entries(self, batch: &mut Batch) -> Vec<(ConversationId, MsgId, &[u8])> {
        match self {
            Self::Entry(id, msgid) => batch.entries(id, msgid, msgid),
            Self::Entries(id, first, last) => batch.entries(id, first, last),
            _ => Vec::new(),
        }
    }
}

impl State {
    /// Returns what must be loaded before `change` is applied.
    #[must_use]
    pub fn loads_for(&self, change: &Change) -> Vec<Load> {
        let mut loads = Vec::new();
        match change {
            Change::Appended(Appended {
                conversation,
                sender: UserId::VISITOR,
                origin,
                ..
            }) => {
                self.members_alone(*conversation, &mut loads);
                if let &Origin::Sent { device, stream, .. } = origin {
                    loads.push(Load::Visitor(VisitorId::new(device.get())));
                    // The visitor is not loaded yet, so it is not known whether they used it.
                    if self.streams.get(&(device, stream)).is_none() {
                        loads.push(Load::Stream(device, stream));
                    }
                }
            }
            Change::Appended(Appended {
                conversation,
                sender,
                origin,
                ..
            }) => {
                self.member(*conversation, *sender, &mut loads);
                if let Origin::Sent { device, stream, .. } = origin {
                    self.stream(*sender, *device, *stream, &mut loads);
                }
            }
            Change::Read {
                conversation, user, ..
            }
            | Change::Delivered {
                conversation, user, ..
            }
            | Change::Member {
                conversation, user, ..
            }
            | Change::MemberRemoved {
                conversation, user, ..
            }
            | Change::MarkedUnread {
                conversation, user, ..
            }
            | Change::MemberDetails {
                conversation, user, ..
            } => self.member(*conversation, *user, &mut loads),
            Change::Mentioned {
                conversation,
                users,
                ..
            }
            | Change::Unmentioned {
                conversation,
                users,
                ..
            } => {
                for &user in users {
                    self.member(*conversation, user, &mut loads);
                }
            }
            Change::Imported { conversation, .. }
            | Change::Rewritten { conversation, .. }
            | Change::Pins { conversation, .. }
            | Change::Renamed(conversation, _)
            | Change::Group(conversation, _)
            | Change::Retention { conversation, .. }
            | Change::FloorRaised { conversation, .. } => {
                self.conversation_alone(*conversation, &mut loads)
            }
            Change::StreamOpened {
                user: UserId::VISITOR,
                device,
                ..
            } => loads.push(Load::Visitor(VisitorId::new(device.get()))),
            Change::Inquiry(id, record) => {
                loads.push(Load::Inquiry(*id));
                loads.push(Load::Visitor(record.visitor));
                self.members_alone(*id, &mut loads);
                if let Some(back) = record.back {
                    self.members_alone(back, &mut loads);
                }
            }
            Change::Visitor(id, _) => loads.push(Load::Visitor(*id)),
            Change::AttachmentRefs { hash, .. } => loads.extend(self.record_of(*hash)),
            Change::Relation { user, .. } => self.relations_of([*user], &mut loads),
            _ => {}
        }
        loads
    }

    pub(crate) fn record_of(&self, hash: AttachmentHash) -> Option<Load> {
        (!self.attachments.knows(hash)).then_some(Load::Attachment(hash))
    }

    pub(crate) fn reference(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
        loads: &mut Vec<Load>,
    ) {
        if !self.attachments.knows_ref(conversation, msgid) {
            loads.push(Load::Attached(conversation, msgid));
        }
    }

    pub(crate) fn conversation_alone(&self, conversation: ConversationId, loads: &mut Vec<Load>) {
        if self.conversation(conversation).is_none() {
            loads.push(Load::Conversation(conversation));
        }
    }

    /// A log of the desk that a user may read without being a member.
    pub(crate) fn reading_desk(&self, user: UserId, id: ConversationId, loads: &mut Vec<Load>) {
        let is_agent = self.desk.agent(user).is_some() || self.is_server_admin(user);
        if !is_agent || !self.desk.is_used() || !id.is_numbered() {
            return;
        }
        match self.conversation(id).map(|found| &found.record.kind) {
            None => loads.push(Load::Conversation(id)),
            Some(KindRecord::Inquiry) if self.desk.inquiry(id).is_none() => {
                loads.push(Load::Inquiry(id));
            }
            Some(&KindRecord::Back { of }) if self.desk.inquiry(of).is_none() => {
                loads.push(Load::Inquiry(of));
            }
            _ => {}
        }
    }

    /// A conversation with all its members.
    pub(crate) fn members_alone(&self, conversation: ConversationId, loads: &mut Vec<Load>) {
        if !self
            .conversation(conversation)
            .is_some_and(Conversation::knows_all)
        {
            loads.push(Load::Members(conversation));
        }
    }

    /// A conversation, and whether a user is a member. Unknown users have no membership to load.
    pub(crate) fn member(&self, conversation: ConversationId, user: UserId, loads: &mut Vec<Load>) {
        if !self.users.contains_key(&user) && user != UserId::VISITOR {
            self.conversation_alone(conversation, loads);
        } else if !self
            .conversation(conversation)
            .is_some_and(|found| found.knows(user))
        {
            loads.push(Load::Member(conversation, user));
        }
    }

    /// The conversation and the requester's membership, once in memory. Nothing is loaded for users
    /// who are not members, because their request is refused; except for direct chats, which must
    /// not be created twice.
    pub(crate) fn own_membership(
        &self,
        conversation: ConversationId,
        user: UserId,
        loads: &mut Vec<Load>,
    ) -> Option<(&Conversation, &Member)> {
        let slots = self.own_membership_slots(conversation, user, loads);
        self.membership_at(slots, conversation, user)
    }

    /// As [`State::own_membership`].
    pub(crate) fn own_membership_slots(
        &self,
        conversation: ConversationId,
        user: UserId,
        loads: &mut Vec<Load>,
    ) -> MembershipSlots {
        let found = self.conversations.find(&conversation);
        let member = found.and_then(|(_, found)| found.members.find(&user));
        if member.is_none()
            && (self.is_member(user, conversation) || other_of(conversation, user).is_some())
        {
            self.member(conversation, user, loads);
        }
        MembershipSlots {
            conversation: found.map(|(slot, _)| slot),
            member: member.map(|(slot, _)| slot),
        }
    }

    /// The memberships of other users in one of the requester's conversations, each chunk once.
    pub(crate) fn others(
        &self,
        conversation: ConversationId,
        by: UserId,
        users: impl Iterator<Item = UserId>,
        loads: &mut Vec<Load>,
    ) {
        if self.is_member(by, conversation) {
            self.chunks_of(conversation, users, loads);
        }
    }

    /// The memberships of users in a conversation, each chunk once.
    pub(crate) fn chunks_of(
        &self,
        conversation: ConversationId,
        users: impl Iterator<Item = UserId>,
        loads: &mut Vec<Load>,
    ) {
        let found = self.conversation(conversation);
        let chunks: BTreeSet<MemberChunk> = users
            .filter(|user| self.users.contains_key(user))
            .map(MemberChunk::of)
            .collect();
        let unknown = chunks
            .into_iter()
            .filter(|&chunk| !found.is_some_and(|found| found.knows_chunk(chunk)));
        loads.extend(
            unknown
                .filter_map(|chunk| chunk.users().last())
                .map(|user| Load::Member(conversation, user)),
        );
    }

    /// The relations between the two users of a direct chat.
    pub(crate) fn relations_in(
        &self,
        conversation: ConversationId,
        user: UserId,
        loads: &mut Vec<Load>,
    ) {
        if let Some(other) = other_of(conversation, user) {
            self.relations_of([user, other], loads);
        }
    }

    /// Expiry loads references only if the floor can rise, which mostly it cannot.
    pub(crate) fn expiring(&self, expire: Expire, loads: &mut Vec<Load>) {
        let Expire {
            conversation: id,
            policy,
            aged,
        } = expire;
        match self
            .conversation(id)
            .map(|found| (found.record.floor, self.wanted_floor(found, policy, aged)))
        {
            None => loads.push(Load::Conversation(id)),
            Some((_, None)) => loads.push(Load::Members(id)),
            Some((floor, Some(wanted))) if wanted > floor && !self.knows_next_refs(id) => {
                loads.push(Load::FirstAttached(id))
            }
            Some(_) => {}
        }
    }

    pub(crate) fn stream(
        &self,
        user: UserId,
        device: DeviceId,
        stream: SendStreamId,
        loads: &mut Vec<Load>,
    ) -> Option<Slot> {
        let found = self.streams.find(&(device, stream));
        // A new stream has nothing to load.
        let is_own = |used: &UsedStream| used.stream == stream;
        if found.is_none() && self.streams_of(user, device).iter().any(is_own) {
            loads.push(Load::Stream(device, stream));
        }
        found.map(|(slot, _)| slot)
    }

    pub(crate) fn relations_of(
        &self,
        users: impl IntoIterator<Item = UserId>,
        loads: &mut Vec<Load>,
    ) {
        loads.extend(
            users
                .into_iter()
                .filter(|&user| !self.knows_relations(user))
                .map(Load::Relations),
        );
    }

    pub(crate) fn overview(
        &self,
        user: UserId,
        since: Option<Moment>,
        after: Option<OverviewPlace>,
        loads: &mut Vec<Load>,
    ) {
        for place in self.overview_plan(user, since, after).places {
            self.member(place.conversation, user, loads);
        }
    }

    /// A new session: the first page of its overview or, with push, its position in every
    /// conversation.
    pub(crate) fn session(
        &self,
        user: UserId,
        push: bool,
        since: Option<Moment>,
        loads: &mut Vec<Load>,
    ) {
        if push {
            for &conversation in self
                .user(user)
                .into_iter()
                .flat_map(|found| &found.conversations)
            {
                self.member(conversation, user, loads);
            }
        } else {
            self.overview(user, since, None, loads);
        }
    }
}

#[cfg(test)]
mod tests;
