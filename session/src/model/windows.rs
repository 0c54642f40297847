//! Windows: opening, scrolling, reading, jumping.

use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::conversation::{Conversation as Summary, ConversationKind};
use cairn_client::proto::model::group::{MemberSettings, Role};

use super::chat::Chat;
use super::{Effect, Fetched, Model, Part, Place};
use crate::conversation::Entry;
use crate::day::Date;
use crate::limits;
use crate::outbox::Item;
use crate::timeline::{
    self, AnchorTo, DateJump, DateSearch, DateStep, Divider, RowKey, Seen, Source, Window,
    WindowView,
};

/// Commands
impl Model {
    pub(super) fn open(&mut self, id: ConversationId, at: Place) {
        self.begin_direct(id);
        if self.focused.is_some_and(|focused| focused != id) {
            self.lose_focus();
        }
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        if self.focused != Some(id) {
            self.windows_opened += 1;
            let divider = match chat.unread.messages {
                0 => Divider::None,
                count => Divider::After {
                    read: chat.read(),
                    count,
                },
            };
            let opened = self.windows_opened;
            match &mut chat.window {
                Some(window) => window.reopen(opened, divider),
                None => chat.window = Some(Window::new(opened, divider)),
            }
            self.focused = Some(id);
            if chat.exists {
                self.effects.push(Effect::Focus(Some(id)));
            }
            self.windows.retain(|open| *open != id);
            self.windows.push(id);
            let excess = self.windows.len().saturating_sub(limits::WINDOWS_MAX);
            let oldest: Vec<_> = self.windows.iter().copied().take(excess).collect();
            oldest.into_iter().for_each(|id| self.close(id));
        }
        self.go(id, at);
        self.touch_chat(id);
    }

    /// A direct chat can be written in before it exists.
    pub(super) fn begin_direct(&mut self, id: ConversationId) {
        let me = self.options.me;
        let Some((low, high)) = id
            .direct_users()
            .filter(|(low, high)| *low == me || *high == me)
        else {
            return;
        };
        let peer = if low == me { high } else { low };
        let Some(peer) = self.users.get(&peer) else {
            return;
        };
        let peer = peer.clone();
        self.chats.entry(id).or_insert_with(|| {
            let summary = Summary {
                id,
                kind: ConversationKind::Direct { peer },
                role: Role::Member,
                head: MsgId::ZERO,
                floor: MsgId::ZERO,
                read: MsgId::ZERO,
                delivered: MsgId::ZERO,
                unread: 0,
                mentions: 0,
                last: None,
                settings: MemberSettings::default(),
            };
            let mut chat = Chat::new(me, &summary);
            chat.exists = false;
            chat
        });
    }

    pub(super) fn leave(&mut self, id: ConversationId) {
        if self.focused == Some(id) {
            self.lose_focus();
            self.effects.push(Effect::Focus(None));
        }
        self.close(id);
    }

    fn lose_focus(&mut self) {
        let focused = self.focused.take();
        let window = focused.and_then(|id| self.chats.get_mut(&id)?.window.as_mut());
        if let Some(window) = window {
            window.lose_focus();
        }
        focused.into_iter().for_each(|id| self.touch_window(id));
    }

    fn close(&mut self, id: ConversationId) {
        self.windows.retain(|open| *open != id);
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.window.take().is_some()
        {
            chat.details = None;
            chat.details_asked = false;
            chat.details_as_of = MsgId::ZERO;
            chat.evict(limits::PREVIEW_ENTRIES);
            self.settle_sent(id);
            self.touch(Part::Window(id));
            self.touch_listed(id);
        }
    }

    pub(super) fn attend(&mut self, has_attention: bool) {
        self.has_attention = has_attention;
        let window = self
            .focused
            .and_then(|id| self.chats.get_mut(&id)?.window.as_mut());
        if let Some(window) = window {
            window.attend(has_attention, self.now);
        }
    }

    pub(super) fn see(&mut self, id: ConversationId, first: RowKey, last: RowKey) {
        let (now, has_attention) = (self.now, self.has_attention && self.focused == Some(id));
        let last_pending = self.pending(id).last().map(|item| item.saved.id);
        let zone = &self.zone;
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let Some(window) = &mut chat.window else {
            return;
        };
        let is_last = |key| match (window.resolve(key), last_pending) {
            (RowKey::Mine(id), last) => Some(id) == last,
            (_, Some(_)) => false,
            (RowKey::Entry(msgid), None) => {
                let mut later = chat.log.after(msgid);
                chat.log.contains(chat.head) && !later.any(|(_, entry)| entry.is_shown())
            }
            (RowKey::Gap(first), None) => chat.log.last().is_none_or(|last| last < first),
            (_, None) => false,
        };
        let entry = |key| match window.resolve(key) {
            RowKey::Entry(msgid) | RowKey::Gap(msgid) => Some(msgid),
            RowKey::Mine(_) => Some(chat.head),
            RowKey::Unread => window.divider.place().map(|(msgid, _)| msgid),
            RowKey::Start => Some(chat.floor.next()),
            RowKey::Day(day) => {
                let mut held = chat.log.entries();
                let first = held.find(|(_, entry)| zone.day_number(entry.sent_at) >= day);
                first.map(|(msgid, _)| msgid)
            }
        };
        let is_at_end = is_last(last);
        let bottom = match (entry(last), last) {
            _ if is_at_end => Some(chat.head),
            (found, RowKey::Entry(_) | RowKey::Mine(_)) => found,
            // Nothing of the entries after this row is on screen.
            (found, _) => found.map(MsgId::prev),
        };
        let Some(bottom) = bottom else {
            return;
        };
        let seen = Seen {
            first: entry(first).unwrap_or(bottom).min(bottom),
            last: bottom.min(chat.log.last().unwrap_or(bottom)),
            is_at_end,
        };
        window.is_blocked = false;
        window.target = window.target.filter(|target| !chat.log.contains(*target));
        window.see(seen, has_attention, now);
    }

    /// Own messages of a conversation that are not in its log. An entry that arrived before the
    /// server has confirmed the message is taken for it.
    fn pending(&self, id: ConversationId) -> Vec<&Item> {
        let mut pending: Vec<&Item> = self.outbox.of(id).collect();
        let Some(chat) = self.chats.get(&id).filter(|_| !pending.is_empty()) else {
            return pending;
        };
        let newest = chat.log.entries().rev().take(limits::SENT_ROWS_MAX);
        let mut unclaimed: Vec<(MsgId, &Arc<Entry>)> = newest
            .filter(|(_, entry)| entry.sender == chat.me)
            .collect();
        unclaimed.reverse();
        let claimed = self.outbox.of(id).filter_map(|item| item.stored);
        let claimed: Vec<MsgId> = claimed.collect();
        unclaimed.retain(|(msgid, _)| !claimed.contains(msgid));
        pending.retain(|item| match item.stored {
            Some(msgid) => !chat.log.contains(msgid),
            None => {
                let mut own = unclaimed.iter();
                let found = own.position(|(msgid, entry)| item.may_be(*msgid, entry));
                found.map(|at| unclaimed.remove(at)).is_none()
            }
        });
        pending
    }
}

/// Reading
impl Model {
    /// Marks everything up to a message as read, here and on the server.
    pub(super) fn mark_read(&mut self, id: ConversationId, msgid: MsgId) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let msgid = msgid.min(chat.head);
        if msgid <= chat.read() {
            return;
        }
        if !chat.set_read(msgid, chat.head) {
            self.sync.fall_behind();
        }
        self.effects.push(Effect::Read {
            conversation: id,
            msgid,
        });
        self.touch_chat(id);
    }

    pub(super) fn mark_unread(&mut self, id: ConversationId, from: MsgId) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        if let Some(window) = &mut chat.window {
            window.is_reading_held = true;
        }
        if from > chat.read() {
            return;
        }
        if !chat.set_read(from.prev(), chat.head) {
            self.sync.fall_behind();
        }
        self.effects.push(Effect::MarkUnread {
            conversation: id,
            from,
        });
        self.touch_chat(id);
    }
}

/// Places
impl Model {
    pub(super) fn jump(&mut self, id: ConversationId, to: Place) {
        if let Some(window) = self.window_mut(id) {
            window.remember();
        }
        self.go(id, to);
        self.touch_window(id);
    }

    pub(super) fn back(&mut self, id: ConversationId) {
        let Some(window) = self.window_mut(id) else {
            return;
        };
        let Some(place) = window.places.pop() else {
            return;
        };
        match place {
            AnchorTo::Row(RowKey::Entry(msgid)) => self.go(id, Place::At(msgid)),
            _ => self.go(id, Place::End),
        }
        self.touch_window(id);
    }

    fn window_mut(&mut self, id: ConversationId) -> Option<&mut Window> {
        self.chats.get_mut(&id)?.window.as_mut()
    }

    /// Moves a window to a place.
    fn go(&mut self, id: ConversationId, to: Place) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let (floor, head, read) = (chat.floor, chat.head, chat.read());
        let Some(window) = &mut chat.window else {
            return;
        };
        window.is_blocked = false;
        window.search = None;
        window.date_jump = DateJump::Idle;
        let target = match to {
            Place::At(msgid) => Some(msgid.clamp(floor.next(), head.max(floor.next()))),
            Place::FirstUnread if read < head && chat.unread.messages > 0 => Some(read.next()),
            Place::End | Place::FirstUnread => None,
            Place::On(date) => return self.search_from(id, date),
        };
        window.target = target;
        window.scroll(match target {
            Some(msgid) => AnchorTo::Row(RowKey::Entry(msgid)),
            None => AnchorTo::End,
        });
    }

    fn search_from(&mut self, id: ConversationId, date: Date) {
        let wanted = self.zone.start_of(date.day_number());
        let now = self.now;
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let Some(window) = &mut chat.window else {
            return;
        };
        let last = chat.log.get(chat.head).map_or(now, |entry| entry.sent_at);
        if chat.head <= chat.floor || last < wanted {
            window.date_jump = DateJump::NotFound;
            return;
        }
        window.date_jump = DateJump::Searching;
        window.target = None;
        window.is_probing = false;
        let mut search = DateSearch::new(wanted, chat.floor, (chat.head, last));
        for (msgid, entry) in chat.log.entries() {
            search.note(msgid, entry.sent_at);
        }
        window.search = Some(search);
    }

    /// Continues the search of a date.
    pub(super) fn search_date(&mut self, id: ConversationId) {
        let is_online = self.link.is_online();
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let Some(window) = chat.window.as_mut().filter(|window| !window.is_probing) else {
            return;
        };
        let Some(search) = &mut window.search else {
            return;
        };
        if let Some(target) = window.target {
            // The search has ended; the entries around its result are being read.
            if let Some(since) = chat.log.segments().held_since(target) {
                let wanted = search.wanted();
                let is_found = |entry: &Entry| entry.sent_at >= wanted && entry.is_shown();
                let found = {
                    let mut held = chat.log.after(since.prev());
                    held.find(|(_, entry)| is_found(entry))
                };
                let found = found.map_or(target, |(msgid, _)| msgid).min(target);
                window.search = None;
                window.date_jump = DateJump::Idle;
                window.target = Some(found);
                window.scroll(AnchorTo::Row(RowKey::Entry(found)));
                self.touch_window(id);
            }
            return;
        }
        match search.step() {
            DateStep::Found(msgid) => {
                window.target = Some(msgid);
                let is_held = chat.log.contains(msgid);
                if is_held {
                    self.search_date(id);
                }
            }
            DateStep::Probe(msgid) if is_online => {
                window.is_probing = true;
                let opened = window.opened;
                self.probe(id, opened, msgid);
            }
            DateStep::Probe(_) => {
                window.search = None;
                window.date_jump = DateJump::NotFound;
                self.touch_window(id);
            }
        }
    }

    pub(super) fn date_page(
        &mut self,
        id: ConversationId,
        opened: u64,
        probe: MsgId,
        page: &Fetched,
    ) {
        let window = self.window_mut(id).filter(|window| window.opened == opened);
        let Some(window) = window.filter(|window| window.is_probing) else {
            return;
        };
        window.is_probing = false;
        let found = match page {
            Fetched::Pulled(page) => page.messages.first(),
            Fetched::Stored { messages, .. } => messages.first(),
            Fetched::Failed => None,
        };
        match (found, &mut window.search) {
            (Some(found), Some(search)) if found.msgid >= probe => {
                search.note(found.msgid, found.sent_at);
            }
            _ => {
                window.search = None;
                window.date_jump = DateJump::NotFound;
            }
        }
        self.touch_window(id);
    }
}

/// Views
impl Model {
    /// The window of a conversation, if it is open. Takes time in proportion to the entries held.
    #[must_use]
    pub fn window(&self, id: ConversationId) -> Option<WindowView> {
        self.window_shared(id).map(Arc::unwrap_or_clone)
    }

    /// The same window as [`Model::window`], which is built once until it changes.
    #[must_use]
    pub fn window_shared(&self, id: ConversationId) -> Option<Arc<WindowView>> {
        let chat = self.chats.get(&id)?;
        let window = chat.window.as_ref()?;
        Some(window.view.read(|| self.build_window(chat, window)))
    }

    fn build_window(&self, chat: &Chat, window: &Window) -> WindowView {
        let id = chat.id;
        let source = Source {
            me: self.options.me,
            conversation: id,
            log: &chat.log,
            floor: chat.floor,
            head: chat.head,
            details: chat.details.as_ref(),
            cursors: &chat.cursors,
            divider: window.divider.place(),
            zone: &self.zone,
            now: self.now,
            pending: self.pending(id).into_iter().map(Item::view).collect(),
        };
        WindowView {
            conversation: id,
            rows: timeline::rows(&source).into(),
            head: chat.head,
            floor: chat.floor,
            is_at_end: chat.head <= chat.floor || chat.log.contains(chat.head),
            anchor: window.anchor,
            date_jump: window.date_jump,
            can_go_back: !window.places.is_empty(),
            is_loading: window.asked.is_some() || window.search.is_some(),
            typing: chat.typing.keys().copied().collect(),
            sent_rows: window.sent_rows.iter().copied().collect(),
        }
    }

    /// Places the dividers of windows once the entries after them are held.
    pub(super) fn place_divider(&mut self, id: ConversationId) {
        let me = self.options.me;
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        if let Some(window) = &mut chat.window {
            let before = window.divider;
            window.divider.advance(&chat.log, chat.floor, me);
            if window.divider != before {
                self.touch_window(id);
            }
        }
    }
}
