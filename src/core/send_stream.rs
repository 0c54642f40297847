//! Exactly-once sending: what is remembered of the sends of one send stream, so that a retry gets its old answer.

use std::collections::VecDeque;

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use hashbrown::HashMap;

use super::record::{RecentSend, SendCursorRecord};

/// The send cursors of one send stream, and its last [`SENDS_IN_FLIGHT_MAX`] sends over all conversations. A client has at
/// most so many unresolved, so each retry that can come finds its answer here.
#[derive(Clone, Debug, Default)]
pub struct SendStream {
    cursors: HashMap<ConversationId, SendCursor>,
    /// Where the remembered sends are, oldest first.
    order: VecDeque<ConversationId>,
}

#[derive(Clone, Debug, Default)]
struct SendCursor {
    last_seq: u64,
    recent: VecDeque<RecentSend>,
    dirty: bool,
}

/// What a client seq turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A new send.
    New,
    /// A retry: it was accepted as this message.
    Accepted(MsgId),
    /// The number was used for another body.
    Conflict,
    /// It lies at or below the cursor, and what became of it is no longer known.
    Forgotten,
}

impl SendStream {
    /// Takes back what was stored. The order among conversations is lost and does not matter: nothing is in flight then.
    #[must_use]
    pub fn from_records(records: Vec<(ConversationId, SendCursorRecord)>) -> Self {
        let mut stream = Self::default();
        for (conversation, record) in records {
            stream.order.extend(record.recent.iter().map(|_| conversation));
            let cursor = SendCursor { last_seq: record.last_seq, recent: record.recent.into(), dirty: false };
            stream.cursors.insert(conversation, cursor);
        }
        stream
    }

    /// What `seq` is in `conversation`, given a fingerprint of its body.
    #[must_use]
    pub fn seen(&self, conversation: ConversationId, seq: u64, body: u64) -> Seen {
        let Some(cursor) = self.cursors.get(&conversation).filter(|cursor| seq <= cursor.last_seq) else {
            return Seen::New;
        };
        match cursor.recent.iter().rev().find(|send| send.seq == seq) {
            Some(send) if send.body == body => Seen::Accepted(send.msgid),
            Some(_) => Seen::Conflict,
            None => Seen::Forgotten,
        }
    }

    /// Notes an accepted send. Says whether the cursor was clean until now. Noting one again changes nothing.
    pub fn accept(&mut self, conversation: ConversationId, send: RecentSend) -> bool {
        let cursor = self.cursors.entry(conversation).or_default();
        if send.seq <= cursor.last_seq {
            return false;
        }
        cursor.last_seq = send.seq;
        cursor.recent.push_back(send);
        let was_clean = !std::mem::replace(&mut cursor.dirty, true);
        self.order.push_back(conversation);
        if self.order.len() > SENDS_IN_FLIGHT_MAX
            && let Some(oldest) = self.order.pop_front()
            && let Some(cursor) = self.cursors.get_mut(&oldest)
        {
            cursor.recent.pop_front();
        }
        was_clean
    }

    /// What to store of one conversation's cursor, which counts as clean from now on.
    pub fn take_record(&mut self, conversation: ConversationId) -> Option<SendCursorRecord> {
        let cursor = self.cursors.get_mut(&conversation)?;
        cursor.dirty = false;
        Some(SendCursorRecord { last_seq: cursor.last_seq, recent: cursor.recent.iter().copied().collect() })
    }

    /// Whether everything in it is stored.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.cursors.values().any(|cursor| cursor.dirty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConversationId = ConversationId::new(1);
    const B: ConversationId = ConversationId::new(2);

    fn send(seq: u64) -> RecentSend {
        RecentSend { seq, msgid: MsgId::new(seq * 10), body: seq + 7 }
    }

    #[test]
    fn a_retry_gets_its_old_answer() {
        let mut stream = SendStream::default();
        assert_eq!(stream.seen(A, 1, 8), Seen::New);
        assert!(stream.accept(A, send(1)));
        assert!(!stream.accept(A, send(3)));
        assert_eq!(stream.seen(A, 1, 8), Seen::Accepted(MsgId::new(10)));
        assert_eq!(stream.seen(A, 1, 9), Seen::Conflict);
        assert_eq!(stream.seen(A, 2, 9), Seen::Forgotten, "a number that was passed over stays unused");
        assert_eq!(stream.seen(A, 4, 11), Seen::New);
        assert_eq!(stream.seen(B, 1, 8), Seen::New);
    }

    #[test]
    fn it_remembers_as_much_as_a_client_may_have_unresolved() {
        let mut stream = SendStream::default();
        let max = SENDS_IN_FLIGHT_MAX as u64;
        for seq in 1..=max {
            stream.accept(if seq % 2 == 0 { A } else { B }, send(seq));
        }
        assert_eq!(stream.seen(B, 1, 8), Seen::Accepted(MsgId::new(10)));
        stream.accept(A, send(max + 1));
        assert_eq!(stream.seen(B, 1, 8), Seen::Forgotten);
        assert_eq!(stream.seen(A, 2, 9), Seen::Accepted(MsgId::new(20)));
    }

    #[test]
    fn records_come_back_as_they_went() {
        let mut stream = SendStream::default();
        stream.accept(A, send(1));
        stream.accept(A, send(2));
        assert!(!stream.is_clean());
        let record = stream.take_record(A).unwrap();
        assert!(stream.is_clean());
        let back = SendStream::from_records(vec![(A, record)]);
        assert_eq!(back.seen(A, 2, 9), Seen::Accepted(MsgId::new(20)));
        assert_eq!(back.seen(A, 2, 10), Seen::Conflict);
    }
}
