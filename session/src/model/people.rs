//! Users: their names, relations and presence.

use cairn_client::proto::ids::{ConversationId, UserId};
use cairn_client::proto::limits::WATCHED_USERS_MAX;
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::people::Contact;
use cairn_client::proto::model::presence::UserPresence;
use cairn_client::proto::model::user::UserInfo;
use cairn_client::proto::text::Keyword;

use super::{Effect, Model, Part, StoreOp};
use crate::limits;

impl Model {
    pub(super) fn apply_contact(&mut self, contact: &Contact) {
        self.sync.outdate();
        self.learn_users(vec![contact.user.clone()]);
        self.contacts.set(contact);
        self.notices.set_contact(contact);
        self.touch(Part::People);
    }

    pub(super) fn set_contacts(&mut self, contacts: &[Contact]) {
        let users = contacts.iter().map(|contact| contact.user.clone());
        self.learn_users(users.collect());
        self.contacts.replace(contacts);
        self.notices.set_contacts(contacts);
        self.touch(Part::People);
    }

    /// Requests the keywords of the account.
    pub(super) fn request_keywords(&mut self) {
        if self.link.is_online() && std::mem::take(&mut self.sync.needs_keywords) {
            self.sync.asked_keywords = true;
            self.effects.push(Effect::Keywords);
        }
    }

    /// The answer to a request, which an event since then is newer than.
    pub(super) fn set_keywords(&mut self, keywords: &[Keyword]) {
        if std::mem::take(&mut self.sync.asked_keywords) {
            self.notices.set_keywords(keywords);
        }
    }

    /// Another device changed the keywords.
    pub(super) fn keywords_changed(&mut self, keywords: &[Keyword]) {
        self.sync.asked_keywords = false;
        self.notices.set_keywords(keywords);
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
            if let Some(renamed) = self.rename_peer(&user) {
                self.touch_listed(renamed);
            }
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
        senders.for_each(|user| self.want_user(user));
    }

    /// Notes that a user is shown, whose name may be unknown.
    pub(crate) fn want_user(&mut self, user: UserId) {
        // Neither of them is a user.
        if [UserId::SERVER, UserId::VISITOR].contains(&user) {
            return;
        }
        let is_known = self.users.contains_key(&user) || self.sync.asked_users.contains(&user);
        if !is_known && self.sync.unknown_users.len() < limits::USERS_MAX {
            self.sync.unknown_users.insert(user);
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

    /// Returns the direct chat with the user, if there is one.
    fn rename_peer(&mut self, user: &UserInfo) -> Option<ConversationId> {
        let direct = ConversationId::direct(self.options.me, user.id)?;
        let chat = self.chats.get_mut(&direct)?;
        chat.kind = ConversationKind::Direct { peer: user.clone() };
        Some(direct)
    }

    /// The presence of a user changed.
    fn touch_presence(&mut self, user: UserId) {
        if let Some(direct) = ConversationId::direct(self.options.me, user) {
            self.touch_listed(direct);
        }
    }

    pub(super) fn set_presences(&mut self, presences: &[UserPresence]) {
        for presence in presences {
            if self.sync.watched.contains(&presence.user) {
                self.presences.insert(presence.user, presence.presence());
                self.touch_presence(presence.user);
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
            .filter_map(|chat| Some((chat.active_at, chat.kind.peer()?.id)))
            .collect();
        direct.sort_unstable_by(|a, b| b.cmp(a));
        direct.truncate(WATCHED_USERS_MAX);
        let mut users: Vec<UserId> = direct.into_iter().map(|(_, user)| user).collect();
        users.sort_unstable();
        if users != self.sync.watched || always && !users.is_empty() {
            self.sync.watched.clone_from(&users);
            let is_over = |user: &UserId| users.binary_search(user).is_err();
            let over = self.presences.extract_if(.., |user, _| is_over(user));
            let over: Vec<UserId> = over.map(|(user, _)| user).collect();
            over.into_iter().for_each(|user| self.touch_presence(user));
            self.effects.push(Effect::Watch(users));
        }
    }
}
