//! Which parts of the state a command loads in memory before it can be decided, and a change before
//! it can be applied.

mod request;

use std::collections::BTreeSet;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::model::retention::Retention;
use cairn_proto::wire::overview::{Moment, OverviewPlace};

use crate::api::attachment::AttachmentCommand;
use crate::api::batch::Batch;
use crate::api::change::{Appended, Change, Origin};
use crate::api::command::{Command, NewDevice};
use crate::limits::GC_BATCH_ATTACHMENTS_MAX;
use crate::record::MemberChunk;
use crate::state::State;
use crate::state::conversation::{Conversation, Member};
use crate::state::relations::other_of;

/// A part of the state that memory lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Load {
    /// A conversation, without its members.
    Conversation(ConversationId),
    /// A conversation and one of its members.
    Member(ConversationId, UserId),
    /// A conversation and all of its members.
    Members(ConversationId),
    /// An entry of a conversation, as it is now.
    Entry(ConversationId, MsgId),
    /// The entries of a conversation from the first to the last of these, as they are now.
    Entries(ConversationId, MsgId, MsgId),
    /// A send stream.
    Stream(DeviceId, SendStreamId),
    /// The relations of a user.
    Relations(UserId),
    /// How a user presents himself.
    Profile(UserId),
    /// An attachment.
    Attachment(AttachmentHash),
    /// What a message names, and that attachment.
    Attached(ConversationId, MsgId),
    /// What the first messages above the floor of a conversation name that name anything: at most
    /// [`crate::limits::REFS_DROPPED_MAX`] of them.
    FirstAttached(ConversationId),
}

impl Load {
    /// The entries to load that are in the open batch, packed. They are not readable from disk yet.
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
    /// What must be loaded before `command` is decided. What is not stored either does not exist.
    /// What else that is may depend on what was loaded, in [`crate::limits::PREFETCH_ROUNDS_MAX`]
    /// rounds at most: so what a command would be refused for anyway is never loaded.
    #[must_use]
    pub fn missing(&self, command: &Command) -> Vec<Load> {
        let mut loads = Vec::new();
        match command {
            Command::OwnerInvite { .. }
            | Command::Invite { .. }
            | Command::Account { .. }
            | Command::Join { .. }
            | Command::Metrics(_)
            | Command::KeepsByDefault
            | Command::Begin(_) => {}
            Command::AddDevice {
                user,
                device: NewDevice { push, .. },
            } => self.session(*user, *push, None, &mut loads),
            Command::Login {
                token,
                stream,
                push,
                since,
            } => {
                if let Some((user, device)) = self.device_with(token) {
                    self.session(user, *push, *since, &mut loads);
                    self.stream(user, device, *stream, &mut loads);
                }
            }
            Command::Retained(conversation) => self.conversation_alone(*conversation, &mut loads),
            Command::Expire {
                conversation,
                policy,
                aged,
            } => self.expiring(*conversation, *policy, *aged, &mut loads),
            Command::Grant(actor, conversation) => {
                self.own_membership(*conversation, actor.user, &mut loads);
            }
            Command::Attachment(command) => self.prefetch_attachments(command, &mut loads),
            Command::Ask(actor, request) => self.prefetch_request(*actor, request, &mut loads),
        }
        loads
    }

    /// What must be loaded before `change` is applied.
    #[must_use]
    pub fn loads_for(&self, change: &Change) -> Vec<Load> {
        let mut loads = Vec::new();
        match change {
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
            Change::AttachmentRefs { hash, .. } => loads.extend(self.record_of(*hash)),
            Change::Relation { user, .. } => self.relations_of([*user], &mut loads),
            _ => {}
        }
        loads
    }

    fn prefetch_attachments(&self, command: &AttachmentCommand, loads: &mut Vec<Load>) {
        match command {
            AttachmentCommand::Begin(_, hash, _) | AttachmentCommand::Stored(_, hash, _) => {
                loads.extend(self.record_of(*hash))
            }
            AttachmentCommand::Fetch {
                actor,
                conversation,
                msgid,
                ..
            } => {
                let own = self.own_membership(*conversation, actor.user, loads);
                if own.is_some_and(|(found, member)| found.shows(&member.record, *msgid)) {
                    self.reference(*conversation, *msgid, loads);
                }
            }
            AttachmentCommand::Collect(above) => {
                let unused = self
                    .attachments
                    .unused_above(*above)
                    .take(GC_BATCH_ATTACHMENTS_MAX);
                loads.extend(unused.filter_map(|hash| self.record_of(hash)));
            }
            AttachmentCommand::Orphans(hashes) => {
                loads.extend(hashes.iter().filter_map(|&hash| self.record_of(hash)))
            }
        }
    }

    fn record_of(&self, hash: AttachmentHash) -> Option<Load> {
        (!self.attachments.knows(hash)).then_some(Load::Attachment(hash))
    }

    fn reference(&self, conversation: ConversationId, msgid: MsgId, loads: &mut Vec<Load>) {
        if !self.attachments.knows_ref(conversation, msgid) {
            loads.push(Load::Attached(conversation, msgid));
        }
    }

    fn conversation_alone(&self, conversation: ConversationId, loads: &mut Vec<Load>) {
        if self.conversation(conversation).is_none() {
            loads.push(Load::Conversation(conversation));
        }
    }

    /// A conversation, and whether a user is a member. Of somebody who does not exist nothing is
    /// kept.
    fn member(&self, conversation: ConversationId, user: UserId, loads: &mut Vec<Load>) {
        if !self.users.contains_key(&user) {
            self.conversation_alone(conversation, loads);
        } else if !self
            .conversation(conversation)
            .is_some_and(|found| found.knows(user))
        {
            loads.push(Load::Member(conversation, user));
        }
    }

    /// The conversation and the membership of whoever asks, once they are in memory. For who is no
    /// member nothing is loaded, since he is told that there is no such conversation; but a direct
    /// chat of his must not be begun twice.
    fn own_membership(
        &self,
        conversation: ConversationId,
        user: UserId,
        loads: &mut Vec<Load>,
    ) -> Option<(&Conversation, &Member)> {
        if !self.is_member(user, conversation) && other_of(conversation, user).is_none() {
            return None;
        }
        self.member(conversation, user, loads);
        let found = self.conversation(conversation)?;
        Some((found, found.member(user)?))
    }

    /// Whether these users are members too of a conversation of the asker's: the chunks of those
    /// who exist, each once.
    fn others(
        &self,
        conversation: ConversationId,
        by: UserId,
        users: impl Iterator<Item = UserId>,
        loads: &mut Vec<Load>,
    ) {
        if !self.is_member(by, conversation) {
            return;
        }
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

    /// What the two of a direct chat are to each other.
    fn relations_in(&self, conversation: ConversationId, user: UserId, loads: &mut Vec<Load>) {
        if let Some(other) = other_of(conversation, user) {
            self.relations_of([user, other], loads);
        }
    }

    /// What is needed to let messages go. Mostly none may, and what is in memory says so.
    fn expiring(&self, id: ConversationId, policy: Retention, aged: MsgId, loads: &mut Vec<Load>) {
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

    fn stream(&self, user: UserId, device: DeviceId, stream: SendStreamId, loads: &mut Vec<Load>) {
        if !self.knows_stream(user, device, stream) {
            loads.push(Load::Stream(device, stream));
        }
    }

    fn relations_of(&self, users: impl IntoIterator<Item = UserId>, loads: &mut Vec<Load>) {
        loads.extend(
            users
                .into_iter()
                .filter(|&user| !self.knows_relations(user))
                .map(Load::Relations),
        );
    }

    fn overview(
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

    /// What a session begins with: the first page of its overview and, when it is pushed, where it
    /// is everywhere.
    fn session(&self, user: UserId, push: bool, since: Option<Moment>, loads: &mut Vec<Load>) {
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
