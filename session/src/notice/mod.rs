//! Notices: which messages ask for the user's attention, and when. [`Notifier`] decides on the
//! level, keywords and blocked users, as it does for other programs.

use std::collections::VecDeque;
use std::sync::Arc;

use cairn_client::Notifier;
use cairn_client::proto::content::message::Message;
use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_client::proto::limits::KEYWORDS_MAX;
use cairn_client::proto::model::notification::Notifications;
use cairn_client::proto::model::people::Contact;
use cairn_client::proto::text::Keyword;
use cairn_client::proto::wire::event::{AccountUpdate, Update};

use crate::conversation::Entry;
use crate::desk::DeskNotice;
use crate::limits;
use crate::time::{plus, since};

/// What notifies the user, besides the levels of conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeSettings {
    /// Words that notify as a mention does on this device, in addition to those of the account.
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
    /// Something at the support desk.
    Desk(DeskNotice),
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
    pub(crate) message: &'a Message,
    pub(crate) settings: Notifications,
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
#[derive(Clone, Debug)]
pub(crate) struct Notices {
    me: UserId,
    settings: NoticeSettings,
    /// The keywords of the account.
    keywords: Vec<Keyword>,
    notifier: Notifier,
    held: VecDeque<Held>,
}

impl Notices {
    pub(crate) fn new(me: UserId) -> Self {
        Self {
            me,
            settings: NoticeSettings::default(),
            keywords: Vec::new(),
            notifier: Notifier::new(me, &[], &[]),
            held: VecDeque::new(),
        }
    }

    pub(crate) fn set(&mut self, mut settings: NoticeSettings) {
        settings.keywords.truncate(KEYWORDS_MAX);
        self.settings = settings;
        self.index_keywords();
    }

    /// Sets the keywords of the account.
    pub(crate) fn set_keywords(&mut self, keywords: &[Keyword]) {
        self.keywords = keywords.iter().take(KEYWORDS_MAX).cloned().collect();
        self.index_keywords();
    }

    fn index_keywords(&mut self) {
        let all = self.keywords.iter().chain(&self.settings.keywords);
        let all = AccountUpdate::Keywords(all.cloned().collect());
        self.notifier.update(&Update::Account(all));
    }

    /// Sets all contacts, of whom those that are blocked do not notify.
    pub(crate) fn set_contacts(&mut self, contacts: &[Contact]) {
        self.notifier = Notifier::new(self.me, &[], contacts);
        self.index_keywords();
    }

    pub(crate) fn set_contact(&mut self, contact: &Contact) {
        self.notifier.update(&Update::Contact(contact.clone()));
    }

    pub(crate) fn is_quiet(&self, now: Timestamp) -> bool {
        self.settings.quiet_until.is_some_and(|until| now < until)
    }

    fn reason(&self, arrival: &Arrival<'_>, now: Timestamp) -> Option<Reason> {
        let Arrival { message, settings } = arrival;
        let is_written_here = message.extras.imported_by().is_none();
        if !is_written_here || !self.notifier.notifies(message, *settings, now) {
            return None;
        }
        Some(if message.extras.names(self.me) {
            Reason::Mention
        } else if !self.notifier.keywords_in(message).is_empty() {
            Reason::Keyword
        } else if message.conversation.direct_users().is_some() {
            Reason::Direct
        } else {
            Reason::Message
        })
    }

    /// Holds a notice back if the message notifies.
    pub(crate) fn arrived(&mut self, arrival: &Arrival<'_>, now: Timestamp) {
        let message = arrival.message;
        let is_old = since(message.sent_at, now) > limits::NOTICE_AGE_MAX;
        if is_old || self.is_quiet(now) {
            return;
        }
        let Some(reason) = self.reason(arrival, now) else {
            return;
        };
        if self.held.len() == limits::NOTICES_HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(Held {
            conversation: message.conversation,
            msgid: message.msgid,
            reason,
            entry: Arc::new(Entry::from(message)),
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
