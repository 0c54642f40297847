//! What requests need. Who is no member of a conversation has nothing loaded: he is told that there is none.

use std::collections::BTreeSet;

use cairn_proto::hello::ServerRole;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::{
    EXTRAS_SENT_MAX, IMPORT_ENTRIES_MAX, PROFILES_PER_REQUEST_MAX, USERS_PER_REQUEST_MAX,
    WATCHED_USERS_MAX,
};
use cairn_proto::request::{ImportEntry, Request};
use cairn_proto::text::GroupName;

use super::Need;
use crate::command::Actor;
use crate::conversation::Conversation;
use crate::state::State;

impl State {
    /// What must be loaded before a request is decided.
    pub(super) fn asked(&self, actor: Actor, request: &Request, needs: &mut Vec<Need>) {
        let user = actor.user;
        match request {
            Request::Send(draft) => {
                self.sending(actor, draft.conversation, needs);
                if draft.extras.mentioned().next().is_some() {
                    self.others(
                        draft.conversation,
                        user,
                        draft.extras.mentioned().take(EXTRAS_SENT_MAX),
                        needs,
                    );
                }
                needs.extend(
                    draft
                        .body
                        .attachment()
                        .and_then(|attachment| self.record_of(attachment.hash)),
                );
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
                self.own_membership(*conversation, user, needs);
            }
            // Whoever is no member may ask this.
            Request::JoinGroup { conversation } => self.member(*conversation, user, needs),
            Request::Import {
                conversation,
                entries,
                ..
            } => {
                self.own_membership(*conversation, user, needs);
                self.importing_members(*conversation, user, entries, needs);
            }
            Request::Receipts { .. } | Request::MarkUnread { .. } => {
                self.asked_about_cursors(user, request, needs)
            }
            Request::FindGroups { prefix } => self.found_groups(prefix.as_ref(), needs),
            Request::Unpin { conversation, .. } | Request::SetRetention { conversation, .. } => {
                self.own_membership(*conversation, user, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Recall {
                conversation,
                msgid,
            } => self.message_with_file(user, *conversation, *msgid, needs),
            Request::Edit {
                conversation,
                msgid,
                ..
            }
            | Request::React {
                conversation,
                msgid,
                ..
            }
            | Request::Unreact {
                conversation,
                msgid,
                ..
            }
            | Request::Pin {
                conversation,
                msgid,
            } => {
                self.message_of(user, *conversation, *msgid, needs);
                self.relations_in(*conversation, user, needs);
            }
            Request::Conversations { since, after } => self.overview(user, *since, *after, needs),
            other => self.asked_about_members(user, other, needs),
        }
    }

    /// The same for requests about members of a conversation.
    fn asked_about_members(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match request {
            Request::AddMembers {
                conversation,
                users,
            }
            | Request::RemoveMembers {
                conversation,
                users,
            }
            | Request::Ban {
                conversation,
                users,
            } => {
                self.own_membership(*conversation, user, needs);
                if users.len() <= USERS_PER_REQUEST_MAX {
                    self.others(*conversation, user, users.iter().copied(), needs);
                }
                if matches!(request, Request::AddMembers { .. })
                    && self.is_member(user, *conversation)
                {
                    self.relations_of_named(users, needs);
                }
            }
            Request::Members {
                conversation,
                after,
            } => {
                if let Some((found, _)) = self.own_membership(*conversation, user, needs) {
                    self.page_of_members(*conversation, found, user, *after, needs);
                }
                self.relations_in(*conversation, user, needs);
            }
            Request::Explain {
                conversation,
                user: whose,
            } if self.is_server_admin(user) => {
                self.member(*conversation, user, needs);
                self.member(*conversation, *whose, needs);
            }
            Request::Explain {
                conversation,
                user: whose,
            }
            | Request::SetRole {
                conversation,
                user: whose,
                ..
            }
            | Request::HandOver {
                conversation,
                user: whose,
            }
            | Request::MuteMember {
                conversation,
                user: whose,
                ..
            } => {
                self.own_membership(*conversation, user, needs);
                self.others(*conversation, user, [*whose].into_iter(), needs);
            }
            other => self.asked_about_people(user, other, needs),
        }
    }

    /// The same for requests about users. What is left needs nothing: it is about what is always in memory.
    fn asked_about_people(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match request {
            &Request::Look {
                conversation: Some(conversation),
            } => {
                self.own_membership(conversation, user, needs);
                self.relations_in(conversation, user, needs);
            }
            Request::Relate { user: other, .. } => self.relations_of([user, *other], needs),
            Request::CreateGroup { members, .. } => self.relations_of_named(members, needs),
            Request::Contacts { .. } => self.relations_of([user], needs),
            Request::Watch { .. } if !self.knows_relations(user) => {
                needs.push(Need::Relations(user))
            }
            Request::Watch { users } if users.len() <= WATCHED_USERS_MAX => {
                let others: BTreeSet<UserId> = users
                    .iter()
                    .copied()
                    .filter(|&other| !self.knows_relations(other))
                    .collect();
                needs.extend(
                    others
                        .into_iter()
                        .filter(|&other| self.has_reason_to_watch(user, other))
                        .map(Need::Relations),
                );
            }
            Request::Profiles { users } => {
                let users = users.iter().take(PROFILES_PER_REQUEST_MAX).copied();
                needs.extend(
                    users
                        .filter(|&user| !self.knows_profile(user))
                        .map(Need::Profile),
                );
            }
            Request::SetProfile(_) if !self.knows_profile(user) => needs.push(Need::Profile(user)),
            _ => {}
        }
    }

    /// Whether those whom somebody makes members have blocked him: those who exist, each once.
    fn relations_of_named(&self, users: &[UserId], needs: &mut Vec<Need>) {
        if users.len() <= USERS_PER_REQUEST_MAX {
            let users: BTreeSet<UserId> = users
                .iter()
                .copied()
                .filter(|user| self.users.contains_key(user))
                .collect();
            self.relations_of(users, needs);
        }
    }

    /// A message that a member may read. Says whether there is one.
    fn message_of(
        &self,
        user: UserId,
        conversation: ConversationId,
        msgid: MsgId,
        needs: &mut Vec<Need>,
    ) -> bool {
        let own = self.own_membership(conversation, user, needs);
        let is_there = own.is_some_and(|(found, member)| found.shows(&member.record, msgid));
        if is_there && !self.entries.contains_key(&(conversation, msgid)) {
            needs.push(Need::Entry(conversation, msgid));
        }
        is_there
    }

    /// The same, and what it names.
    fn message_with_file(
        &self,
        user: UserId,
        conversation: ConversationId,
        msgid: MsgId,
        needs: &mut Vec<Need>,
    ) {
        if self.message_of(user, conversation, msgid, needs) {
            self.used(conversation, msgid, needs);
        }
    }

    /// The members that a page shows.
    fn page_of_members(
        &self,
        id: ConversationId,
        found: &Conversation,
        user: UserId,
        after: Option<UserId>,
        needs: &mut Vec<Need>,
    ) {
        if !found.is_counted() {
            let (page, _) = self.members_behind(id, after);
            self.others(id, user, page.into_iter(), needs);
        } else if !found.knows_all() {
            needs.push(Need::Members(id));
        }
    }

    /// The same for requests about how far members are.
    fn asked_about_cursors(&self, user: UserId, request: &Request, needs: &mut Vec<Need>) {
        match *request {
            Request::Receipts {
                conversation,
                msgid,
                after,
            } => {
                self.own_membership(conversation, user, needs);
                self.relations_in(conversation, user, needs);
                needs.extend(self.receipts_needed(conversation, msgid, user, after));
            }
            Request::MarkUnread { conversation, from } => {
                self.marked(conversation, from, user, needs)
            }
            _ => {}
        }
    }

    /// What a member marks as unread, if he may: his own messages among it are looked for.
    fn marked(
        &self,
        conversation: ConversationId,
        from: MsgId,
        user: UserId,
        needs: &mut Vec<Need>,
    ) {
        let own = self.own_membership(conversation, user, needs);
        if let Some(Ok(Some(last))) =
            own.map(|(found, member)| found.markable(&member.record, from))
            && !self.entries.contains_key(&(conversation, last))
        {
            needs.push(Need::Entries(conversation, from, last));
        }
    }

    fn sending(&self, actor: Actor, to: ConversationId, needs: &mut Vec<Need>) {
        self.own_membership(to, actor.user, needs);
        self.relations_in(to, actor.user, needs);
        self.stream(actor.user, actor.device, actor.stream, needs);
    }

    /// The open groups that a search finds.
    fn found_groups(&self, prefix: Option<&GroupName>, needs: &mut Vec<Need>) {
        let missing = self
            .open_groups
            .find(prefix)
            .filter(|&id| self.conversation(id).is_none());
        needs.extend(missing.map(Need::Conversation));
    }

    /// The members among the senders of imported entries: their read cursors move.
    fn importing_members(
        &self,
        conversation: ConversationId,
        by: UserId,
        entries: &[ImportEntry],
        needs: &mut Vec<Need>,
    ) {
        let senders = entries
            .iter()
            .take(IMPORT_ENTRIES_MAX)
            .filter_map(|entry| self.user_named(&entry.sender));
        self.others(
            conversation,
            by,
            senders.filter(|&sender| self.is_member(sender, conversation)),
            needs,
        );
    }

    fn is_server_admin(&self, user: UserId) -> bool {
        self.user(user)
            .is_some_and(|user| user.record.role >= ServerRole::Admin)
    }
}
