//! Unread totals over several conversations, as a badge shows them.

use cairn_proto::model::conversation::Conversation;
use serde::Serialize;

/// Unread totals. Muted conversations are counted separately, since they must not notify the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Unmuted conversations with unread messages.
    pub conversations: u64,
    /// Unread messages in unmuted conversations.
    pub unread: u64,
    /// Unread mentions in unmuted conversations.
    pub mentions: u64,
    /// Muted conversations with unread messages.
    pub muted_conversations: u64,
    /// Unread messages in muted conversations.
    pub muted_unread: u64,
    /// Unread mentions in muted conversations.
    pub muted_mentions: u64,
}

impl Totals {
    /// Sums up conversations from [`crate::Client::conversations`] or a [`crate::Overview`].
    /// Includes hidden ones; filter them out first if they are not shown.
    pub fn of<'a>(conversations: impl IntoIterator<Item = &'a Conversation>) -> Self {
        let mut totals = Self::default();
        for Conversation {
            unread,
            mentions,
            settings,
            ..
        } in conversations
            .into_iter()
            .filter(|conversation| conversation.unread > 0)
        {
            let [in_conversations, in_unread, in_mentions] = match settings.muted {
                false => [
                    &mut totals.conversations,
                    &mut totals.unread,
                    &mut totals.mentions,
                ],
                true => [
                    &mut totals.muted_conversations,
                    &mut totals.muted_unread,
                    &mut totals.muted_mentions,
                ],
            };
            *in_conversations += 1;
            *in_unread += unread;
            *in_mentions += mentions;
        }
        totals
    }
}
