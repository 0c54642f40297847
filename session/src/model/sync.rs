//! Keeps the model in step with the server and the store: overviews, events, names.

use std::collections::BTreeSet;
use std::time::Duration;

use cairn_client::Overview;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::receipts::{MemberCursors, Receipt};
use cairn_client::proto::wire::overview::{Moment, OverviewExtent};

use super::arrivals::Loudness;
use super::chat::Chat;
use super::{Effect, Model, Part, Restored, StoreOp};
use crate::conversation::Details;
use crate::limits;
use crate::link::Link;
use crate::outbox::Numbers;
use crate::time::plus;

/// What is known to be missing.
#[derive(Clone, Debug)]
pub(super) struct State {
    moment: Option<Moment>,
    /// Whether the store has it.
    pub(super) is_moment_stored: bool,
    /// An overview is needed.
    is_behind: bool,
    /// What changed does not suffice: the next overview is to list everything.
    needs_all: bool,
    /// An overview is on its way; whether an event made it out of date.
    asked: Option<bool>,
    /// No overview is requested before.
    not_before: Timestamp,
    /// The event of the connection that was just established is still to come.
    is_fresh: bool,
    /// What was unread before an absence, to sum up with the next overview what came since.
    returning: Option<Loudness>,
    pub(super) watched: Vec<UserId>,
    /// Users whose names are unknown, and those that were requested.
    pub(super) unknown_users: BTreeSet<UserId>,
    pub(super) asked_users: BTreeSet<UserId>,
    /// Conversations whose stored entries may be out of date.
    pub(super) behind: BTreeSet<ConversationId>,
    /// The keywords of the account are to be requested; or are requested, and no event has changed
    /// them since.
    pub(super) needs_keywords: bool,
    pub(super) asked_keywords: bool,
    /// Conversations whose last message may be unknown, and requests in flight for it.
    pub(super) unpreviewed: BTreeSet<ConversationId>,
    pub(super) previews: usize,
    /// Requests in flight that bring them up to date, and when the next ones may be made.
    pub(super) catching_up: usize,
    pub(super) catch_up_at: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        Self {
            moment: None,
            is_moment_stored: false,
            is_behind: false,
            needs_all: false,
            asked: None,
            not_before: Timestamp::new(0),
            is_fresh: false,
            returning: None,
            watched: Vec::new(),
            behind: BTreeSet::new(),
            unpreviewed: BTreeSet::new(),
            previews: 0,
            needs_keywords: false,
            asked_keywords: false,
            catching_up: 0,
            catch_up_at: Timestamp::new(0),
            unknown_users: BTreeSet::new(),
            asked_users: BTreeSet::new(),
        }
    }
}

impl State {
    pub(super) const fn moment(&self) -> Option<Moment> {
        self.moment
    }

    /// When an overview that is needed may be requested.
    pub(super) fn due(&self) -> Option<Timestamp> {
        (self.is_behind && self.asked.is_none()).then_some(self.not_before)
    }

    pub(super) const fn fall_behind(&mut self) {
        self.is_behind = true;
    }

    /// Whether messages of an absence may still arrive one by one.
    pub(super) const fn is_returning(&self) -> bool {
        self.returning.is_some()
    }

    pub(super) const fn outdate(&mut self) {
        if let Some(is_outdated) = &mut self.asked {
            *is_outdated = true;
        }
    }
}

/// The store and the connection
impl Model {
    pub(super) fn restore(&mut self, restored: Restored) {
        self.sync.moment = restored.moment;
        self.sync.is_moment_stored = restored.moment.is_some();
        let users = restored.users.into_iter().take(limits::USERS_MAX);
        self.users.extend(users.map(|user| (user.id, user)));
        for saved in restored.conversations {
            let id = saved.summary.id;
            let mut chat = Chat::new(self.options.me, &saved.summary);
            chat.own.set_listed(saved.listed);
            chat.checked = saved.checked;
            if let ConversationKind::Direct { peer } = &saved.summary.kind {
                self.users.insert(peer.id, peer.clone());
            }
            self.chats.insert(id, chat);
            self.note_senders(id);
            self.note_level(id);
            self.check_latest(id);
        }
        for draft in restored.drafts.into_iter().take(limits::DRAFTS_MAX) {
            self.drafts.insert(draft.conversation, draft.bounded());
        }
        let stream = restored.is_new_stream;
        let numbers = Numbers {
            last_id: restored.last_id,
            next_seqs: restored.next_seqs,
            first_seq: restored.first_seq,
        };
        let chats = &self.chats;
        let head = |id| chats.get(&id).map_or(MsgId::ZERO, |chat| chat.head);
        let effects = self.outbox.restore(restored.outbox, numbers, stream, head);
        self.effects.extend(effects);
        let written = self.outbox.items().map(|item| item.saved.conversation);
        let written: Vec<ConversationId> = written.chain(self.drafts.keys().copied()).collect();
        written.into_iter().for_each(|id| self.begin_direct(id));
        self.touch(Part::List);
        self.listing.get_mut().change_all();
        self.touch_outbox();
        self.unsaved.clear();
    }

    pub(super) fn set_link(&mut self, link: Link) {
        if let Some(absence) = self.link.set(link, self.now) {
            self.came_online(absence);
            self.sync.is_fresh = true;
        } else if !self.link.is_online() {
            self.sync.is_fresh = false;
            self.sync.asked = None;
            self.desk.disconnect();
            self.forget_pulls();
            if matches!(link, Link::Ended(_)) {
                self.outbox.client_ended();
            }
        }
        self.touch(Part::Outbox);
        self.touch_windows();
    }

    fn came_online(&mut self, absence: Duration) {
        if absence >= limits::ABSENCE_TIME && self.sync.returning.is_none() {
            self.sync.returning = Some(self.loudness());
        }
        self.sync.not_before = self.now;
        // Another client than before does not know of it.
        let focused = self
            .focused
            .filter(|id| self.chats.get(id).is_some_and(|chat| chat.exists));
        if focused.is_some() {
            self.effects.push(Effect::Focus(focused));
        }
        self.sync.unknown_users.append(&mut self.sync.asked_users);
        self.missed_events();
        self.watch_peers(true);
    }

    /// The client reports a connection. If it is the one that was established last, everything was
    /// requested already.
    pub(super) fn reconnected(&mut self) {
        if !std::mem::take(&mut self.sync.is_fresh) {
            self.missed_events();
        }
    }

    /// Entries up to `head` exist and are not pushed.
    pub(super) fn behind(&mut self, id: ConversationId, head: MsgId) {
        let Some(chat) = self.chats.get_mut(&id).filter(|chat| chat.head < head) else {
            return;
        };
        chat.head = head;
        chat.unread.is_lower_bound = true;
        self.sync.is_behind = true;
        self.check_stored(id);
        self.check_latest(id);
        self.touch_chat(id);
    }

    /// Events may be missing: nothing is certain until the next overview.
    pub(super) fn missed_events(&mut self) {
        self.sync.is_behind = true;
        self.sync.needs_keywords = true;
        self.desk.fall_behind();
        self.sync.outdate();
        for chat in self.chats.values_mut() {
            chat.details_asked = false;
            if let Some(window) = &mut chat.window {
                window.has_asked_receipts = false;
            }
        }
    }
}

/// Overviews
impl Model {
    pub(super) fn request_overview(&mut self) {
        let is_due = self.sync.due().is_some_and(|at| at <= self.now);
        if is_due && self.link.is_online() {
            self.sync.asked = Some(false);
            self.sync.is_behind = false;
            let since = self.sync.moment.filter(|_| !self.sync.needs_all);
            self.effects.push(Effect::Overview { since });
        }
    }

    pub(super) fn overview_failed(&mut self) {
        self.sync.asked = None;
        self.sync.is_behind = true;
        self.sync.not_before = plus(self.now, limits::OVERVIEW_INTERVAL);
    }

    /// A cursor is elsewhere than on the server, which tells of nothing that did not change there.
    pub(super) fn cursor_failed(&mut self) {
        self.sync.is_behind = true;
        self.sync.needs_all = true;
        self.sync.outdate();
    }

    pub(super) fn apply_overview(&mut self, overview: &Overview) {
        let is_outdated = self.sync.asked.take().unwrap_or(false);
        if is_outdated {
            // Replies and events travel on different streams, and their order is unknown.
            return self.overview_failed();
        }
        self.sync.not_before = plus(self.now, limits::OVERVIEW_INTERVAL);
        self.drop_unlisted(overview);
        for summary in &overview.conversations {
            self.upsert(summary);
            if let Some(chat) = self.chats.get_mut(&summary.id) {
                chat.own.list(summary);
            }
        }
        self.sync.moment = Some(overview.as_of);
        let saved = overview.conversations.iter().map(|summary| summary.id);
        self.unsaved.extend(saved);
        self.save_all();
        if self
            .chats
            .values()
            .any(|chat| chat.exists && chat.unread.is_lower_bound)
        {
            self.doubt_stored();
        } else {
            self.sync.is_moment_stored = true;
            let moment = StoreOp::Moment(overview.as_of);
            self.effects.push(Effect::Store(moment));
        }
        if let Some(before) = self.sync.returning.take() {
            self.sum_up(&before);
            for chat in self.chats.values_mut() {
                chat.noticed = chat.head;
            }
        }
        self.count_on(overview);
        self.sync.catch_up_at = plus(self.now, limits::CATCH_UP_DELAY);
        let ids: Vec<ConversationId> = self.chats.keys().copied().collect();
        ids.into_iter().for_each(|id| self.check_stored(id));
        self.watch_peers(false);
        self.touch(Part::List);
    }

    /// Requests another overview if counts are still unknown: of everything, if the server thinks
    /// that nothing changed where they are.
    fn count_on(&mut self, overview: &Overview) {
        self.sync.needs_all &= overview.extent != OverviewExtent::All;
        let is_listed = |id| overview.conversations.iter().any(|listed| listed.id == id);
        for chat in self
            .chats
            .values()
            .filter(|chat| chat.unread.is_lower_bound)
        {
            self.sync.is_behind = true;
            self.sync.needs_all |= !is_listed(chat.id);
        }
    }

    fn drop_unlisted(&mut self, overview: &Overview) {
        let listed: BTreeSet<ConversationId> = overview
            .conversations
            .iter()
            .map(|summary| summary.id)
            .collect();
        let mut gone = overview.gone.clone();
        for (id, chat) in &mut self.chats {
            if listed.contains(id) || !chat.exists {
                continue;
            }
            match overview.extent {
                OverviewExtent::All => gone.push(*id),
                OverviewExtent::Changed => {
                    if chat.revert_to_listed() {
                        self.listing.get_mut().change(*id);
                    }
                }
            }
        }
        for id in gone {
            self.forget(id);
        }
    }

    fn upsert(&mut self, summary: &Summary) {
        self.learn_peer(summary);
        match self.chats.get_mut(&summary.id) {
            Some(chat) => {
                let floor = chat.floor;
                if !chat.exists && self.focused == Some(summary.id) {
                    self.effects.push(Effect::Focus(self.focused));
                }
                chat.apply(summary);
                if chat.floor > floor {
                    self.delete_expired(summary.id);
                }
            }
            None => {
                let chat = Chat::new(self.options.me, summary);
                self.chats.insert(summary.id, chat);
            }
        }
        self.note_senders(summary.id);
        self.note_level(summary.id);
        self.check_latest(summary.id);
        self.check_mentions(summary.id);
        self.touch_chat(summary.id);
    }

    /// Notes when the notification level of a conversation ends.
    fn note_level(&mut self, id: ConversationId) {
        let chat = self.chats.get(&id);
        let until = chat.and_then(|chat| chat.own.settings().notifications.until);
        match until.filter(|until| *until > self.now) {
            Some(until) => self.level_ends.insert(id, until),
            None => self.level_ends.remove(&id),
        };
    }
}

/// Events
impl Model {
    pub(super) fn apply_summary(&mut self, summary: &Summary) {
        self.sync.outdate();
        self.upsert(summary);
        self.watch_peers(false);
    }

    /// The user is no longer a member.
    pub(super) fn forget(&mut self, id: ConversationId) {
        self.sync.outdate();
        let Some(chat) = self.chats.remove(&id) else {
            return;
        };
        if chat.window.is_some() {
            self.touch(Part::Window(id));
            self.windows.retain(|open| *open != id);
        }
        self.focused = self.focused.filter(|focused| *focused != id);
        self.typing_in.remove(&id);
        self.level_ends.remove(&id);
        self.sync.behind.remove(&id);
        self.sync.unpreviewed.remove(&id);
        if chat.preview.is_some() {
            self.sync.previews = self.sync.previews.saturating_sub(1);
        }
        if chat.catch_up.is_some() {
            self.sync.catching_up = self.sync.catching_up.saturating_sub(1);
        }
        self.unsaved.remove(&id);
        self.effects.push(Effect::Store(StoreOp::Forget(id)));
        self.edits.retain(|edit| edit.conversation != id);
        if self.drafts.remove(&id).is_some() {
            self.effects.push(Effect::Store(StoreOp::NoDraft(id)));
            self.touch(Part::Draft(id));
        }
        let effects = self.outbox.forget(id);
        self.effects.extend(effects);
        self.touch_outbox();
        self.touch_listed(id);
    }

    pub(super) fn apply_read(&mut self, id: ConversationId, read: MsgId, head: MsgId) {
        self.sync.outdate();
        if let Some(chat) = self.chats.get_mut(&id) {
            if !chat.set_read(read, head) {
                self.sync.is_behind = true;
            }
            self.touch_chat(id);
        }
    }

    pub(super) fn expire(&mut self, id: ConversationId, floor: MsgId) {
        self.sync.outdate();
        if let Some(chat) = self.chats.get_mut(&id)
            && floor > chat.floor
        {
            let is_unread = floor > chat.read() && chat.unread.messages > 0;
            chat.raise_floor(floor);
            if !chat.recount() && is_unread {
                chat.unread.is_lower_bound = true;
                self.sync.is_behind = true;
            }
            self.delete_expired(id);
            self.touch_chat(id);
        }
    }

    fn delete_expired(&mut self, conversation: ConversationId) {
        if let Some(chat) = self.chats.get(&conversation) {
            self.effects.push(Effect::Store(StoreOp::Delete {
                conversation,
                through: chat.floor,
            }));
        }
    }

    pub(super) fn typing(&mut self, id: ConversationId, user: UserId) {
        if user == self.options.me {
            return;
        }
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.begin_typing(user, self.now)
        {
            self.typing_in.insert(id);
            self.touch_listed(id);
            self.touch_window(id);
        }
    }

    pub(super) fn apply_cursors(
        &mut self,
        id: ConversationId,
        raised: &[MemberCursors],
        more: bool,
    ) {
        if let Some(chat) = self.chats.get_mut(&id) {
            raised
                .iter()
                .for_each(|cursors| chat.cursors.raise(cursors));
            if let Some(window) = &mut chat.window {
                window.has_asked_receipts &= !more;
            }
            self.touch_window(id);
        }
    }

    pub(super) fn set_receipts(&mut self, id: ConversationId, msgid: MsgId, who: &[Receipt]) {
        if let Some(chat) = self.chats.get_mut(&id) {
            for receipt in who {
                chat.cursors.receipt(msgid, *receipt);
            }
            self.touch_window(id);
        }
    }

    pub(super) fn set_details(
        &mut self,
        id: ConversationId,
        details: Details,
        cursors: &[MemberCursors],
    ) {
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.window.is_some()
        {
            cursors
                .iter()
                .for_each(|cursors| chat.cursors.raise(cursors));
            chat.details = Some(details);
            chat.details_asked = false;
            self.touch(Part::Details(id));
            self.touch_window(id);
        }
    }
}
