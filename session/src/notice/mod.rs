//! Notices: which messages ask for the user's attention, and when.

mod keywords;

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::KEYWORDS_MAX;
use cairn_client::proto::model::notification::NotificationLevel;
use cairn_client::proto::text::Keyword;

use crate::conversation::Entry;
use crate::limits;
use crate::time::{plus, since};

/// What notifies the user, besides the levels of conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeSettings {
    /// Words that notify as a mention does.
    pub keywords: Vec<Keyword>,
    /// Nothing notifies until this time.
    pub quiet_until: Option<Timestamp>,
}

/// Something to notify the user of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A message.
    Message {
        /// The conversation.
        conversation: ConversationId,
        /// The message.
        msgid: MsgId,
        /// Why it notifies.
        reason: Reason,
        /// Its content.
        entry: Arc<Entry>,
    },
    /// Unread messages that came during an absence, or too many at once.
    Summary {
        /// Conversations with such messages.
        conversations: u64,
        /// Messages.
        messages: u64,
        /// How many of them mention the user.
        mentions: u64,
    },
}

/// Why a message notifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Every message of its group notifies.
    Message,
    /// It is in a direct chat.
    Direct,
    /// It mentions the user, by name or with everyone.
    Mention,
    /// It contains a keyword.
    Keyword,
}

/// A message that may notify, and what the decision depends on.
pub(crate) struct Arrival<'a> {
    pub(crate) conversation: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) entry: &'a Arc<Entry>,
    pub(crate) level: NotificationLevel,
    pub(crate) me: UserId,
}

/// A notice that is held back.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) conversation: ConversationId,
    pub(crate) msgid: MsgId,
    pub(crate) reason: Reason,
    pub(crate) entry: Arc<Entry>,
    due: Timestamp,
}

/// The rules of notices, and the notices held back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices {
    settings: NoticeSettings,
    held: VecDeque<Held>,
}

impl Notices {
    pub(crate) fn set(&mut self, mut settings: NoticeSettings) {
        settings.keywords.truncate(KEYWORDS_MAX);
        self.settings = settings;
    }

    pub(crate) fn is_quiet(&self, now: Timestamp) -> bool {
        self.settings.quiet_until.is_some_and(|until| now < until)
    }

    fn reason(&self, arrival: &Arrival<'_>) -> Option<Reason> {
        let Arrival { entry, me, .. } = arrival;
        let is_written_here = entry.imported_by.is_none();
        if entry.sender == *me || !entry.body.is_message() || !is_written_here {
            return None;
        }
        let words = entry.body.words().unwrap_or_default();
        let attention = || {
            let is_mention = entry.mentions_user(*me);
            let is_keyword = || keywords::contains_any(words, &self.settings.keywords);
            match is_mention {
                true => Some(Reason::Mention),
                false => is_keyword().then_some(Reason::Keyword),
            }
        };
        let is_direct = arrival.conversation.direct_users().is_some();
        let any = match is_direct {
            true => Reason::Direct,
            false => Reason::Message,
        };
        match arrival.level {
            NotificationLevel::Nothing => None,
            NotificationLevel::Mentions => attention(),
            NotificationLevel::All => attention().or(Some(any)),
        }
    }

    /// Holds a notice back if the message notifies.
    pub(crate) fn arrived(&mut self, arrival: &Arrival<'_>, now: Timestamp) {
        let is_old = since(arrival.entry.sent_at, now) > limits::NOTICE_AGE_MAX;
        if is_old || self.is_quiet(now) {
            return;
        }
        let Some(reason) = self.reason(arrival) else {
            return;
        };
        if self.held.len() == limits::NOTICES_HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(Held {
            conversation: arrival.conversation,
            msgid: arrival.msgid,
            reason,
            entry: Arc::clone(arrival.entry),
            due: plus(now, limits::NOTICE_DELAY),
        });
    }

    /// Drops the notice of a message that was recalled.
    pub(crate) fn recalled(&mut self, conversation: ConversationId, msgid: MsgId) {
        self.held
            .retain(|held| (held.conversation, held.msgid) != (conversation, msgid));
    }

    /// When the next notice is due.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.held.front().map(|held| held.due)
    }

    /// Takes the notices that are due. None during a quiet time.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Held> {
        let count = self.held.partition_point(|held| held.due <= now);
        let due: Vec<Held> = self.held.drain(..count).collect();
        if self.is_quiet(now) { Vec::new() } else { due }
    }
}
