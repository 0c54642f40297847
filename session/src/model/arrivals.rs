//! Entries as they are pushed, and the notices that follow from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_client::proto::content::body::{Amendment, Body};
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::notification::NotificationLevel;

use super::{Effect, Model, StoreOp};
use crate::conversation::Unread;
use crate::limits;
use crate::notice::{Arrival, Held, Notice};

/// What is unread and notifies, for each conversation.
pub(super) type Loudness = BTreeMap<ConversationId, Unread>;

impl Model {
    /// Adds pushed entries, run by run.
    pub(super) fn append(&mut self, messages: &[Message]) {
        let follows = |a: &Message, b: &Message| {
            a.conversation == b.conversation && a.msgid.next() == b.msgid
        };
        for run in messages.chunk_by(follows) {
            if let Some(first) = run.first() {
                self.append_run(first.conversation, run);
            }
        }
    }

    fn append_run(&mut self, id: ConversationId, run: &[Message]) {
        let Some(chat) = self.chats.get_mut(&id) else {
            // The event of the membership is on its way, or the membership has ended. An overview
            // on its way may list the conversation without these entries.
            self.sync.outdate();
            return self.sync.fall_behind();
        };
        let expired = run.partition_point(|message| message.msgid <= chat.floor);
        let run = run.get(expired..).unwrap_or_default();
        let Some(last) = run.last() else {
            return;
        };
        let begins = !std::mem::replace(&mut chat.exists, true);
        if begins {
            // An overview on its way may not list the conversation yet.
            self.sync.outdate();
        }
        if begins && self.focused == Some(id) {
            self.effects.push(Effect::Focus(self.focused));
        }
        if !chat.append(run) {
            self.sync.fall_behind();
        }
        chat.end_typing_of(run, self.now);
        self.note_arrivals(id, run);
        self.store_run(id, run);
        self.ack(id, last.msgid);
        self.note_senders(id);
        self.settle_sent(id);
        self.evict_closed(id);
        self.check_latest(id);
        self.touch_chat(id);
    }

    fn ack(&mut self, conversation: ConversationId, msgid: MsgId) {
        if let Some(chat) = self.chats.get_mut(&conversation)
            && msgid > chat.delivered
        {
            chat.delivered = msgid;
            self.effects.push(Effect::Ack {
                conversation,
                msgid,
            });
        }
    }

    /// Evicts what is not needed without a window.
    pub(super) fn evict_closed(&mut self, id: ConversationId) {
        if let Some(chat) = self.chats.get_mut(&id)
            && chat.window.is_none()
        {
            chat.evict(limits::PREVIEW_ENTRIES);
        }
    }

    /// Writes consecutive pushed entries.
    fn store_run(&mut self, conversation: ConversationId, run: &[Message]) {
        let Some(chat) = self.chats.get_mut(&conversation) else {
            return;
        };
        if !self.options.has_store {
            return;
        }
        let known = chat.checked.unwrap_or_default();
        let stored = run.partition_point(|message| message.msgid <= known);
        let run = run.get(stored..).unwrap_or_default();
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return;
        };
        let (from, to) = (first.msgid, last.msgid);
        let checked = chat.checked.unwrap_or(from.prev());
        self.set_checked(conversation, checked);
        self.effects.push(Effect::Store(StoreOp::Entries {
            conversation,
            messages: run.iter().map(without_edit).collect(),
            as_of: from,
        }));
        if from <= checked.next() {
            self.advance_stored(conversation);
        } else {
            self.store_amendments(run);
            self.effects.push(Effect::Store(StoreOp::Advance {
                conversation,
                from,
                to,
            }));
            self.check_stored(conversation);
        }
    }

    /// Sets as of which entry everything that is stored is current. If that is less than before,
    /// the store learns it before it is given entries that are no more current.
    pub(super) fn set_checked(&mut self, conversation: ConversationId, checked: MsgId) {
        if let Some(chat) = self.chats.get_mut(&conversation) {
            let before = chat.checked.replace(checked);
            if before.is_none_or(|before| checked < before) {
                self.save_chat(conversation);
            }
        }
    }

    /// Applies to what is stored the entries after those that were applied, as far as they are
    /// held without a gap.
    pub(super) fn advance_stored(&mut self, conversation: ConversationId) {
        let Some(chat) = self.chats.get_mut(&conversation) else {
            return;
        };
        let Some(checked) = chat.checked else {
            return;
        };
        let from = checked.max(chat.floor).next();
        let Some(to) = chat.log.segments().held_through(from) else {
            return;
        };
        let to = chat.log.applicable(from, to);
        if to < from {
            return;
        }
        chat.checked = Some(to);
        let applied = chat.log.after(from.prev());
        let applied = applied.take_while(|(msgid, _)| *msgid <= to);
        let amendments = applied.filter(|(_, entry)| matches!(entry.body, Body::Amendment(_)));
        let amendments: Vec<Message> = amendments
            .map(|(msgid, entry)| entry.to_message(conversation, msgid))
            .collect();
        self.store_amendments(&amendments);
        self.effects.push(Effect::Store(StoreOp::Advance {
            conversation,
            from,
            to,
        }));
    }

    /// Applies amendments to what is stored.
    fn store_amendments(&mut self, messages: &[Message]) {
        let amendments = messages
            .iter()
            .filter(|message| matches!(message.body, Body::Amendment(_)));
        let amendments = amendments.map(|message| StoreOp::Amend(message.clone()));
        self.effects.extend(amendments.map(Effect::Store));
    }

    /// Deletes what was recalled from the store, however much is missing before the recall.
    pub(super) fn store_recalls(&mut self, id: ConversationId, messages: &[Message]) {
        let checked = self.chats.get(&id).and_then(|chat| chat.checked);
        let is_recall = |message: &&Message| {
            checked.is_none_or(|checked| message.msgid > checked)
                && matches!(message.body, Body::Amendment(Amendment::Recalled { .. }))
        };
        let recalls: Vec<Message> = messages.iter().filter(is_recall).cloned().collect();
        self.store_amendments(&recalls);
    }
}

/// The words of an edit are those of the message that it edits, and are stored there alone.
pub(super) fn without_edit(message: &Message) -> Message {
    let mut stored = message.clone();
    if let Body::Amendment(Amendment::Edited { text, .. }) = &mut stored.body {
        *text = None;
    }
    stored
}

/// Notices
impl Model {
    fn note_arrivals(&mut self, id: ConversationId, run: &[Message]) {
        let is_in_focus = self.is_in_focus(id);
        let is_returning = self.sync.is_returning();
        let now = self.now;
        let (has_attention, is_focused) = (self.has_attention, self.focused == Some(id));
        let Some(chat) = self.chats.get_mut(&id) else {
            return;
        };
        let noticed = chat.noticed;
        if !has_attention && is_focused {
            chat.miss(run, noticed);
        }
        if let Some(last) = run.last() {
            chat.noticed = noticed.max(last.msgid);
        }
        for message in run {
            if let Body::Amendment(Amendment::Recalled { msgid }) = &message.body {
                self.notices.recalled(id, *msgid);
            }
        }
        if is_in_focus || is_returning {
            return;
        }
        let read = chat.read();
        for message in run
            .iter()
            .filter(|message| message.msgid > noticed.max(read))
        {
            let arrival = Arrival {
                message,
                settings: chat.own.settings().notifications,
            };
            self.notices.arrived(&arrival, now);
        }
    }

    /// Whether the user sees new messages of a conversation at once.
    fn is_in_focus(&self, id: ConversationId) -> bool {
        let window = self.chats.get(&id).and_then(|chat| chat.window.as_ref());
        let is_at_end = window.is_some_and(|window| {
            window.target.is_none() && window.seen.is_none_or(|seen| seen.is_at_end)
        });
        self.has_attention && self.focused == Some(id) && is_at_end
    }

    /// Emits the notices that are due, except for messages that were read or recalled meanwhile.
    pub(super) fn give_notices(&mut self) {
        let due = self.notices.take_due(self.now);
        let wanted = due.into_iter().filter_map(|held| self.notice(held));
        let wanted: Vec<Notice> = wanted.collect();
        if wanted.len() <= limits::NOTICES_AT_ONCE {
            return self.effects.extend(wanted.into_iter().map(Effect::Notify));
        }
        let mut counts: BTreeMap<ConversationId, Unread> = BTreeMap::new();
        for notice in wanted {
            if let Notice::Message {
                conversation,
                entry,
                ..
            } = notice
            {
                let unread = counts.entry(conversation).or_default();
                unread.messages += 1;
                unread.mentions += u64::from(entry.mentions_user(self.options.me));
            }
        }
        self.effects.extend(summary(counts.into_values()));
    }

    fn notice(&self, held: Held) -> Option<Notice> {
        let Held {
            conversation,
            msgid,
            reason,
            entry,
            ..
        } = held;
        let chat = self.chats.get(&conversation)?;
        if msgid <= chat.read() || self.is_in_focus(conversation) {
            return None;
        }
        let entry = chat.log.get(msgid).map_or(entry, Arc::clone);
        entry.body.is_message().then_some(Notice::Message {
            conversation,
            msgid,
            reason,
            entry,
        })
    }

    /// What is unread and notifies, for each conversation.
    pub(super) fn loudness(&self) -> Loudness {
        let loud = self.chats.values().map(|chat| {
            let level = chat.own.settings().notifications.level_at(self.now);
            let messages = match level {
                NotificationLevel::All => chat.unread.messages,
                NotificationLevel::Mentions => chat.unread.mentions,
                NotificationLevel::Nothing => 0,
            };
            let unread = Unread {
                messages,
                mentions: chat.unread.mentions.min(messages),
                is_lower_bound: false,
            };
            (chat.id, unread)
        });
        loud.collect()
    }

    /// Emits one notice of what came during an absence.
    pub(super) fn sum_up(&mut self, before: &Loudness) {
        if self.notices.is_quiet(self.now) {
            return;
        }
        let grown = self.loudness().into_iter().map(|(id, now)| {
            let before = before.get(&id).copied().unwrap_or_default();
            Unread {
                messages: now.messages.saturating_sub(before.messages),
                mentions: now.mentions.saturating_sub(before.mentions),
                is_lower_bound: false,
            }
        });
        self.effects.extend(summary(grown));
    }
}

fn summary(unread: impl Iterator<Item = Unread>) -> Option<Effect> {
    let (mut conversations, mut messages, mut mentions) = (0, 0, 0);
    for unread in unread.filter(|unread| unread.messages > 0) {
        conversations += 1;
        messages += unread.messages;
        mentions += unread.mentions;
    }
    (messages > 0).then_some(Effect::Notify(Notice::Summary {
        conversations,
        messages,
        mentions,
    }))
}
