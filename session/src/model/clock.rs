//! What happens as time passes.

use cairn_client::proto::ids::{ConversationId, Timestamp};

use super::{Effect, Model, Part, StoreOp};
use crate::limits::SAVE_INTERVAL;
use crate::time::plus;

impl Model {
    /// Does what is due at the present time.
    pub(super) fn tick(&mut self) {
        self.end_typing();
        self.read_seen();
        self.give_notices();
        self.change_shown();
    }

    /// The names of days change at midnight, and what is shown of the connection after a while.
    fn change_shown(&mut self) {
        let today = self.zone.day_number(self.now);
        if today != std::mem::replace(&mut self.today, today) {
            self.touch_windows();
            self.touch(Part::List);
        }
        let ended = self
            .level_ends
            .extract_if(.., |_, until| *until <= self.now);
        let ended: Vec<ConversationId> = ended.map(|(id, _)| id).collect();
        ended.into_iter().for_each(|id| self.touch_listed(id));
        let link = self.link();
        if link != std::mem::replace(&mut self.shown_link, link) {
            self.touch(Part::Link);
        }
    }

    fn end_typing(&mut self) {
        let now = self.now;
        for id in std::mem::take(&mut self.typing_in) {
            let Some(chat) = self.chats.get_mut(&id) else {
                continue;
            };
            let before = chat.typing.len();
            chat.typing.retain(|_, until| now < *until);
            let (after, has_ended) = (chat.typing.len(), chat.typing.len() < before);
            if after > 0 {
                self.typing_in.insert(id);
            }
            if has_ended {
                self.touch_listed(id);
                self.touch_window(id);
            }
        }
    }

    /// Marks as read what was on screen long enough.
    fn read_seen(&mut self) {
        if !self.has_attention {
            return;
        }
        let Some(id) = self.focused else {
            return;
        };
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let window = chat.window.as_mut();
        let Some(msgid) = window.and_then(|window| window.take_read(self.now)) else {
            return;
        };
        self.mark_read(id, msgid);
    }

    /// When something happens by itself.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        let typing = self.typing_in.iter().filter_map(|id| self.chats.get(id));
        let typing = typing.flat_map(|chat| chat.typing.values());
        let window = self
            .focused
            .and_then(|id| self.chats.get(&id)?.window.as_ref());
        let reading = window.filter(|_| self.has_attention);
        let overview = self.sync.due().filter(|_| self.link.is_online());
        let midnight = self.zone.start_of(self.zone.day_number(self.now) + 1);
        let is_behind = !self.sync.behind.is_empty() || !self.sync.unpreviewed.is_empty();
        let catch_up = is_behind && self.link.is_online();
        let saving = (!self.unsaved.is_empty()).then(|| plus(self.saved_at, SAVE_INTERVAL));
        let later = [
            typing.min().copied(),
            reading.and_then(|window| window.read_at()),
            overview,
            self.notices.due(),
            self.link.shown_at(),
            (!self.windows.is_empty()).then_some(midnight),
            saving,
            self.level_ends.values().min().copied(),
            catch_up.then_some(self.sync.catch_up_at),
            self.desk_due(),
        ];
        later
            .into_iter()
            .flatten()
            .filter(|at| *at > self.now)
            .min()
    }

    /// Writes conversations that changed, once a second.
    pub(super) fn save(&mut self) {
        if !self.unsaved.is_empty() && plus(self.saved_at, SAVE_INTERVAL) <= self.now {
            self.save_all();
        }
    }

    pub(super) fn save_all(&mut self) {
        self.saved_at = self.now;
        let unsaved: Vec<ConversationId> = std::mem::take(&mut self.unsaved).into_iter().collect();
        unsaved.into_iter().for_each(|id| self.save_chat(id));
    }

    pub(super) fn save_chat(&mut self, id: ConversationId) {
        let Some(chat) = self.chats.get(&id).filter(|chat| chat.exists) else {
            return;
        };
        let saved = Box::new(chat.saved());
        if chat.unread.is_lower_bound {
            self.doubt_stored();
        }
        self.effects
            .push(Effect::Store(StoreOp::Conversation(saved)));
    }

    /// A stored count is uncertain: what changed since the last overview does not tell the right
    /// one.
    pub(super) fn doubt_stored(&mut self) {
        if std::mem::take(&mut self.sync.is_moment_stored) {
            self.effects.push(Effect::Store(StoreOp::NoMoment));
        }
    }
}
