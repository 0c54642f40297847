//! What is unread in a conversation of the model.

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::conversation::Conversation as Summary;

use super::super::Model;
use super::Chat;
use crate::conversation::Unread;
use crate::conversation::mentions::Statement;

/// What a summary says of mentions.
pub(super) fn statement(summary: &Summary) -> Statement {
    Statement::new(summary, summary.read.max(summary.floor))
}

impl Chat {
    /// Takes the counts of the server.
    pub(super) fn take_counts(&mut self, summary: &Summary) {
        self.mentions.state(statement(summary));
        if summary.head >= self.counted {
            self.counted = summary.head;
            self.unread = Unread {
                messages: summary.unread,
                mentions: summary.mentions,
                is_lower_bound: false,
            };
        }
        self.count_all(true);
    }

    /// Moves the read cursor. Returns whether the unread count is known.
    pub(in crate::model) fn set_read(&mut self, read: MsgId, head: MsgId) -> bool {
        let before = self.read();
        self.own.set_read(read, head);
        if self.recount() || self.read() == before {
            return true;
        }
        if self.read() >= self.head {
            self.unread = Unread::default();
            return self.count_mentions();
        }
        self.count_mentions();
        self.unread.is_lower_bound = true;
        false
    }

    /// Moves the read cursor to where the last overview had it, with a conversation that has not
    /// changed since. Returns whether it moved.
    pub(in crate::model) fn revert_to_listed(&mut self) -> bool {
        let before = self.own.read();
        self.own.revert_to_listed();
        if self.own.read() == before {
            return false;
        }
        self.hold_mentions();
        let is_certain = self.mentions.move_to(self.read());
        self.unread.is_lower_bound |= !self.recount() || !is_certain;
        true
    }

    /// Counts what is unread, if it is held. Returns whether the count is known.
    pub(in crate::model) fn recount(&mut self) -> bool {
        if !self.holds_unread() {
            return false;
        }
        self.hold_mentions();
        self.counted = self.head;
        let unread = self.log.after(self.read());
        let messages = unread
            .filter(|(_, entry)| entry.body.is_message() && entry.sender != self.me)
            .count() as u64;
        self.unread = Unread {
            messages,
            ..Unread::default()
        };
        self.count_mentions()
    }

    /// Counts what is unread, or only the mentions if it is not held. Returns whether the count is
    /// known, where `is_known` tells it of the number of messages.
    pub(super) fn count_all(&mut self, is_known: bool) -> bool {
        if self.holds_unread() {
            self.recount()
        } else {
            self.count_mentions() && is_known
        }
    }

    /// Counts one pushed entry without the others. Returns whether the count is still right.
    pub(super) fn count(&mut self, message: &Message) -> bool {
        let msgid = message.msgid;
        self.mentions.follow(message);
        if msgid <= self.counted {
            return true;
        }
        let follows = msgid == self.counted.next();
        self.counted = msgid;
        if message.sender == self.me && message.body.is_message() && self.read() >= msgid {
            self.unread = Unread::default();
            return true;
        }
        if message.body.is_message() && message.sender != self.me && msgid > self.read() {
            self.unread.messages += 1;
        }
        let is_known = follows && !self.changes_count(&message.body);
        self.unread.is_lower_bound |= !is_known;
        is_known
    }

    /// Forgets the mentions in messages that are neither held nor unread.
    pub(super) fn forget_mentions(&mut self) {
        let first = self.log.entries().next();
        let before = first.map_or(self.head, |(first, _)| first.prev());
        self.mentions.forget(before.min(self.read()));
    }

    /// Whether an amendment may change what is counted.
    fn changes_count(&self, body: &Body) -> bool {
        match body {
            Body::Amendment(Amendment::Recalled { msgid } | Amendment::Edited { msgid, .. }) => {
                *msgid > self.read() && self.unread.messages > 0
            }
            _ => false,
        }
    }

    fn holds_unread(&self) -> bool {
        self.log.covers(self.read().next(), self.head)
    }

    /// Notes the mentions in what is unread, if it is held.
    fn hold_mentions(&mut self) {
        let (read, head) = (self.read(), self.head);
        if self.holds_unread() && !self.mentions.has_all(read, head) {
            let entries = self.log.after(read);
            let entries = entries.map(|(msgid, entry)| (msgid, &**entry));
            self.mentions.hold(read, head, entries);
        }
    }

    /// Returns whether the mentions are known.
    fn count_mentions(&mut self) -> bool {
        self.mentions.move_to(self.read());
        self.unread.mentions = self.mentions.count().min(self.unread.messages);
        let is_known = self.mentions.is_known();
        self.unread.is_lower_bound |= !is_known;
        is_known
    }
}

impl Model {
    /// Requests an overview if only the server knows how many messages mention the user.
    pub(in crate::model) fn check_mentions(&mut self, id: ConversationId) {
        let chat = self.chats.get(&id).filter(|chat| chat.exists);
        if chat.is_some_and(|chat| !chat.mentions.is_known()) {
            self.sync.fall_behind();
        }
    }
}
