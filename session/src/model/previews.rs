//! The last messages of conversations, for the list. An overview has the last entry of a log, which
//! may be a reaction or an edit.

use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::wire::request::session::PullRange;

use super::pages::Purpose;
use super::{Fetched, Model};
use crate::limits::{PREVIEW_PAGE_ENTRIES, PREVIEW_PAGES_MAX, PREVIEWS_IN_FLIGHT};

impl Model {
    /// Notes that the last message of a conversation may be unknown.
    pub(super) fn check_latest(&mut self, id: ConversationId) {
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.previews_failed = 0;
            if chat.lacks_latest() {
                self.sync.unpreviewed.insert(id);
            }
        }
    }

    /// Requests the last messages that are unknown.
    pub(super) fn request_previews(&mut self) {
        // What came meanwhile is often pushed, or read for the store.
        if self.now < self.sync.catch_up_at {
            return;
        }
        let wanted: Vec<ConversationId> = self.sync.unpreviewed.iter().copied().collect();
        for id in wanted {
            if self.sync.previews == PREVIEWS_IN_FLIGHT {
                return;
            }
            self.request_preview(id);
        }
    }

    fn request_preview(&mut self, id: ConversationId) {
        let (is_online, has_store) = (self.link.is_online(), self.options.has_store);
        let chat = self.chats.get(&id).filter(|chat| chat.lacks_latest());
        let Some(chat) = chat.filter(|chat| chat.previews_failed < PREVIEW_PAGES_MAX) else {
            self.sync.unpreviewed.remove(&id);
            return;
        };
        if chat.preview.is_some() {
            return;
        }
        // What is stored is looked for first, and once.
        let is_stored = has_store && chat.checked.is_some() && chat.previews_failed == 0;
        if !is_stored && !is_online {
            return;
        }
        let before = PullRange::Before(chat.held_since());
        let request = self.new_request(Purpose::Preview(id));
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.preview = Some(request);
            self.sync.previews += 1;
        }
        self.sync.unpreviewed.remove(&id);
        self.read_log(request, id, before, PREVIEW_PAGE_ENTRIES, is_stored);
    }

    pub(super) fn preview_page(&mut self, id: ConversationId, page: Fetched) {
        self.sync.previews = self.sync.previews.saturating_sub(1);
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        chat.preview = None;
        chat.previews_failed += 1;
        match page {
            Fetched::Failed => {}
            Fetched::Stored { messages, as_of } => {
                let messages = super::pages::above(chat.floor, messages);
                chat.insert_stored(&messages, as_of);
            }
            Fetched::Pulled(page) => self.pulled(id, page),
        }
        self.sync.unpreviewed.insert(id);
        self.note_senders(id);
        self.settle_sent(id);
        self.evict_closed(id);
        self.check_mentions(id);
        self.touch_chat(id);
    }
}
