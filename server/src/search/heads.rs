//! The times of newest entries, so that a search begins with the conversations that have the newest
//! without reading a block of each.

use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::limits::SEARCH_HEADS_MAX;

/// A bounded cache. A time is known for one head only, so it is never out of date.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<HashMap<ConversationId, (MsgId, Timestamp)>>);

impl Heads {
    /// Returns the time of an entry, if it was noted and is still the newest of its conversation.
    pub(super) fn time_of(&self, conversation: ConversationId, head: MsgId) -> Option<Timestamp> {
        let known = self.0.lock();
        let (of, time) = known.get(&conversation)?;
        (*of == head).then_some(*time)
    }

    pub(super) fn note(&self, conversation: ConversationId, head: MsgId, time: Timestamp) {
        let mut known = self.0.lock();
        if known.len() >= SEARCH_HEADS_MAX {
            known.clear();
        }
        known.insert(conversation, (head, time));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_known_for_their_head_only() {
        let heads = Heads::default();
        let (id, time) = (ConversationId::new(1), Timestamp::new(9));
        heads.note(id, MsgId::new(5), time);
        assert_eq!(heads.time_of(id, MsgId::new(5)), Some(time));
        assert_eq!(heads.time_of(id, MsgId::new(6)), None);
        for n in 0..2 * SEARCH_HEADS_MAX as u64 {
            heads.note(ConversationId::new(n), MsgId::new(1), time);
        }
        assert!(heads.0.lock().len() <= SEARCH_HEADS_MAX);
    }
}
