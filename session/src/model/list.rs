//! The list of conversations, totals, and the quick switcher.

use std::cmp::Reverse;
use std::sync::Arc;

use cairn_client::Totals;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::ConversationKind;
use cairn_client::proto::model::group::Role;
use cairn_client::proto::model::notification::NotificationLevel;
use cairn_client::proto::model::presence::Presence;

use super::Model;
use super::chat::Chat;
use crate::conversation::{Entry, Unread};
use crate::desk::DeskLog;
use crate::limits;
use crate::switcher::{self, Hit, HitTarget};

/// A conversation in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// The other user of a direct chat.
    pub peer: Option<UserId>,
    /// What it is at the support desk, if it is there.
    pub of_desk: Option<DeskLog>,
    /// The name of the group, of the other user, of the queue, or of the visitor.
    pub name: String,
    /// The user's role.
    pub role: Role,
    /// The last entry of the log.
    pub head: MsgId,
    /// Entries up to this one do not exist for the user.
    pub floor: MsgId,
    /// Entries up to this one are read.
    pub read: MsgId,
    /// What is unread. If it is a lower bound, the count is being requested.
    pub unread: Unread,
    /// Which messages notify at present.
    pub level: NotificationLevel,
    /// When that level ends.
    pub level_until: Option<Timestamp>,
    /// Whether it is listed before the others.
    pub favourite: bool,
    /// Whether it is left out of the list.
    pub hidden: bool,
    /// The last message, or change of the conversation.
    pub last: Option<(MsgId, Arc<Entry>)>,
    /// When the last message was sent.
    pub active_at: Timestamp,
    /// The beginning of the draft.
    pub draft: Option<String>,
    /// Who is typing.
    pub typing: Vec<UserId>,
    /// The presence of the other user of a direct chat.
    pub presence: Option<Presence>,
    /// Own messages that need a decision of the user.
    pub failed: u32,
}

/// Lists
impl Model {
    /// The conversations to list: favourites first, then by last activity.
    #[must_use]
    pub fn list(&self) -> Vec<ConversationView> {
        let list = self.list_shared();
        list.iter().map(|view| (**view).clone()).collect()
    }

    /// The same list as [`Model::list`]. Takes time in proportion to what changed since the last
    /// call, and shares the rest with its result.
    #[must_use]
    pub fn list_shared(&self) -> Arc<[Arc<ConversationView>]> {
        self.with_listing(|(list, _)| Arc::clone(list))
    }

    fn with_listing<T>(
        &self,
        read: impl FnOnce(&(Arc<[Arc<ConversationView>]>, Totals)) -> T,
    ) -> T {
        let mut listing = self.listing.borrow_mut();
        for id in listing.take_stale(self.chats.keys().copied()) {
            let chat = self.chats.get(&id).filter(|chat| self.is_listed(chat));
            listing.put(id, chat.map(|chat| self.view(chat)));
        }
        read(listing.read())
    }

    /// One conversation, listed or not.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<ConversationView> {
        self.chats.get(&id).map(|chat| self.view(chat))
    }

    /// Unread totals of the listed conversations.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.with_listing(|(_, totals)| *totals)
    }

    /// The next conversation of the list, after or before another one, with unread messages that
    /// notify; with mentions, if only these are wanted. Starts over at the end.
    #[must_use]
    pub fn next_unread(
        &self,
        from: Option<ConversationId>,
        mentions_only: bool,
        backwards: bool,
    ) -> Option<ConversationId> {
        let list = self.list_shared();
        let mut listed: Vec<&ConversationView> = list.iter().map(|view| &**view).collect();
        if backwards {
            listed.reverse();
        }
        let place = listed.iter().position(|view| Some(view.id) == from);
        let start = place.map_or(0, |place| place + 1);
        let is_wanted = |view: &ConversationView| match view.level {
            NotificationLevel::Nothing => false,
            NotificationLevel::All if !mentions_only => view.unread.messages > 0,
            _ => view.unread.mentions > 0,
        };
        let (before, after) = listed.split_at(start.min(listed.len()));
        let mut turn = after.iter().chain(before);
        turn.find(|view| Some(view.id) != from && is_wanted(view))
            .map(|view| view.id)
    }

    /// Finds conversations and contacts by some characters of their names; the best first. Without
    /// a query, the conversations in the order of their activity.
    #[must_use]
    pub fn switcher(&self, query: &str) -> Vec<Hit> {
        let query = switcher::query(query);
        let chats = self.chats.values().map(|chat| {
            let target = HitTarget::Conversation(chat.id);
            (target, self.name_of(chat), chat.active_at)
        });
        let contacts = self.contacts.iter().filter_map(|(user, _)| {
            let direct = ConversationId::direct(self.options.me, user)?;
            let name = self.users.get(&user)?.name.as_str();
            let is_new = !self.chats.contains_key(&direct);
            is_new.then_some((HitTarget::User(user), name, Timestamp::new(0)))
        });
        let mut hits: Vec<(Hit, Timestamp)> = chats
            .chain(contacts)
            .filter_map(|(target, name, active_at)| {
                let (score, at) = match query.as_slice() {
                    [] => (0, Vec::new()),
                    query => switcher::matched(query, name)?,
                };
                let hit = Hit {
                    target,
                    name: name.to_owned(),
                    score,
                    at,
                };
                Some((hit, active_at))
            })
            .collect();
        hits.sort_by_key(|(hit, active_at)| (Reverse((hit.score, *active_at)), hit.target));
        hits.truncate(limits::HITS_MAX);
        hits.into_iter().map(|(hit, _)| hit).collect()
    }

    /// When something last happened in a conversation, own messages on their way included.
    fn active_at(&self, chat: &Chat) -> Timestamp {
        let written = self.outbox.of(chat.id).map(|item| item.saved.written_at);
        written.max().unwrap_or(chat.active_at).max(chat.active_at)
    }

    fn is_listed(&self, chat: &Chat) -> bool {
        let is_used =
            || self.drafts.contains_key(&chat.id) || self.outbox.of(chat.id).next().is_some();
        !chat.own.settings().hidden && (chat.exists || is_used())
    }

    fn name_of<'a>(&'a self, chat: &'a Chat) -> &'a str {
        // Notes have the name of the visitor whom they are about.
        let about = match chat.kind {
            ConversationKind::Back { of } => self.chats.get(&of),
            _ => None,
        };
        let chat = about.unwrap_or(chat);
        match &chat.kind {
            ConversationKind::Group { name } | ConversationKind::Queue { name } => name.as_str(),
            ConversationKind::Direct { peer } => peer.name.as_str(),
            ConversationKind::Inquiry { visitor, .. } => {
                visitor.as_ref().map_or("visitor", |name| name.as_str())
            }
            ConversationKind::Back { .. } => "visitor",
        }
    }

    fn view(&self, chat: &Chat) -> ConversationView {
        let settings = chat.own.settings();
        let peer = chat.kind.peer().map(|peer| peer.id);
        let draft = self.drafts.get(&chat.id);
        let last = chat.last_shown();
        ConversationView {
            id: chat.id,
            peer,
            of_desk: of_desk(&chat.kind),
            name: self.name_of(chat).to_owned(),
            role: chat.role,
            head: chat.head,
            floor: chat.floor,
            read: chat.read(),
            unread: chat.unread,
            level: settings.notifications.level_at(self.now),
            level_until: settings
                .notifications
                .until
                .filter(|until| *until > self.now),
            favourite: settings.favourite,
            hidden: settings.hidden,
            last: last.map(|(msgid, entry)| (msgid, Arc::clone(entry))),
            active_at: self.active_at(chat),
            draft: draft.map(crate::outbox::Draft::preview),
            typing: chat.typing.keys().copied().collect(),
            presence: peer.and_then(|peer| self.presence(peer)),
            failed: self.outbox.failed(chat.id),
        }
    }
}

/// Returns what a conversation is at the support desk.
const fn of_desk(kind: &ConversationKind) -> Option<DeskLog> {
    match kind {
        ConversationKind::Group { .. } | ConversationKind::Direct { .. } => None,
        ConversationKind::Queue { .. } => Some(DeskLog::Queue),
        ConversationKind::Inquiry { .. } => Some(DeskLog::Inquiry),
        ConversationKind::Back { of } => Some(DeskLog::Notes(*of)),
    }
}
