//! What requests need in memory. For a user who is not a member nothing is loaded: the request is
//! refused.

use std::collections::BTreeSet;

use cairn_proto::content::extras::Extras;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::limits::{
    EXTRAS_SENT_MAX, IMPORT_ENTRIES_MAX, USERS_PER_REQUEST_MAX, WATCHED_USERS_MAX,
};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::GroupName;
use cairn_proto::wire::request::group::ListMembers;
use cairn_proto::wire::request::message::ImportEntry;

use super::Load;
use crate::api::actor::Actor;
use crate::state::State;
use crate::state::conversation::Conversation;
use crate::state::send_stream::SendSlots;

impl State {
    /// Whether users to be added have blocked the requester, each once.
    pub(crate) fn relations_of_named(&self, users: &[UserId], loads: &mut Vec<Load>) {
        if users.len() <= USERS_PER_REQUEST_MAX {
            let users: BTreeSet<UserId> = users
                .iter()
                .copied()
                .filter(|user| self.users.contains_key(user))
                .collect();
            self.relations_of(users, loads);
        }
    }

    /// The memberships of users whom a message mentions, and whether they have blocked its sender.
    pub(crate) fn mentioning(
        &self,
        conversation: ConversationId,
        by: UserId,
        extras: &Extras,
        loads: &mut Vec<Load>,
    ) {
        if extras.mentions_all() {
            let exempt = self.exempt(conversation, by);
            self.others(conversation, by, exempt, loads);
        }
        let users = extras.mentioned().take(EXTRAS_SENT_MAX);
        if self.is_member(by, conversation) {
            let users: BTreeSet<UserId> = users.collect();
            self.others(conversation, by, users.iter().copied(), loads);
            let members = users.into_iter();
            self.relations_of(
                members.filter(|&user| self.is_member(user, conversation)),
                loads,
            );
        }
    }

    /// The members with whom a mention of all is recorded, if they are counted.
    pub(crate) fn mentions_of_all(
        &self,
        by: UserId,
        conversation: ConversationId,
        loads: &mut Vec<Load>,
    ) {
        let found = self.conversations.get(&conversation);
        let is_unknown = found.is_some_and(|found| found.is_counted() && !found.knows_all());
        if is_unknown && self.is_member(by, conversation) {
            loads.push(Load::Members(conversation));
        }
    }

    /// The requester's membership, and that of another user whom the request names.
    pub(crate) fn member_named(
        &self,
        conversation: ConversationId,
        by: UserId,
        whose: UserId,
        loads: &mut Vec<Load>,
    ) {
        self.own_membership(conversation, by, loads);
        self.others(conversation, by, [whose].into_iter(), loads);
    }

    /// The requester's membership, and those of the users whom the request names.
    pub(crate) fn members_named(
        &self,
        conversation: ConversationId,
        by: UserId,
        users: &[UserId],
        loads: &mut Vec<Load>,
    ) {
        self.own_membership(conversation, by, loads);
        if users.len() <= USERS_PER_REQUEST_MAX {
            self.others(conversation, by, users.iter().copied(), loads);
        }
    }

    /// A group and the memberships of these users in it.
    pub(crate) fn memberships_of(
        &self,
        conversation: ConversationId,
        users: &[UserId],
        loads: &mut Vec<Load>,
    ) {
        self.conversation_alone(conversation, loads);
        if users.len() <= USERS_PER_REQUEST_MAX {
            self.chunks_of(conversation, users.iter().copied(), loads);
        }
    }

    /// A message that the requester may read. Returns whether it is visible.
    pub(crate) fn message_of(
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
    pub(crate) fn message_with_file(
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

    pub(crate) fn page_of_members(
        &self,
        page: &ListMembers,
        found: &Conversation,
        user: UserId,
        loads: &mut Vec<Load>,
    ) {
        let &ListMembers {
            conversation: id,
            after,
        } = page;
        if !found.is_counted() {
            let (page, _) = self.members_after(id, after);
            self.others(id, user, page.into_iter(), loads);
        } else if !found.knows_all() {
            loads.push(Load::Members(id));
        }
    }

    /// The entries that a member marks as unread, which must be searched for the member's own.
    pub(crate) fn marked(
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

    pub(crate) fn sending(
        &self,
        actor: Actor,
        to: ConversationId,
        loads: &mut Vec<Load>,
    ) -> SendSlots {
        let membership = self.own_membership_slots(to, actor.user, loads);
        self.relations_in(to, actor.user, loads);
        let stream = self.stream(actor.user, actor.device, actor.stream, loads);
        SendSlots { membership, stream }
    }

    /// The open groups that a search finds.
    pub(crate) fn found_groups(&self, prefix: Option<&GroupName>, loads: &mut Vec<Load>) {
        let missing = self
            .open_groups
            .find(prefix)
            .filter(|&id| self.conversation(id).is_none());
        loads.extend(missing.map(Load::Conversation));
    }

    /// The members among imported senders: their read cursors move.
    pub(crate) fn importing_members(
        &self,
        conversation: ConversationId,
        by: UserId,
        entries: &[ImportEntry],
        loads: &mut Vec<Load>,
    ) {
        let senders = entries
            .iter()
            .take(IMPORT_ENTRIES_MAX)
            .filter_map(|entry| self.imported_author(&entry.sender).ok());
        self.others(
            conversation,
            by,
            senders.filter(|&sender| self.is_member(sender, conversation)),
            loads,
        );
    }

    /// The relations that decide whom the requester may watch.
    pub(crate) fn watching(&self, user: UserId, users: &[UserId], loads: &mut Vec<Load>) {
        if !self.knows_relations(user) {
            loads.push(Load::Relations(user));
        } else if users.len() <= WATCHED_USERS_MAX {
            let unknown = users
                .iter()
                .copied()
                .filter(|&other| !self.knows_relations(other));
            let others: BTreeSet<UserId> = unknown.collect();
            let reasons = others
                .into_iter()
                .filter(|&other| self.has_reason_to_watch(user, other));
            loads.extend(reasons.map(Load::Relations));
        }
    }

    pub(crate) fn is_server_admin(&self, user: UserId) -> bool {
        self.user(user)
            .is_some_and(|user| user.record.role >= ServerRole::Admin)
    }
}
