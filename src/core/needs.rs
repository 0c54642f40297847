//! Which parts of the state a command needs in memory before it can be decided, and a change before it can be applied.

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, SendStreamId, UserId};
use cairn_proto::overview::{Moment, OverviewPlace};
use cairn_proto::request::{ImportEntry, Request};
use cairn_proto::text::GroupName;

use super::change::{Appended, Change, Origin};
use super::command::{Actor, Command, NewDevice};
use super::state::State;

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
    /// A send stream.
    Stream(DeviceId, SendStreamId),
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
            | Command::Begin(_) => {}
            Command::AddDevice { user, device: NewDevice { push, .. } } => self.session(*user, *push, None, &mut needs),
            Command::Login { token, stream, push, since } => {
                if let Some((user, device)) = self.device_with(token) {
                    self.session(user, *push, *since, &mut needs);
                    self.stream(user, device, *stream, &mut needs);
                }
            }
            Command::Grant(actor, conversation) => self.member(*conversation, actor.user, &mut needs),
            Command::Ask(actor, request) => self.asked(*actor, request, &mut needs),
        }
        needs
    }

    /// What must be loaded before a request is decided.
    fn asked(&self, actor: Actor, request: &Request, needs: &mut Vec<Need>) {
        let user = actor.user;
        match request {
            Request::Send(draft) => {
                self.member(draft.conversation, user, needs);
                for mentioned in draft.extras.mentioned() {
                    self.member(draft.conversation, mentioned, needs);
                }
                self.stream(user, actor.device, actor.stream, needs);
            }
            Request::Pull { conversation, .. }
            | Request::Ack { conversation, .. }
            | Request::Read { conversation, .. }
            | Request::Unpin { conversation, .. }
            | Request::Pins { conversation }
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
            Request::FindGroups { prefix } => self.found_groups(prefix.as_ref(), needs),
            Request::AddMembers { conversation, users }
            | Request::RemoveMembers { conversation, users }
            | Request::Ban { conversation, users } => {
                self.member(*conversation, user, needs);
                for &user in users {
                    self.member(*conversation, user, needs);
                }
            }
            Request::Members { conversation, .. } => {
                self.member(*conversation, user, needs);
                self.members(*conversation, needs);
            }
            Request::Edit { conversation, msgid, .. }
            | Request::Recall { conversation, msgid }
            | Request::React { conversation, msgid, .. }
            | Request::Unreact { conversation, msgid, .. }
            | Request::Pin { conversation, msgid } => {
                self.member(*conversation, user, needs);
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
            Request::FindUsers { .. }
            | Request::Users { .. }
            | Request::CreateGroup { .. }
            | Request::CreateInvite { .. }
            | Request::Devices
            | Request::RevokeDevice(_)
            | Request::Figures => {}
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
                if self.conversation(*conversation).is_none() =>
            {
                needs.push(Need::Conversation(*conversation));
            }
            _ => {}
        }
        needs
    }

    fn member(&self, conversation: ConversationId, user: UserId, needs: &mut Vec<Need>) {
        if !self.conversation(conversation).is_some_and(|found| found.knows(user)) {
            needs.push(Need::Member(conversation, user));
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
