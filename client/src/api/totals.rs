//! What is unread in all: the number on a badge.

use cairn_proto::model::conversation::Conversation;
use serde::Serialize;

/// What is unread in several conversations, those that are muted counted apart: they shall not
/// ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Conversations that are not muted and have something unread.
    pub conversations: u64,
    /// Unread messages in them.
    pub unread: u64,
    /// Those among them that mention the user.
    pub mentions: u64,
    /// Muted conversations that have something unread.
    pub muted_conversations: u64,
    /// Unread messages in them.
    pub muted_unread: u64,
    /// Those among them that mention the user.
    pub muted_mentions: u64,
}

impl Totals {
    /// Counts these conversations, as [`crate::Client::conversations`] gives them or as an
    /// [`crate::Overview`] keeps them. What the user hides counts as well, so leave out what is not
    /// shown.
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
