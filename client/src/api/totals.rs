//! Unread totals over several conversations, as a badge shows them.

use cairn_proto::ids::Timestamp;
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::notification::NotificationLevel;
use serde::Serialize;

/// Unread totals. What must not notify the user counts as muted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Conversations with unread messages that notify.
    pub conversations: u64,
    /// Unread messages in conversations whose every message notifies.
    pub unread: u64,
    /// Unread mentions that notify.
    pub mentions: u64,
    /// Conversations with unread messages of which none notifies.
    pub muted_conversations: u64,
    /// Unread messages in conversations where at most mentions notify.
    pub muted_unread: u64,
    /// Unread mentions that do not notify.
    pub muted_mentions: u64,
}

impl Totals {
    /// Sums up conversations from [`crate::Client::conversations`] or a [`crate::Overview`], at a
    /// time, as notification levels may end. Includes hidden ones; filter them out first if they
    /// are not shown.
    pub fn of<'a>(
        conversations: impl IntoIterator<Item = &'a Conversation>,
        now: Timestamp,
    ) -> Self {
        let mut totals = Self::default();
        for Conversation {
            unread,
            mentions,
            settings,
            ..
        } in conversations
        {
            totals.add(*unread, *mentions, settings.notifications.level_at(now));
        }
        totals
    }

    /// Adds a conversation with this many unread messages and mentions, whose notification level is
    /// `level` at present.
    pub const fn add(&mut self, unread: u64, mentions: u64, level: NotificationLevel) {
        if unread == 0 {
            return;
        }
        let notifies = match level {
            NotificationLevel::All => true,
            NotificationLevel::Mentions => mentions > 0,
            NotificationLevel::Nothing => false,
        };
        match notifies {
            true => self.conversations += 1,
            false => self.muted_conversations += 1,
        }
        match level {
            NotificationLevel::All => self.unread += unread,
            _ => self.muted_unread += unread,
        }
        match level {
            NotificationLevel::Nothing => self.muted_mentions += mentions,
            _ => self.mentions += mentions,
        }
    }
}
