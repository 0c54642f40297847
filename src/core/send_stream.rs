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
    /// Where the remembered sends are, by their places: oldest first.
    order: VecDeque<(u64, ConversationId)>,
    last_place: u64,
}

#[derive(Clone, Debug, Default)]
struct SendCursor {
    last_seq: u64,
    /// Oldest first.
    recent: VecDeque<Remembered>,
    dirty: bool,
}

#[derive(Clone, Copy, Debug)]
struct Remembered {
    /// Counts the sends of the stream, whatever conversation they go to.
    place: u64,
    seq: u64,
    msgid: MsgId,
    body: u32,
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
    /// Takes back what was stored. A record holds sends that newer ones of other conversations have pushed out since.
    #[must_use]
    pub fn from_records(records: Vec<(ConversationId, SendCursorRecord)>) -> Self {
        let mut stream = Self::default();
        for (conversation, record) in records {
            let mut cursor = SendCursor { last_seq: record.last_seq, ..SendCursor::default() };
            let mut place = record.last_place;
            for &RecentSend { seq, msgid, body, places_on } in record.recent.iter().rev() {
                cursor.recent.push_front(Remembered { place, seq, msgid, body });
                stream.order.push_back((place, conversation));
                place = place.saturating_sub(places_on);
            }
            stream.cursors.insert(conversation, cursor);
        }
        stream.order.make_contiguous().sort_unstable();
        stream.last_place = stream.order.back().map_or(0, |&(place, _)| place);
        stream.forget_oldest();
        stream
    }

    /// What `seq` is in `conversation`, given a fingerprint of its body.
    #[must_use]
    pub fn seen(&self, conversation: ConversationId, seq: u64, body: u32) -> Seen {
        let Some(cursor) = self.cursors.get(&conversation).filter(|cursor| seq <= cursor.last_seq) else {
            return Seen::New;
        };
        match cursor.recent.iter().rev().find(|send| send.seq == seq) {
            Some(send) if send.body == body => Seen::Accepted(send.msgid),
            Some(_) => Seen::Conflict,
            None => Seen::Forgotten,
        }
    }

    /// Notes an accepted send. Says whether the cursor was clean until now.
    ///
    /// A replay may note one again that the trees have already: it takes its place behind what was replayed before it, so that in
    /// the end they lie in the order in which they were accepted, whichever of them the trees had.
    pub fn accept(&mut self, conversation: ConversationId, seq: u64, msgid: MsgId, body: u32) -> bool {
        let cursor = self.cursors.entry(conversation).or_default();
        if seq <= cursor.last_seq
            && let Some(at) = cursor.recent.iter().position(|send| send.seq == seq)
            && let Some(known) = cursor.recent.remove(at)
            && let Ok(at) = self.order.binary_search(&(known.place, conversation))
        {
            self.order.remove(at);
        }
        self.last_place += 1;
        cursor.last_seq = seq.max(cursor.last_seq);
        cursor.recent.push_back(Remembered { place: self.last_place, seq, msgid, body });
        let was_clean = !std::mem::replace(&mut cursor.dirty, true);
        self.order.push_back((self.last_place, conversation));
        self.forget_oldest();
        was_clean
    }

    fn forget_oldest(&mut self) {
        while self.order.len() > SENDS_IN_FLIGHT_MAX
            && let Some((_, conversation)) = self.order.pop_front()
        {
            if let Some(cursor) = self.cursors.get_mut(&conversation) {
                cursor.recent.pop_front();
            }
        }
    }

    /// What to store of one conversation's cursor, which counts as clean from now on.
    pub fn take_record(&mut self, conversation: ConversationId) -> Option<SendCursorRecord> {
        let cursor = self.cursors.get_mut(&conversation)?;
        cursor.dirty = false;
        let mut last_place = 0;
        let recent = cursor.recent.iter().map(|&Remembered { place, seq, msgid, body }| {
            let before = std::mem::replace(&mut last_place, place);
            RecentSend { seq, msgid, body, places_on: if before == 0 { 0 } else { place - before } }
        });
        let recent = recent.collect();
        Some(SendCursorRecord { last_seq: cursor.last_seq, last_place, recent })
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

    fn accept(stream: &mut SendStream, conversation: ConversationId, seq: u64) -> bool {
        stream.accept(conversation, seq, MsgId::new(seq * 10), seq as u32 + 7)
    }

    fn saved_and_loaded(mut stream: SendStream) -> SendStream {
        let records = [B, A].map(|conversation| stream.take_record(conversation).map(|record| (conversation, record)));
        assert!(stream.is_clean());
        SendStream::from_records(records.into_iter().flatten().collect())
    }

    #[test]
    fn a_retry_gets_its_old_answer() {
        let mut stream = SendStream::default();
        assert_eq!(stream.seen(A, 1, 8), Seen::New);
        assert!(accept(&mut stream, A, 1));
        assert!(!accept(&mut stream, A, 3));
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
            accept(&mut stream, if seq % 2 == 0 { A } else { B }, seq);
        }
        assert_eq!(stream.seen(B, 1, 8), Seen::Accepted(MsgId::new(10)));
        accept(&mut stream, A, max + 1);
        assert_eq!(stream.seen(B, 1, 8), Seen::Forgotten);
        assert_eq!(stream.seen(A, 2, 9), Seen::Accepted(MsgId::new(20)));
    }

    #[test]
    fn records_come_back_as_they_went() {
        let mut stream = SendStream::default();
        accept(&mut stream, A, 1);
        accept(&mut stream, A, 2);
        assert!(!stream.is_clean());
        let back = saved_and_loaded(stream);
        assert_eq!(back.seen(A, 2, 9), Seen::Accepted(MsgId::new(20)));
        assert_eq!(back.seen(A, 2, 10), Seen::Conflict);
    }

    #[test]
    fn the_oldest_goes_first_even_when_it_was_stored_in_between() {
        let max = SENDS_IN_FLIGHT_MAX as u64;
        let mut stream = SendStream::default();
        for seq in 1..max {
            accept(&mut stream, B, seq);
        }
        accept(&mut stream, A, 1);
        let mut stream = saved_and_loaded(stream);
        accept(&mut stream, B, max);
        assert_eq!(stream.seen(A, 1, 8), Seen::Accepted(MsgId::new(10)), "the newest but one");
        assert_eq!(stream.seen(B, 1, 8), Seen::Forgotten);
        assert_eq!(saved_and_loaded(stream).seen(B, 2, 9), Seen::Accepted(MsgId::new(20)));
    }

    #[test]
    fn what_was_pushed_out_does_not_come_back_from_a_record_that_has_it() {
        let mut stream = SendStream::default();
        accept(&mut stream, A, 1);
        let old = stream.take_record(A).unwrap();
        for seq in 1..=SENDS_IN_FLIGHT_MAX as u64 {
            accept(&mut stream, B, seq);
        }
        let new = stream.take_record(B).unwrap();
        let back = SendStream::from_records(vec![(B, new), (A, old)]);
        assert_eq!(stream.seen(A, 1, 8), Seen::Forgotten);
        assert_eq!(back.seen(A, 1, 8), Seen::Forgotten);
    }

    #[test]
    fn a_replay_over_a_newer_record_keeps_the_order() {
        let max = SENDS_IN_FLIGHT_MAX as u64;
        let mut stream = SendStream::default();
        for seq in 1..max {
            accept(&mut stream, B, seq);
        }
        accept(&mut stream, A, 1);
        let mut back = SendStream::from_records(vec![(A, stream.take_record(A).unwrap())]);
        for seq in 1..max {
            accept(&mut back, B, seq);
        }
        accept(&mut back, A, 1);
        accept(&mut back, B, max);
        assert_eq!(back.seen(A, 1, 8), Seen::Accepted(MsgId::new(10)));
        assert_eq!(back.seen(B, 1, 8), Seen::Forgotten);
        assert_eq!(back.seen(B, 2, 9), Seen::Accepted(MsgId::new(20)));
    }
}
