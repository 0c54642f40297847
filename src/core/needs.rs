//! Which parts of the state a command needs in memory before it can be decided, and a change before it can be applied.

use std::collections::BTreeSet;

use cairn_proto::attachment::AttachmentHash;
use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::limits::{EXTRAS_SENT_MAX, IMPORT_ENTRIES_MAX, PROFILES_PER_REQUEST_MAX, USERS_PER_REQUEST_MAX, WATCHED_USERS_MAX};
use cairn_proto::overview::{Moment, OverviewPlace};
use cairn_proto::request::{ImportEntry, Request};
use cairn_proto::retention::Retention;
use cairn_proto::text::GroupName;

use super::attachment::AttachmentCommand;
use super::change::{Appended, Change, Origin};
use super::command::{Actor, Command, NewDevice};
use super::contacts::other_of;
use super::conversation::{Conversation, Member};
use super::record::MemberChunk;
use super::state::State;
use crate::limits::ATTACHMENTS_COLLECTED_MAX;

/// A part of the state that memory lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
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
    /// What the first messages above the floor of a conversation name that name anything: at most [`crate::limits::USES_ENDED_MAX`] of them.
    FirstAttached(ConversationId),
}

impl State {
    /// What must be loaded before `command` is decided. What is not stored either does not exist. What else that is may depend on what was
    /// loaded, in [`crate::limits::NEEDS_ROUNDS_MAX`] rounds at most: so what a command would be refused for anyway is never loaded.
    #[must_use]
    pub fn missing(&self, command: &Command) -> Vec<Need> {
        let mut needs = Vec::new();
        match command {
            Command::OwnerInvite { .. }
            | Command::Invite { .. }
            | Command::Account { .. }
            | Command::Join { .. }
            | Command::Figures(_)
            | Command::KeepsByDefault
            | Command::Begin(_) => {}
            Command::AddDevice { user, device: NewDevice { push, .. } } => self.session(*user, *push, None, &mut needs),
            Command::Login { token, stream, push, since } => {
                if let Some((user, device)) = self.device_with(token) {
                    self.session(user, *push, *since, &mut needs);
                    self.stream(user, device, *stream, &mut needs);
                }
            }
            Command::Retained(conversation) => self.conversation_alone(*conversation, &mut needs),
            Command::Expire { conversation, policy, aged } => self.expiring(*conversation, *policy, *aged, &mut needs),
            Command::Grant(actor, conversation) => {
                self.own(*conversation, actor.user, &mut needs);
            }
            Command::Attachment(command) => self.attachment_needs(command, &mut needs),
            Command::Ask(actor, request) => self.asked(*actor, request, &mut needs),
        }
        needs
    }

    /// What must be loaded before a request is decided.
    fn asked(&self, actor: Actor, request: &Request, needs: &mut Vec<Need>) {
        let user = actor.user;
        match request {
            Request::Send(draft) => {
                self.sending(actor, draft.conversation, needs);
                self.others(draft.conversation, user, draft.extras.mentioned().take(EXTRAS_SENT_MAX), needs);
                needs.extend(draft.body.attachment().and_then(|attachment| self.record_of(attachment.hash)));
            }
            Request::Forward(forward) => {
                self.message_with_file(user, forward.from, forward.msgid, needs);
                self.sending(actor, forward.to, needs);
            }
            Request::Pull { conversation, .. }
            | Request::Ack { conversation, .. }
            | Request::Read { conversation, .. }
            | Request::Pins { conversation }
            | Request::Retention { conversation }
            | Request::ImportCursor { conversation, .. }
            | Request::Group { conversation }
            | Request::RenameGroup { conversation, .. }
            | Request::SetTopic { conversation, .. }
            | Request::SetGroupSettings { conversation, .. }
            | Request::BannedUsers { conversation }
            | Request::Unban { conversation, .. }
            | Request::SetMemberSettings { conversation, .. } => {
                self.own(*conversation, user, needs);
            }
            // Whoever is no member may ask this.
            Request::JoinGroup { conversation } => self.member(*conversation, user, needs),
            Request::Import { conversation, entries, .. } => {
                self.own(*conversation, user, needs);
                self.importing_members(*conversation, user, entries, needs);
            }
            Request::Receipts { .. } | Request::MarkUnread { .. } => self.asked_about_cursors(user, request, needs),
            Request::FindGroups { prefix } => self.found_groups(prefix.as_ref(), needs),
            Request::AddMembers { conversation, users }
            | Request::RemoveMembers { conversation, users }
            | Request::Ban { conversation, users } => {
                self.own(*conversation, user, needs);
                if users.len() <= USERS_PER_REQUEST_MAX {
                    self.others(*conversation, user, users.iter().copied(), needs);
                }
            }
            Request::Unpin { conversation, .. } | Request::SetRetention { conversation, .. } => {
                self.own(*conversation, user, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Members { conversation, after } => {
                if let Some((found, _)) = self.own(*conversation, user, needs) {
                    self.page_of_members(*conversation, found, user, *after, needs);
                }
            }
            Request::Recall { conversation, msgid } => self.message_with_file(user, *conversation, *msgid, needs),
            Request::Edit { conversation, msgid, .. }
            | Request::React { conversation, msgid, .. }
            | Request::Unreact { conversation, msgid, .. }
            | Request::Pin { conversation, msgid } => {
                self.message_of(user, *conversation, *msgid, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Explain { conversation, user: whose } if self.is_server_admin(user) => {
                self.member(*conversation, user, needs);
                self.member(*conversation, *whose, needs);
            }
            Request::Explain { conversation, user: whose }
            | Request::SetRole { conversation, user: whose, .. }
            | Request::HandOver { conversation, user: whose }
            | Request::MuteMember { conversation, user: whose, .. } => {
                self.own(*conversation, user, needs);
                self.others(*conversation, user, [*whose].into_iter(), needs);
            }
            Request::Conversations { since, after } => self.overview(user, *since, *after, needs),
            other => self.asked_about_people(user, other, needs),
        }
    }

    /// The same for requests about users. What is left needs nothing: it is about what is always in memory.
    fn asked_about_people(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match request {
            &Request::Look { conversation: Some(conversation) } => {
                self.own(conversation, user, needs);
                self.relations_in(conversation, user, needs);
            }
            Request::Relate { user: other, .. } => self.relations_of([user, *other], needs),
            Request::Contacts { .. } => self.relations_of([user], needs),
            Request::Watch { .. } if !self.knows_relations(user) => needs.push(Need::Relations(user)),
            Request::Watch { users } if users.len() <= WATCHED_USERS_MAX => {
                let others: BTreeSet<UserId> = users.iter().copied().filter(|&other| !self.knows_relations(other)).collect();
                needs.extend(others.into_iter().filter(|&other| self.has_reason_to_watch(user, other)).map(Need::Relations));
            }
            Request::Profiles { users } => {
                let users = users.iter().take(PROFILES_PER_REQUEST_MAX).copied();
                needs.extend(users.filter(|&user| !self.knows_profile(user)).map(Need::Profile));
            }
            Request::SetProfile(_) if !self.knows_profile(user) => needs.push(Need::Profile(user)),
            _ => {}
        }
    }

    /// A message that a member may read. Says whether there is one.
    fn message_of(&self, user: UserId, conversation: ConversationId, msgid: MsgId, needs: &mut Vec<Need>) -> bool {
        let own = self.own(conversation, user, needs);
        let is_there = own.is_some_and(|(found, member)| found.shows(&member.record, msgid));
        if is_there && !self.entries.contains_key(&(conversation, msgid)) {
            needs.push(Need::Entry(conversation, msgid));
        }
        is_there
    }

    /// The same, and what it names.
    fn message_with_file(&self, user: UserId, conversation: ConversationId, msgid: MsgId, needs: &mut Vec<Need>) {
        if self.message_of(user, conversation, msgid, needs) {
            self.used(conversation, msgid, needs);
        }
    }

    /// What must be loaded before `change` is applied.
    #[must_use]
    pub fn missing_for(&self, change: &Change) -> Vec<Need> {
        let mut needs = Vec::new();
        match change {
            Change::Appended(Appended { conversation, sender, origin, .. }) => {
                self.member(*conversation, *sender, &mut needs);
                if let Origin::Sent { device, stream, .. } = origin {
                    self.stream(*sender, *device, *stream, &mut needs);
                }
            }
            Change::Read { conversation, user, .. }
            | Change::Delivered { conversation, user, .. }
            | Change::Member { conversation, user, .. }
            | Change::MemberRemoved { conversation, user, .. }
            | Change::MarkedUnread { conversation, user, .. }
            | Change::MemberTerms { conversation, user, .. } => self.member(*conversation, *user, &mut needs),
            Change::Mentioned { conversation, users, .. } => {
                for &user in users {
                    self.member(*conversation, user, &mut needs);
                }
            }
            Change::Imported { conversation, .. }
            | Change::Rewritten { conversation, .. }
            | Change::Pins { conversation, .. }
            | Change::Renamed(conversation, _)
            | Change::Group(conversation, _)
            | Change::Retention { conversation, .. }
            | Change::FloorRaised { conversation, .. } => self.conversation_alone(*conversation, &mut needs),
            Change::AttachmentUses { hash, .. } => needs.extend(self.record_of(*hash)),
            Change::Relation { user, .. } => self.relations_of([*user], &mut needs),
            _ => {}
        }
        needs
    }

    fn attachment_needs(&self, command: &AttachmentCommand, needs: &mut Vec<Need>) {
        match command {
            AttachmentCommand::Begin(_, hash, _) | AttachmentCommand::Stored(_, hash, _) => needs.extend(self.record_of(*hash)),
            AttachmentCommand::Fetch { actor, conversation, msgid, .. } => {
                let own = self.own(*conversation, actor.user, needs);
                if own.is_some_and(|(found, member)| found.shows(&member.record, *msgid)) {
                    self.used(*conversation, *msgid, needs);
                }
            }
            AttachmentCommand::Collect(above) => {
                let unused = self.attachments.unused_above(*above).take(ATTACHMENTS_COLLECTED_MAX);
                needs.extend(unused.filter_map(|hash| self.record_of(hash)));
            }
            AttachmentCommand::Unrecorded(hashes) => needs.extend(hashes.iter().filter_map(|&hash| self.record_of(hash))),
        }
    }

    fn record_of(&self, hash: AttachmentHash) -> Option<Need> {
        (!self.attachments.knows(hash)).then_some(Need::Attachment(hash))
    }

    fn used(&self, conversation: ConversationId, msgid: MsgId, needs: &mut Vec<Need>) {
        if !self.attachments.knows_use(conversation, msgid) {
            needs.push(Need::Attached(conversation, msgid));
        }
    }

    fn conversation_alone(&self, conversation: ConversationId, needs: &mut Vec<Need>) {
        if self.conversation(conversation).is_none() {
            needs.push(Need::Conversation(conversation));
        }
    }

    /// A conversation, and whether a user is a member. Of somebody who does not exist nothing is kept.
    fn member(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) {
        if !self.users.contains_key(&user) {
            self.conversation_alone(conversation, needs);
        } else if !self.conversation(conversation).is_some_and(|found| found.knows(user)) {
            needs.push(Need::Member(conversation, user));
        }
    }

    /// The conversation and the membership of whoever asks, once they are in memory. For who is no member nothing is loaded, since he is told
    /// that there is no such conversation; but a direct chat of his must not be begun twice.
    fn own(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) -> Option<(&Conversation, &Member)> {
        if !self.is_member(user, conversation) && other_of(conversation, user).is_none() {
            return None;
        }
        self.member(conversation, user, needs);
        let found = self.conversation(conversation)?;
        Some((found, found.member(user)?))
    }

    /// Whether these users are members too of a conversation of the asker's: the chunks of those who exist, each once.
    fn others(&self, conversation: ConversationId, by: UserId, users: impl Iterator<Item = UserId>, needs: &mut Vec<Need>) {
        if !self.is_member(by, conversation) {
            return;
        }
        let found = self.conversation(conversation);
        let chunks: BTreeSet<MemberChunk> = users.filter(|user| self.users.contains_key(user)).map(MemberChunk::of).collect();
        let unknown = chunks.into_iter().filter(|&chunk| !found.is_some_and(|found| found.knows_chunk(chunk)));
        needs.extend(unknown.filter_map(|chunk| chunk.users().last()).map(|user| Need::Member(conversation, user)));
    }

    fn is_server_admin(&self, user: UserId) -> bool {
        self.user(user).is_some_and(|user| user.record.role >= ServerRole::Admin)
    }

    fn sending(&self, actor: Actor, to: ConversationId, needs: &mut Vec<Need>) {
        self.own(to, actor.user, needs);
        self.relations_in(to, actor.user, needs);
        self.stream(actor.user, actor.device, actor.stream, needs);
    }

    /// What the two of a direct chat are to each other.
    fn relations_in(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) {
        if let Some(other) = other_of(conversation, user) {
            self.relations_of([user, other], needs);
        }
    }

    /// The members that a page shows.
    fn page_of_members(&self, id: ConversationId, found: &Conversation, user: UserId, after: Option<UserId>, needs: &mut Vec<Need>) {
        if !found.is_counted() {
            let (page, _) = self.members_behind(id, after);
            self.others(id, user, page.into_iter(), needs);
        } else if !found.knows_all() {
            needs.push(Need::Members(id));
        }
    }

    /// What is needed to let messages go. Mostly none may, and what is in memory says so.
    fn expiring(&self, id: ConversationId, policy: Retention, aged: MsgId, needs: &mut Vec<Need>) {
        match self.conversation(id).map(|found| (found.record.floor, self.wanted_floor(found, policy, aged))) {
            None => needs.push(Need::Conversation(id)),
            Some((_, None)) => needs.push(Need::Members(id)),
            Some((floor, Some(wanted))) if wanted > floor && !self.knows_next_uses(id) => needs.push(Need::FirstAttached(id)),
            Some(_) => {}
        }
    }

    /// The same for requests about how far members are.
    fn asked_about_cursors(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match *request {
            Request::Receipts { conversation, msgid, after } => {
                self.own(conversation, user, needs);
                needs.extend(self.receipts_needed(conversation, msgid, user, after));
            }
            Request::MarkUnread { conversation, from } => self.marked(conversation, from, user, needs),
            _ => {}
        }
    }

    /// What a member marks as unread, if he may: his own messages among it are looked for.
    fn marked(&self, conversation: ConversationId, from: MsgId, user: UserId, needs: &mut Vec<Need>) {
        let own = self.own(conversation, user, needs);
        if let Some(Ok(Some(last))) = own.map(|(found, member)| found.markable(&member.record, from))
            && !self.entries.contains_key(&(conversation, last))
        {
            needs.push(Need::Entries(conversation, from, last));
        }
    }

    /// The open groups that a search finds.
    fn found_groups(&self, prefix: Option<&GroupName>, needs: &mut Vec<Need>) {
        let missing = self.open_groups.find(prefix).filter(|&id| self.conversation(id).is_none());
        needs.extend(missing.map(Need::Conversation));
    }

    /// The members among the senders of imported entries: their read cursors move.
    fn importing_members(&self, conversation: ConversationId, by: UserId, entries: &[ImportEntry], needs: &mut Vec<Need>) {
        let senders = entries.iter().take(IMPORT_ENTRIES_MAX).filter_map(|entry| self.user_named(&entry.sender));
        self.others(conversation, by, senders.filter(|&sender| self.is_member(sender, conversation)), needs);
    }

    fn stream(&self, user: UserId, device: DeviceId, stream: SendStreamId, needs: &mut Vec<Need>) {
        if !self.knows_stream(user, device, stream) {
            needs.push(Need::Stream(device, stream));
        }
    }

    fn relations_of(&self, users: impl IntoIterator<Item = UserId>, needs: &mut Vec<Need>) {
        needs.extend(users.into_iter().filter(|&user| !self.knows_relations(user)).map(Need::Relations));
    }

    fn overview(&self, user: UserId, since: Option<Moment>, after: Option<OverviewPlace>, needs: &mut Vec<Need>) {
        for place in self.overview_plan(user, since, after).places {
            self.member(place.conversation, user, needs);
        }
    }

    /// What a session begins with: the first page of its overview and, when it is pushed, where it is everywhere.
    fn session(&self, user: UserId, push: bool, since: Option<Moment>, needs: &mut Vec<Need>) {
        if push {
            for &conversation in self.user(user).into_iter().flat_map(|found| &found.conversations) {
                self.member(conversation, user, needs);
            }
        } else {
            self.overview(user, since, None, needs);
        }
    }
}

#[cfg(test)]
mod tests;
