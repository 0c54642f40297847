//! Which parts of the state a command needs in memory before it can be decided, and a change before it can be applied.

use cairn_proto::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::limits::{PROFILES_PER_REQUEST_MAX, WATCHED_USERS_MAX};
use cairn_proto::overview::{Moment, OverviewPlace};
use cairn_proto::request::{ImportEntry, Request};
use cairn_proto::retention::Retention;
use cairn_proto::text::GroupName;

use super::attachment::AttachmentCommand;
use super::change::{Appended, Change, Origin};
use super::command::{Actor, Command, NewDevice};
use super::contacts::other_of;
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
    /// The entries of a conversation from this one on, as they are now; as many as can be marked as unread.
    EntriesFrom(ConversationId, MsgId),
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
    /// What must be loaded before `command` is decided. What is not stored either does not exist.
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
            Command::Expire { conversation, policy, .. } => {
                match policy {
                    Retention::UntilAcked { .. } => self.members(*conversation, &mut needs),
                    Retention::Keep | Retention::Days(_) => self.conversation_alone(*conversation, &mut needs),
                }
                if !self.knows_next_uses(*conversation) {
                    needs.push(Need::FirstAttached(*conversation));
                }
            }
            Command::Grant(actor, conversation) => self.member(*conversation, actor.user, &mut needs),
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
                for mentioned in draft.extras.mentioned() {
                    self.member(draft.conversation, mentioned, needs);
                }
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
            | Request::ImportCursor { conversation, .. } => self.member(*conversation, user, needs),
            Request::Import { conversation, entries, .. } => {
                self.member(*conversation, user, needs);
                self.importing_members(*conversation, entries, needs);
            }
            Request::Group { conversation }
            | Request::RenameGroup { conversation, .. }
            | Request::SetTopic { conversation, .. }
            | Request::SetGroupSettings { conversation, .. }
            | Request::BannedUsers { conversation }
            | Request::Unban { conversation, .. }
            | Request::JoinGroup { conversation }
            | Request::SetMemberSettings { conversation, .. } => self.member(*conversation, user, needs),
            Request::Receipts { .. } | Request::MarkUnread { .. } => self.asked_about_cursors(user, request, needs),
            Request::FindGroups { prefix } => self.found_groups(prefix.as_ref(), needs),
            Request::AddMembers { conversation, users } => {
                self.members_named(user, *conversation, users, needs);
                self.relations_of(users.iter().copied(), needs);
            }
            Request::RemoveMembers { conversation, users } | Request::Ban { conversation, users } => {
                self.members_named(user, *conversation, users, needs)
            }
            Request::Unpin { conversation, .. } | Request::SetRetention { conversation, .. } => {
                self.member(*conversation, user, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Members { conversation, .. } => {
                self.member(*conversation, user, needs);
                self.members(*conversation, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Recall { conversation, msgid } => self.message_with_file(user, *conversation, *msgid, needs),
            Request::Edit { conversation, msgid, .. }
            | Request::React { conversation, msgid, .. }
            | Request::Unreact { conversation, msgid, .. }
            | Request::Pin { conversation, msgid } => {
                self.member(*conversation, user, needs);
                self.relations_in(*conversation, user, needs);
                self.entry(*conversation, *msgid, needs);
            }
            Request::Explain { conversation, user: whose }
            | Request::SetRole { conversation, user: whose, .. }
            | Request::HandOver { conversation, user: whose }
            | Request::MuteMember { conversation, user: whose, .. } => {
                self.member(*conversation, user, needs);
                self.member(*conversation, *whose, needs);
            }
            Request::Conversations { since, after } => self.overview(user, *since, *after, needs),
            other => self.asked_about_people(user, other, needs),
        }
    }

    /// The same for requests about users. What is left needs nothing: it is about what is always in memory.
    fn asked_about_people(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match request {
            &Request::Look { conversation: Some(conversation) } => {
                self.member(conversation, user, needs);
                self.relations_in(conversation, user, needs);
            }
            Request::Relate { user: other, .. } => self.relations_of([user, *other], needs),
            Request::CreateGroup { members, .. } => self.relations_of(members.iter().copied(), needs),
            Request::Contacts { .. } => self.relations_of([user], needs),
            Request::Watch { users } => {
                let others = users.iter().take(WATCHED_USERS_MAX).copied();
                self.relations_of(others.chain([user]), needs);
            }
            Request::Profiles { users } => {
                let users = users.iter().take(PROFILES_PER_REQUEST_MAX).copied();
                needs.extend(users.filter(|&user| !self.knows_profile(user)).map(Need::Profile));
            }
            Request::SetProfile(_) if !self.knows_profile(user) => needs.push(Need::Profile(user)),
            _ => {}
        }
    }

    /// A message, and what it names.
    fn message_with_file(&self, user: UserId, conversation: ConversationId, msgid: MsgId, needs: &mut Vec<Need>) {
        self.member(conversation, user, needs);
        self.entry(conversation, msgid, needs);
        self.used(conversation, msgid, needs);
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
            Change::Relation { user, .. } => self.relations_of([*user], &mut needs),
            _ => {}
        }
        needs
    }

    fn attachment_needs(&self, command: &AttachmentCommand, needs: &mut Vec<Need>) {
        match command {
            AttachmentCommand::Begin(_, hash, _) | AttachmentCommand::Stored(_, hash, _) => needs.extend(self.record_of(*hash)),
            AttachmentCommand::Fetch { actor, conversation, msgid, .. } => {
                self.member(*conversation, actor.user, needs);
                self.used(*conversation, *msgid, needs);
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

    fn member(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) {
        if !self.conversation(conversation).is_some_and(|found| found.knows(user)) {
            needs.push(Need::Member(conversation, user));
        }
    }

    /// The asker, and those whom he names.
    fn members_named(&self, user: UserId, conversation: ConversationId, users: &[UserId], needs: &mut Vec<Need>) {
        for &user in [user].iter().chain(users) {
            self.member(conversation, user, needs);
        }
    }

    fn sending(&self, actor: Actor, to: ConversationId, needs: &mut Vec<Need>) {
        self.member(to, actor.user, needs);
        self.relations_in(to, actor.user, needs);
        self.stream(actor.user, actor.device, actor.stream, needs);
    }

    /// What the two of a direct chat are to each other.
    fn relations_in(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) {
        if let Some(other) = other_of(conversation, user) {
            self.relations_of([user, other], needs);
        }
    }

    fn members(&self, conversation: ConversationId, needs: &mut Vec<Need>) {
        if !self.conversation(conversation).is_some_and(|found| found.knows_all()) {
            needs.push(Need::Members(conversation));
        }
    }

    fn entry(&self, conversation: ConversationId, msgid: MsgId, needs: &mut Vec<Need>) {
        if !self.entries.contains_key(&(conversation, msgid)) {
            needs.push(Need::Entry(conversation, msgid));
        }
    }

    /// The same for requests about how far members are.
    fn asked_about_cursors(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match *request {
            Request::Receipts { conversation, msgid, after } => {
                self.member(conversation, user, needs);
                self.relations_in(conversation, user, needs);
                needs.extend(self.receipts_needed(conversation, msgid, user, after));
            }
            Request::MarkUnread { conversation, from } => self.marked(conversation, from, user, needs),
            _ => {}
        }
    }

    /// What a member marks as unread. Whoever is none makes nobody read.
    fn marked(&self, conversation: ConversationId, from: MsgId, user: UserId, needs: &mut Vec<Need>) {
        self.member(conversation, user, needs);
        if self.user(user).is_some_and(|user| user.conversations.contains(&conversation)) {
            needs.push(Need::EntriesFrom(conversation, from));
        }
    }

    /// The open groups that a search finds.
    fn found_groups(&self, prefix: Option<&GroupName>, needs: &mut Vec<Need>) {
        let missing = self.open_groups.find(prefix).filter(|&id| self.conversation(id).is_none());
        needs.extend(missing.map(Need::Conversation));
    }

    /// The members among the senders of imported entries: their read cursors move.
    fn importing_members(&self, conversation: ConversationId, entries: &[ImportEntry], needs: &mut Vec<Need>) {
        for sender in entries.iter().filter_map(|entry| self.user_named(&entry.sender)) {
            if self.user(sender).is_some_and(|user| user.conversations.contains(&conversation)) {
                self.member(conversation, sender, needs);
            }
        }
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
