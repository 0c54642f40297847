//! Receipts: sent once per interval, only to viewers of the conversation, and in at most one frame
//! however many members moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_proto::ids::{ConversationId, UserId};
use cairn_proto::limits::RECEIPT_CURSORS_MAX;
use cairn_proto::model::receipts::MemberCursors;
use hashbrown::HashSet;
use parking_lot::RwLock;

/// The conversations that any session focuses. The sequencer skips receipts of all others.
#[derive(Clone, Debug, Default)]
pub(crate) struct FocusedConversations(Arc<RwLock<HashSet<ConversationId>>>);

impl FocusedConversations {
    #[must_use]
    pub(crate) fn has(&self, conversation: ConversationId) -> bool {
        self.0.read().contains(&conversation)
    }

    pub(crate) fn set(&self, conversation: ConversationId, is_focused: bool) {
        if is_focused {
            self.0.write().insert(conversation);
        } else {
            self.0.write().remove(&conversation);
        }
    }
}

/// Changed cursors of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipts {
    pub(crate) cursors: Vec<MemberCursors>,
    /// Whether the cursors of further members changed.
    pub(crate) more: bool,
}

/// Receipts that are being collected.
#[derive(Debug, Default)]
struct Moved {
    cursors: BTreeMap<UserId, MemberCursors>,
    more: bool,
}

/// Changed cursors, by conversation.
#[derive(Debug, Default)]
pub(crate) struct Waiting(BTreeMap<ConversationId, Moved>);

impl Waiting {
    /// Records a member's cursors. Beyond the limit, only that there are more.
    pub(crate) fn note(&mut self, conversation: ConversationId, cursors: MemberCursors) {
        let moved = self.0.entry(conversation).or_default();
        if moved.cursors.len() < RECEIPT_CURSORS_MAX || moved.cursors.contains_key(&cursors.user) {
            moved.cursors.insert(cursors.user, cursors);
        } else {
            moved.more = true;
        }
    }

    pub(crate) fn take(&mut self) -> impl Iterator<Item = (ConversationId, Receipts)> + use<> {
        std::mem::take(&mut self.0)
            .into_iter()
            .map(|(conversation, Moved { cursors, more })| {
                let cursors = cursors.into_values().collect();
                (conversation, Receipts { cursors, more })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_proto::ids::MsgId;

    #[test]
    fn receipts_are_bounded_and_unique_per_member() {
        let id = ConversationId::new(5);
        let at = |user: u32, read| MemberCursors {
            user: UserId::new(user),
            delivered: MsgId::new(9),
            read: MsgId::new(read),
        };
        let mut waiting = Waiting::default();
        waiting.note(id, at(1, 3));
        waiting.note(id, at(1, 4));
        assert_eq!(
            waiting.take().collect::<Vec<_>>(),
            [(
                id,
                Receipts {
                    cursors: vec![at(1, 4)],
                    more: false
                }
            )]
        );
        assert_eq!(waiting.take().count(), 0);
        (0..10_000).for_each(|user| waiting.note(id, at(user, 1)));
        waiting.note(id, at(0, 2));
        let pending: Vec<_> = waiting.take().collect();
        let [
            (
                _,
                Receipts {
                    cursors,
                    more: true,
                },
            ),
        ] = &pending[..]
        else {
            panic!("{pending:?}")
        };
        assert_eq!((cursors.len(), cursors[0]), (RECEIPT_CURSORS_MAX, at(0, 2)));
    }
}
