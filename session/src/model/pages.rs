//! Pages of logs: what windows lack, and what the store lacks.

use cairn_client::Page;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::wire::request::session::PullRange;

use super::arrivals::without_edit;
use super::chat::Chat;
use super::{Effect, Fetched, Model, RequestId, StoreOp};
use crate::limits;
use crate::time::plus;
use crate::timeline::{Asked, Want, Window};

/// What a page was requested for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// A window, of this opening.
    Window(ConversationId, u64),
    /// The time of an entry, for a window of this opening that searches a date.
    Date(ConversationId, u64, MsgId),
    /// The store.
    CatchUp(ConversationId),
    /// The last message, for the list.
    Preview(ConversationId),
}

/// Requests
impl Model {
    /// Requests what is missing, as far as it can be requested now.
    pub(super) fn request_pages(&mut self) {
        for id in self.windows.clone() {
            self.search_date(id);
            self.request_for_window(id);
            self.request_details(id);
        }
        self.request_catch_up();
    }

    fn request_for_window(&mut self, id: ConversationId) {
        let (is_online, has_store) = (self.link.is_online(), self.options.has_store);
        let Some(chat) = self.chats.get(&id).filter(|chat| chat.exists) else {
            return;
        };
        let Some(window) = chat.window.as_ref().filter(|window| window.can_ask()) else {
            return;
        };
        let wants = chat.wants().into_iter();
        let is_stored =
            |want: &Want| has_store && want.is_missing && !window.not_stored.contains(&want.wanted);
        let mut possible = wants.filter(|want| is_online || is_stored(want));
        let Some(want) = possible.next() else {
            return;
        };
        let (is_stored, opened) = (is_stored(&want), window.opened);
        let request = self.new_request(Purpose::Window(id, opened));
        let Want {
            wanted,
            range,
            limit,
            ..
        } = want;
        if let Some(window) = self
            .chats
            .get_mut(&id)
            .and_then(|chat| chat.window.as_mut())
        {
            window.asked = Some(Asked {
                id: request,
                wanted,
                is_stored,
            });
        }
        self.read_log(request, id, range, limit, is_stored);
        self.touch_window(id);
    }

    pub(super) fn read_log(
        &mut self,
        id: RequestId,
        conversation: ConversationId,
        range: PullRange,
        limit: u32,
        is_stored: bool,
    ) {
        self.effects.push(if is_stored {
            Effect::Load {
                id,
                conversation,
                range,
                limit,
            }
        } else {
            Effect::Pull {
                id,
                conversation,
                range,
                limit,
            }
        });
    }

    /// Reads the time of an entry, for a window that searches a date.
    pub(super) fn probe(&mut self, conversation: ConversationId, opened: u64, msgid: MsgId) {
        let request = self.new_request(Purpose::Date(conversation, opened, msgid));
        self.read_log(request, conversation, PullRange::From(msgid), 1, false);
    }

    /// Brings what is stored of conversations up to date, so that nothing remains there that was
    /// edited or recalled meanwhile.
    fn request_catch_up(&mut self) {
        if !self.link.is_online() || self.now < self.sync.catch_up_at {
            return;
        }
        let behind: Vec<ConversationId> = self.sync.behind.iter().copied().collect();
        for id in behind {
            if self.sync.catching_up == limits::CATCH_UPS_IN_FLIGHT {
                return;
            }
            self.catch_up(id);
        }
    }

    fn catch_up(&mut self, id: ConversationId) {
        self.sync.behind.remove(&id);
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let Some(checked) = chat.checked.filter(|checked| *checked < chat.head) else {
            return;
        };
        if chat.catch_up.is_some() {
            return;
        }
        if chat.head.above(checked) > limits::CATCH_UP_MAX {
            chat.checked = None;
            self.effects.push(Effect::Store(StoreOp::Delete {
                conversation: id,
                through: checked,
            }));
            return;
        }
        self.sync.catching_up += 1;
        let request = self.new_request(Purpose::CatchUp(id));
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.catch_up = Some(request);
        }
        let from = PullRange::From(checked.next());
        self.read_log(request, id, from, limits::CATCH_UP_ENTRIES, false);
    }

    /// Notes that something of a conversation may be stored and out of date.
    pub(super) fn check_stored(&mut self, id: ConversationId) {
        let chat = self.chats.get(&id).filter(|_| self.options.has_store);
        if chat.is_some_and(|chat| chat.checked.is_some_and(|checked| checked < chat.head)) {
            self.sync.behind.insert(id);
        }
    }

    /// Answers of the server to earlier requests do not come any more.
    pub(super) fn forget_pulls(&mut self) {
        for (id, chat) in &mut self.chats {
            if chat.catch_up.take().is_some() {
                self.sync.behind.insert(*id);
            }
            if chat.preview.take().is_some() {
                self.sync.unpreviewed.insert(*id);
            }
            if let Some(window) = &mut chat.window {
                window.asked = window.asked.filter(|asked| asked.is_stored);
                window.is_blocked = false;
            }
        }
        self.sync.catching_up = 0;
        self.sync.previews = 0;
        let kept = |id: &RequestId, purpose: &Purpose| match purpose {
            Purpose::Window(chat, _) => {
                let window = self.chats.get(chat).and_then(|chat| chat.window.as_ref());
                let asked = window.and_then(|window| window.asked);
                asked.is_some_and(|asked| asked.id == *id)
            }
            Purpose::Date(..) | Purpose::CatchUp(_) | Purpose::Preview(_) => false,
        };
        let mut requests = std::mem::take(&mut self.requests);
        requests.retain(|id, purpose| kept(id, purpose));
        self.requests = requests;
    }
}

/// Answers
impl Model {
    pub(super) fn page(&mut self, id: RequestId, page: Fetched) {
        match self.requests.remove(&id) {
            Some(Purpose::Window(chat, opened)) => self.window_page(chat, opened, id, page),
            Some(Purpose::Date(chat, opened, probe)) => {
                self.date_page(chat, opened, probe, &page);
            }
            Some(Purpose::CatchUp(chat)) => self.catch_up_page(chat, page),
            Some(Purpose::Preview(chat)) => self.preview_page(chat, page),
            None => {}
        }
    }

    fn window_page(&mut self, id: ConversationId, opened: u64, request: RequestId, page: Fetched) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let window = chat
            .window
            .as_mut()
            .filter(|window| window.opened == opened);
        let Some(window) = window else {
            return;
        };
        let Some(asked) = window.asked.take_if(|asked| asked.id == request) else {
            return;
        };
        match page {
            Fetched::Failed => window.is_blocked = true,
            Fetched::Stored { messages, as_of } => {
                if !messages.iter().any(|message| message.msgid == asked.wanted) {
                    window.note_not_stored(asked.wanted);
                }
                let messages = above(chat.floor, messages);
                chat.insert_stored(&messages, as_of);
            }
            Fetched::Pulled(page) => {
                if asked.wanted > page.head {
                    // A server that was restored from a backup has a shorter log.
                    chat.shorten(page.head);
                }
                let before = chat.extent();
                self.pulled(id, page);
                if let Some(chat) = self.chats.get_mut(&id)
                    && chat.extent() == before
                    && chat.lacks(asked.wanted)
                    && let Some(window) = &mut chat.window
                {
                    // The same request would bring the same answer.
                    window.is_blocked = true;
                }
            }
        }
        self.note_senders(id);
        self.settle_sent(id);
        self.check_mentions(id);
        self.touch_chat(id);
    }

    /// Takes a page of the server.
    pub(super) fn pulled(&mut self, id: ConversationId, page: Page) {
        let Page {
            messages,
            head,
            floor,
        } = page;
        self.expire(id, floor);
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let messages = above(chat.floor, messages);
        chat.head = chat.head.max(head);
        chat.insert(&messages, head);
        if self.options.has_store && !messages.is_empty() {
            // The answer may be older than what was pushed meanwhile.
            let checked = chat.checked.map_or(head, |checked| checked.min(head));
            self.set_checked(id, checked);
            self.effects.push(Effect::Store(StoreOp::Entries {
                conversation: id,
                messages: messages.iter().map(without_edit).collect(),
                as_of: head,
            }));
            self.advance_stored(id);
            self.store_recalls(id, &messages);
            self.check_stored(id);
        }
    }

    fn catch_up_page(&mut self, id: ConversationId, page: Fetched) {
        self.sync.catching_up = self.sync.catching_up.saturating_sub(1);
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.catch_up = None;
        }
        let Fetched::Pulled(page) = page else {
            self.sync.behind.insert(id);
            self.sync.catch_up_at = plus(self.now, limits::CATCH_UP_DELAY);
            return;
        };
        let checked = |model: &Self| model.chats.get(&id).and_then(|chat| chat.checked);
        let before = checked(self);
        self.pulled(id, page);
        if checked(self) == before {
            // The server has no such entries.
            self.sync.behind.remove(&id);
        }
        self.note_senders(id);
        self.settle_sent(id);
        self.evict_closed(id);
        self.check_mentions(id);
        self.touch_chat(id);
    }

    fn request_details(&mut self, id: ConversationId) {
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let before = chat.details_as_of;
        let is_current = chat.advance_details();
        let has_advanced = chat.details_as_of > before;
        if !is_current && !chat.details_asked && chat.exists && self.link.is_online() {
            chat.details_asked = true;
            chat.details_as_of = chat.head;
            self.effects.push(Effect::Details(id));
        }
        self.request_receipts(id);
        if has_advanced {
            self.touch(super::Part::Details(id));
            self.touch_window(id);
        }
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.evict(self.options.entries_max.min(limits::ENTRIES_MAX))
        {
            self.touch_listed(id);
            self.touch_window(id);
        }
    }

    /// Requests how far the last own message got, once for each opening of a window.
    fn request_receipts(&mut self, id: ConversationId) {
        let is_online = self.link.is_online();
        let me = self.options.me;
        let Some(chat) = self.chats.get_mut(&id).filter(|_| is_online) else {
            return;
        };
        let members = chat.details.as_ref().map(|details| details.members.len());
        let has_asked = |window: &Window| window.has_asked_receipts;
        if members.is_none_or(|members| members > limits::RECEIPT_MEMBERS_MAX)
            || chat.window.as_ref().is_none_or(has_asked)
        {
            return;
        }
        let Some(msgid) = last_own(chat, me) else {
            return;
        };
        if let Some(window) = &mut chat.window {
            window.has_asked_receipts = true;
            self.effects.push(Effect::Receipts {
                conversation: id,
                msgid,
            });
        }
    }
}

fn last_own(chat: &Chat, me: cairn_client::UserId) -> Option<MsgId> {
    let mut entries = chat.log.entries().rev();
    let own = entries.find(|(_, entry)| entry.sender == me && entry.body.is_message());
    own.map(|(msgid, _)| msgid)
}

pub(super) fn above(floor: MsgId, mut messages: Vec<Message>) -> Vec<Message> {
    messages.retain(|message| message.msgid > floor);
    messages
}
