//! What requests need in memory. For a user who is not a member nothing is loaded: the request is
//! refused.

use std::collections::BTreeSet;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::{
    EXTRAS_SENT_MAX, IMPORT_ENTRIES_MAX, PROFILES_PER_REQUEST_MAX, USERS_PER_REQUEST_MAX,
    WATCHED_USERS_MAX,
};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::GroupName;
use cairn_proto::wire::request::{ImportEntry, Request};

use super::Load;
use crate::api::actor::Actor;
use crate::state::State;
use crate::state::conversation::Conversation;

impl State {
    /// Collects the state that `request` needs in memory.
    pub(super) fn prefetch_request(&self, actor: Actor, request: &Request, loads: &mut Vec<Load>) {
        let user = actor.user;
        match request {
            Request::Send(draft) => {
                self.sending(actor, draft.conversation, loads);
                if draft.extras.mentioned().next().is_some() {
                    self.others(
                        draft.conversation,
                        user,
                        draft.extras.mentioned().take(EXTRAS_SENT_MAX),
                        loads,
                    );
                }
                loads.extend(
                    draft
                        .body
                        .attachment()
                        .and_then(|attachment| self.record_of(attachment.hash)),
                );
            }
            Request::Forward(forward) => {
                self.message_with_file(user, forward.from, forward.msgid, loads);
                self.sending(actor, forward.to, loads);
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
                self.own_membership(*conversation, user, loads);
            }
            // Open to users who are not members.
            Request::JoinGroup { conversation } => self.member(*conversation, user, loads),
            Request::Import {
                conversation,
                entries,
                ..
            } => {
                self.own_membership(*conversation, user, loads);
                self.importing_members(*conversation, user, entries, loads);
            }
            Request::Receipts { .. } | Request::MarkUnread { .. } => {
                self.prefetch_cursors(user, request, loads)
            }
            Request::FindGroups { prefix } => self.found_groups(prefix.as_ref(), loads),
            Request::Unpin { conversation, .. } | Request::SetRetention { conversation, .. } => {
                self.own_membership(*conversation, user, loads);
                self.relations_in(*conversation, user, loads);
            }
            Request::Recall {
                conversation,
                msgid,
            } => self.message_with_file(user, *conversation, *msgid, loads),
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
                self.message_of(user, *conversation, *msgid, loads);
                self.relations_in(*conversation, user, loads);
            }
            Request::Conversations { since, after } => self.overview(user, *since, *after, loads),
            other => self.prefetch_members(user, other, loads),
        }
    }

    /// Requests about the members of a conversation.
    fn prefetch_members(&self, user: UserId, request: &Request, loads: &mut Vec<Load>) {
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
                self.own_membership(*conversation, user, loads);
                if users.len() <= USERS_PER_REQUEST_MAX {
                    self.others(*conversation, user, users.iter().copied(), loads);
                }
                if matches!(request, Request::AddMembers { .. })
                    && self.is_member(user, *conversation)
                {
                    self.relations_of_named(users, loads);
                }
            }
            Request::Members {
                conversation,
                after,
            } => {
                if let Some((found, _)) = self.own_membership(*conversation, user, loads) {
                    self.page_of_members(*conversation, found, user, *after, loads);
                }
                self.relations_in(*conversation, user, loads);
            }
            Request::Explain {
                conversation,
                user: whose,
            } if self.is_server_admin(user) => {
                self.member(*conversation, user, loads);
                self.member(*conversation, *whose, loads);
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
                self.own_membership(*conversation, user, loads);
                self.others(*conversation, user, [*whose].into_iter(), loads);
            }
            other => self.prefetch_people(user, other, loads),
        }
    }

    /// Requests about users. All others use only what is always in memory.
    fn prefetch_people(&self, user: UserId, request: &Request, loads: &mut Vec<Load>) {
        match request {
            &Request::Focus {
                conversation: Some(conversation),
            } => {
                self.own_membership(conversation, user, loads);
                self.relations_in(conversation, user, loads);
            }
            Request::Relate { user: other, .. } => self.relations_of([user, *other], loads),
            Request::CreateGroup { members, .. } => self.relations_of_named(members, loads),
            Request::Contacts { .. } => self.relations_of([user], loads),
            Request::Watch { .. } if !self.knows_relations(user) => {
                loads.push(Load::Relations(user))
            }
            Request::Watch { users } if users.len() <= WATCHED_USERS_MAX => {
                let others: BTreeSet<UserId> = users
                    .iter()
                    .copied()
                    .filter(|&other| !self.knows_relations(other))
                    .collect();
                loads.extend(
                    others
                        .into_iter()
                        .filter(|&other| self.has_reason_to_watch(user, other))
                        .map(Load::Relations),
                );
            }
            Request::Profiles { users } => {
                let users = users.iter().take(PROFILES_PER_REQUEST_MAX).copied();
                loads.extend(
                    users
                        .filter(|&user| !self.knows_profile(user))
                        .map(Load::Profile),
                );
            }
            Request::SetProfile(_) if !self.knows_profile(user) => loads.push(Load::Profile(user)),
            _ => {}
        }
    }

    /// Whether users to be added have blocked the requester, each once.
    fn relations_of_named(&self, users: &[UserId], loads: &mut Vec<Load>) {
        if users.len() <= USERS_PER_REQUEST_MAX {
            let users: BTreeSet<UserId> = users
                .iter()
                .copied()
                .filter(|user| self.users.contains_key(user))
                .collect();
            self.relations_of(users, loads);
        }
    }

    /// A message that the requester may read. Returns whether it is visible.
    fn message_of(
        &self,
        user: UserId,
        conversation: ConversationId,
        msgid: MsgId,
        loads: &mut Vec<Load>,
    ) -> bool {
        let own = self.own_membership(conversation, user, loads);
        let is_visible = own.is_some_and(|(found, member)| found.shows(&member.record, msgid));
        if is_visible && !self.entries.contains_key(&(conversation, msgid)) {
            loads.push(Load::Entry(conversation, msgid));
        }
        is_visible
    }

    /// The same, with its attachment.
    fn message_with_file(
        &self,
        user: UserId,
        conversation: ConversationId,
        msgid: MsgId,
        loads: &mut Vec<Load>,
    ) {
        if self.message_of(user, conversation, msgid, loads) {
            self.reference(conversation, msgid, loads);
        }
    }

    fn page_of_members(
        &self,
        id: ConversationId,
        found: &Conversation,
        user: UserId,
        after: Option<UserId>,
        loads: &mut Vec<Load>,
    ) {
        if !found.is_counted() {
            let (page, _) = self.members_after(id, after);
            self.others(id, user, page.into_iter(), loads);
        } else if !found.knows_all() {
            loads.push(Load::Members(id));
        }
    }

    /// Requests about cursors.
    fn prefetch_cursors(&self, user: UserId, request: &Request, loads: &mut Vec<Load>) {
        match *request {
            Request::Receipts {
                conversation,
                msgid,
                after,
            } => {
                self.own_membership(conversation, user, loads);
                self.relations_in(conversation, user, loads);
                loads.extend(self.prefetch_receipts(conversation, msgid, user, after));
            }
            Request::MarkUnread { conversation, from } => {
                self.marked(conversation, from, user, loads)
            }
            _ => {}
        }
    }

    /// The entries that a member marks as unread, which must be searched for the member's own.
    fn marked(
        &self,
        conversation: ConversationId,
        from: MsgId,
        user: UserId,
        loads: &mut Vec<Load>,
    ) {
        let own = self.own_membership(conversation, user, loads);
        if let Some(Ok(Some(last))) =
            own.map(|(found, member)| found.markable(&member.record, from))
            && !self.entries.contains_key(&(conversation, last))
        {
            loads.push(Load::Entries(conversation, from, last));
        }
    }

    fn sending(&self, actor: Actor, to: ConversationId, loads: &mut Vec<Load>) {
        self.own_membership(to, actor.user, loads);
        self.relations_in(to, actor.user, loads);
        self.stream(actor.user, actor.device, actor.stream, loads);
    }

    /// The open groups that a search finds.
    fn found_groups(&self, prefix: Option<&GroupName>, loads: &mut Vec<Load>) {
        let missing = self
            .open_groups
            .find(prefix)
            .filter(|&id| self.conversation(id).is_none());
        loads.extend(missing.map(Load::Conversation));
    }

    /// The members among imported senders: their read cursors move.
    fn importing_members(
        &self,
        conversation: ConversationId,
        by: UserId,
        entries: &[ImportEntry],
        loads: &mut Vec<Load>,
    ) {
        let senders = entries
            .iter()
            .take(IMPORT_ENTRIES_MAX)
            .filter_map(|entry| self.user_named(&entry.sender));
        self.others(
            conversation,
            by,
            senders.filter(|&sender| self.is_member(sender, conversation)),
            loads,
        );
    }

    fn is_server_admin(&self, user: UserId) -> bool {
        self.user(user)
            .is_some_and(|user| user.record.role >= ServerRole::Admin)
    }
}
