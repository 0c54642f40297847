//! Delivered cursors on their way to the server: the highest one of each conversation, collected
//! and sent in batches.

use std::collections::BTreeMap;

use cairn_proto::ids::{ConversationId, MsgId};
use tokio::time::Instant;

use crate::limits;

#[derive(Clone, Copy, Debug)]
struct Cursor {
    wanted: MsgId,
    sent: MsgId,
    answered: MsgId,
    answered_at: Option<Instant>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            wanted: MsgId::ZERO,
            sent: MsgId::ZERO,
            answered: MsgId::ZERO,
            answered_at: None,
        }
    }
}

/// The delivered cursors of this client.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    cursors: BTreeMap<ConversationId, Cursor>,
    /// Conversations with a cursor to send and none in flight.
    dirty: Vec<ConversationId>,
    due: Option<Instant>,
    sent_at: Option<Instant>,
}

impl Acks {
    /// Moves a cursor. Returns whether the writer must be woken to learn its new deadline.
    pub(crate) fn note(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        now: Instant,
    ) -> bool {
        let cursor = self.cursors.entry(conversation).or_default();
        if msgid <= cursor.wanted {
            return false;
        }
        // At most one ack of a conversation is in flight: a response confirms everything sent, so
        // with two in flight the first response would confirm the second ack too.
        let was_clean = cursor.wanted == cursor.sent;
        cursor.wanted = msgid;
        was_clean && cursor.sent == cursor.answered && self.mark(conversation, now)
    }

    /// Returns when acks must be sent at the latest.
    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns the acks to send now. With `piggyback`, other frames are about to be sent, so that
    /// acks cost no packet of their own.
    pub(crate) fn take_due(
        &mut self,
        now: Instant,
        piggyback: bool,
    ) -> Vec<(ConversationId, MsgId)> {
        let Some(due) = self.due else {
            return Vec::new();
        };
        let delay_elapsed = self
            .sent_at
            .is_none_or(|at| now.saturating_duration_since(at) >= limits::ACK_DELAY);
        if now < due && !(piggyback && delay_elapsed) {
            return Vec::new();
        }
        self.due = None;
        self.sent_at = Some(now);
        self.dirty
            .drain(..)
            .filter_map(|conversation| {
                let cursor = self.cursors.get_mut(&conversation)?;
                cursor.sent = cursor.wanted;
                Some((conversation, cursor.wanted))
            })
            .collect()
    }

    /// Handles the response to an ack. Returns whether the writer must be woken because a newer
    /// cursor waits.
    pub(crate) fn answered(&mut self, conversation: ConversationId, now: Instant) -> bool {
        let Some(cursor) = self.cursors.get_mut(&conversation) else {
            return false;
        };
        cursor.answered = cursor.sent;
        cursor.answered_at = Some(now);
        cursor.wanted > cursor.sent && self.mark(conversation, now)
    }

    /// Handles the loss of the connection. A killed server may have lost acks that it answered
    /// moments before, and the client may notice only after the idle timeout, so recent ones become
    /// due again. Repeating an ack is harmless.
    pub(crate) fn disconnected(&mut self, now: Instant) {
        let in_doubt = |cursor: &Cursor| {
            let is_fresh = cursor
                .answered_at
                .is_some_and(|at| now.saturating_duration_since(at) <= limits::ACK_DOUBT_TIME);
            is_fresh && cursor.sent == cursor.answered && cursor.wanted == cursor.sent
        };
        let mut again = Vec::new();
        for (&conversation, cursor) in self
            .cursors
            .iter_mut()
            .filter(|(_, cursor)| in_doubt(cursor))
        {
            // Reset both, so that the cursor becomes due exactly once, even if it moves or the
            // connection breaks again.
            (cursor.sent, cursor.answered) = (MsgId::ZERO, MsgId::ZERO);
            again.push(conversation);
        }
        for conversation in again {
            self.mark(conversation, now);
        }
    }

    /// Returns all cursors that the server has not confirmed, and marks them as sent. Used when
    /// closing.
    pub(crate) fn take_unanswered(&mut self) -> Vec<(ConversationId, MsgId)> {
        self.dirty.clear();
        self.due = None;
        let unanswered = self
            .cursors
            .iter_mut()
            .filter(|(_, cursor)| cursor.wanted > cursor.answered);
        unanswered
            .map(|(&conversation, cursor)| {
                cursor.sent = cursor.wanted;
                (conversation, cursor.wanted)
            })
            .collect()
    }

    fn mark(&mut self, conversation: ConversationId, now: Instant) -> bool {
        self.dirty.push(conversation);
        let is_first = self.due.is_none();
        let interval_end = self.sent_at.map(|at| at + limits::ACK_INTERVAL);
        let collected = now + limits::ACK_DELAY;
        self.due
            .get_or_insert(interval_end.map_or(collected, |end| end.max(collected)));
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ConversationId = ConversationId::new(1);
    const TWO: ConversationId = ConversationId::new(2);

    #[test]
    fn acks_coalesce_per_conversation() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        assert!(
            acks.note(ONE, MsgId::new(1), start),
            "the first ack wakes the writer"
        );
        for id in 2..=100 {
            assert!(!acks.note(ONE, MsgId::new(id), start));
        }
        assert!(!acks.note(TWO, MsgId::new(7), start));
        assert!(!acks.note(ONE, MsgId::new(50), start), "below the cursor");
        assert!(acks.take_due(start, false).is_empty(), "not yet");
        let due = acks.due().unwrap();
        assert_eq!(due, start + limits::ACK_DELAY);
        assert_eq!(
            acks.take_due(due, false),
            [(ONE, MsgId::new(100)), (TWO, MsgId::new(7))]
        );
        assert_eq!(acks.due(), None);
    }

    #[test]
    fn one_ack_in_flight_per_conversation() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        acks.note(ONE, MsgId::new(1), start);
        let sent = start + limits::ACK_DELAY;
        assert_eq!(acks.take_due(sent, false).len(), 1);
        assert!(!acks.note(ONE, MsgId::new(2), sent));
        assert_eq!(acks.due(), None, "waits for the first response");
        assert!(acks.answered(ONE, sent));
        assert_eq!(
            acks.take_due(sent + limits::ACK_INTERVAL, false),
            [(ONE, MsgId::new(2))]
        );
        assert!(!acks.answered(ONE, sent));
        assert!(acks.take_unanswered().is_empty());
    }

    #[test]
    fn consecutive_acks_are_spaced() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        let mut ack = |id, at| {
            acks.note(ONE, MsgId::new(id), at);
            let due = acks.due().unwrap();
            assert_eq!(acks.take_due(due, false).len(), 1);
            acks.answered(ONE, due);
            due
        };
        let first = ack(1, start);
        assert_eq!(first, start + limits::ACK_DELAY);
        let second = ack(2, first);
        assert_eq!(second, first + limits::ACK_INTERVAL);
        let later = second + limits::ACK_INTERVAL;
        assert_eq!(
            ack(3, later),
            later + limits::ACK_DELAY,
            "the interval has passed"
        );
    }

    #[test]
    fn recent_acks_are_repeated_after_a_reconnect() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        acks.note(ONE, MsgId::new(1), start);
        acks.take_due(start, true);
        acks.answered(ONE, start);
        let later = start + limits::ACK_DOUBT_TIME;
        acks.note(TWO, MsgId::new(2), later);
        acks.take_due(later, true);
        acks.answered(TWO, later);
        acks.disconnected(later + limits::ACK_DELAY);
        acks.disconnected(later + limits::ACK_DELAY);
        assert_eq!(
            acks.take_due(later + limits::ACK_INTERVAL, false),
            [(TWO, MsgId::new(2))],
            "the older ack is durable"
        );
        acks.disconnected(later + limits::ACK_INTERVAL);
        assert_eq!(
            acks.due(),
            None,
            "in flight, and repeated like every request"
        );
    }

    #[test]
    fn closing_takes_all_unconfirmed_acks() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        acks.note(ONE, MsgId::new(1), start);
        acks.take_due(start, true);
        acks.note(TWO, MsgId::new(2), start);
        let mut left = acks.take_unanswered();
        left.sort_unstable();
        assert_eq!(left, [(ONE, MsgId::new(1)), (TWO, MsgId::new(2))]);
        assert!(
            acks.take_due(start + limits::ACK_DELAY, true).is_empty(),
            "already sent"
        );
    }

    #[test]
    fn acks_piggyback_after_a_delay() {
        let (mut acks, start) = (Acks::default(), Instant::now());
        acks.note(ONE, MsgId::new(1), start);
        assert_eq!(acks.take_due(start, true).len(), 1);
        acks.answered(ONE, start);
        acks.note(ONE, MsgId::new(2), start);
        assert!(
            acks.take_due(start, true).is_empty(),
            "acks were sent a moment ago"
        );
        assert_eq!(acks.take_due(start + limits::ACK_DELAY, true).len(), 1);
    }
}
