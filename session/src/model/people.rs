//! Users: their names, relations and presence.

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::limits::WATCHED_USERS_MAX;
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::people::Contact;
use cairn_client::proto::model::presence::UserPresence;
use cairn_client::proto::model::user::UserInfo;

use super::{Effect, Model, Part, StoreOp};
use crate::limits;

impl Model {
    pub(super) fn apply_contact(&mut self, contact: &Contact) {
        self.sync.outdate();
        self.learn_users(vec![contact.user.clone()]);
        self.contacts.set(contact);
        self.touch(Part::People);
    }

    pub(super) fn set_contacts(&mut self, contacts: &[Contact]) {
        let users = contacts.iter().map(|contact| contact.user.clone());
        self.learn_users(users.collect());
        self.contacts.replace(contacts);
        self.touch(Part::People);
    }

    pub(super) fn learn_peer(&mut self, summary: &Summary) {
        if let ConversationKind::Direct { peer } = &summary.kind {
            self.learn_users(vec![peer.clone()]);
        }
    }

    pub(super) fn learn_users(&mut self, users: Vec<UserInfo>) {
        let mut learned = Vec::new();
        for user in users {
            self.sync.asked_users.remove(&user.id);
            self.sync.unknown_users.remove(&user.id);
            let is_full = self.users.len() >= limits::USERS_MAX;
            let known = self.users.get(&user.id);
            if known == Some(&user) || is_full && known.is_none() {
                continue;
            }
            self.rename_peer(&user);
            self.users.insert(user.id, user.clone());
            learned.push(user);
        }
        if !learned.is_empty() {
            self.effects.push(Effect::Store(StoreOp::Users(learned)));
            self.touch(Part::People);
            self.touch(Part::List);
            self.touch_windows();
        }
    }

    /// Notes which senders of a conversation are unknown.
    pub(super) fn note_senders(&mut self, id: ConversationId) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let senders = std::mem::take(&mut chat.senders).into_iter();
        let unknown = senders.filter(|user| *user != UserId::SERVER);
        for user in unknown {
            let is_known = self.users.contains_key(&user) || self.sync.asked_users.contains(&user);
            if !is_known && self.sync.unknown_users.len() < limits::USERS_MAX {
                self.sync.unknown_users.insert(user);
            }
        }
    }

    /// Requests names that are unknown.
    pub(super) fn request_users(&mut self) {
        if !self.link.is_online() || self.sync.asked_users.len() >= limits::USERS_MAX {
            return;
        }
        let unknown = self.sync.unknown_users.iter().copied();
        let users: Vec<UserId> = unknown.take(limits::USERS_PER_REQUEST).collect();
        if !users.is_empty() {
            self.sync.unknown_users.retain(|user| !users.contains(user));
            self.sync.asked_users.extend(&users);
            self.effects.push(Effect::Users(users));
        }
    }

    fn rename_peer(&mut self, user: &UserInfo) {
        let direct = ConversationId::direct(self.options.me, user.id);
        let chat = direct.and_then(|id| self.chats.get_mut(&id));
        if let Some(chat) = chat {
            chat.kind = ConversationKind::Direct { peer: user.clone() };
        }
    }

    pub(super) fn set_presences(&mut self, presences: &[UserPresence]) {
        for presence in presences {
            if self.sync.watched.contains(&presence.user) {
                self.presences.insert(presence.user, presence.presence());
            }
        }
        self.touch(Part::People);
        self.touch(Part::List);
    }

    /// Watches the users of the most recent direct chats.
    pub(super) fn watch_peers(&mut self, always: bool) {
        if !self.link.is_online() {
            return;
        }
        let mut direct: Vec<_> = self
            .chats
            .values()
            .filter_map(|chat| match &chat.kind {
                ConversationKind::Direct { peer } => Some((chat.active_at, peer.id)),
                ConversationKind::Group { .. } => None,
            })
            .collect();
        direct.sort_unstable_by(|a, b| b.cmp(a));
        direct.truncate(WATCHED_USERS_MAX);
        let mut users: Vec<UserId> = direct.into_iter().map(|(_, user)| user).collect();
        users.sort_unstable();
        if users != self.sync.watched || always && !users.is_empty() {
            self.sync.watched.clone_from(&users);
            self.presences.retain(|user, _| users.contains(user));
            self.effects.push(Effect::Watch(users));
        }
    }
}
