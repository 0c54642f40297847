//! Exactly-once sending: what is remembered of the sends of one send stream, so that a retry gets
//! its old answer.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use hashbrown::HashMap;

use crate::record::{CursorChunk, RecentPart, RecentSend, SendCursor};

/// The send cursors of one send stream, and its last [`SENDS_IN_FLIGHT_MAX`] sends over all
/// conversations. A client has at most so many unresolved, so each retry that can come finds its
/// answer here.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendStream {
    cursors: HashMap<ConversationId, Cursor>,
    /// A ring: a send stands at the remainder of its place.
    recent: Vec<RecentSend>,
    last_place: u64,
    dirty: Dirty,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    last_seq: u64,
    is_dirty: bool,
}

#[derive(Clone, Debug, Default)]
struct Dirty {
    /// Chunks with a cursor that moved; one may be named several times.
    chunks: Vec<CursorChunk>,
    parts: [bool; RecentPart::COUNT],
}

/// What a client seq turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A new send.
    New,
    /// A retry: it was accepted as this message.
    Accepted(MsgId),
    /// The number was used for another body.
    Conflict,
    /// It lies at or below the cursor, and what became of it is no longer known.
    Forgotten,
}

/// What of a send stream is to be stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamRows {
    /// Chunks with all their cursors.
    pub cursors: Vec<(CursorChunk, Vec<SendCursor>)>,
    /// Parts with all their sends.
    pub recent: Vec<(RecentPart, Vec<RecentSend>)>,
}

impl SendStream {
    /// Takes back what was stored.
    #[must_use]
    pub(crate) fn from_stored(cursors: Vec<SendCursor>, recent: Vec<RecentSend>) -> Self {
        let mut stream = Self::default();
        stream
            .cursors
            .extend(cursors.into_iter().map(|(id, last_seq)| {
                (
                    id,
                    Cursor {
                        last_seq,
                        is_dirty: false,
                    },
                )
            }));
        recent.into_iter().for_each(|send| stream.remember(send));
        stream
    }

    /// The place of the next new send.
    #[must_use]
    pub(crate) const fn next_place(&self) -> u64 {
        self.last_place + 1
    }

    /// What `seq` is in `conversation`, given a fingerprint of its body.
    #[must_use]
    pub(crate) fn seen(&self, conversation: ConversationId, seq: u64, body: u32) -> Seen {
        if self
            .cursors
            .get(&conversation)
            .is_none_or(|cursor| seq > cursor.last_seq)
        {
            return Seen::New;
        }
        let oldest = self.last_place.saturating_sub(SENDS_IN_FLIGHT_MAX as u64);
        match self.recent.iter().find(|send| {
            send.seq == seq && send.conversation == conversation && send.place > oldest
        }) {
            Some(send) if send.body == body => Seen::Accepted(send.msgid),
            Some(_) => Seen::Conflict,
            None => Seen::Forgotten,
        }
    }

    /// Notes an accepted send. Says whether everything was stored until now. To note one again that
    /// was noted before, as a replay does, changes nothing.
    pub(crate) fn accept(&mut self, send: RecentSend) -> bool {
        let was_clean = self.is_clean();
        let cursor = self.cursors.entry(send.conversation).or_default();
        cursor.last_seq = send.seq.max(cursor.last_seq);
        if !std::mem::replace(&mut cursor.is_dirty, true) {
            self.dirty.chunks.push(CursorChunk::of(send.conversation));
        }
        if let Some(is_dirty) = self
            .dirty
            .parts
            .get_mut(usize::from(RecentPart::of(send.place).get()))
        {
            *is_dirty = true;
        }
        self.remember(send);
        was_clean
    }

    /// Each place is given once, so of two sends at one of the ring's the later one stays, in
    /// whatever order they come.
    fn remember(&mut self, send: RecentSend) {
        let at = (send.place % SENDS_IN_FLIGHT_MAX as u64) as usize;
        if at >= self.recent.len() {
            self.recent.resize(at + 1, NEVER);
        }
        if let Some(known) = self
            .recent
            .get_mut(at)
            .filter(|known| known.place <= send.place)
        {
            *known = send;
        }
        self.last_place = self.last_place.max(send.place);
    }

    /// What to store; it counts as stored from now on.
    pub(crate) fn take_dirty(&mut self) -> StreamRows {
        let Dirty { mut chunks, parts } = std::mem::take(&mut self.dirty);
        chunks.sort_unstable();
        chunks.dedup();
        let mut rows = StreamRows {
            cursors: chunks
                .into_iter()
                .map(|chunk| (chunk, Vec::new()))
                .collect(),
            recent: Vec::new(),
        };
        for (&conversation, cursor) in &mut self.cursors {
            if let Ok(at) = rows
                .cursors
                .binary_search_by_key(&CursorChunk::of(conversation), |&(chunk, _)| chunk)
            {
                cursor.is_dirty = false;
                rows.cursors[at].1.push((conversation, cursor.last_seq));
            }
        }
        rows.cursors
            .iter_mut()
            .for_each(|(_, cursors)| cursors.sort_unstable());
        for part in RecentPart::all()
            .zip(parts)
            .filter_map(|(part, is_dirty)| is_dirty.then_some(part))
        {
            let sends = self
                .recent
                .iter()
                .filter(|send| send.place > 0 && RecentPart::of(send.place) == part);
            rows.recent.push((part, sends.copied().collect()));
        }
        rows
    }

    /// Whether everything in it is stored.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.dirty.chunks.is_empty()
    }
}

/// A place of the ring that nothing stands at.
const NEVER: RecentSend = RecentSend {
    place: 0,
    conversation: ConversationId::new(0),
    seq: 0,
    msgid: MsgId::ZERO,
    body: 0,
};

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConversationId = ConversationId::new(1);
    const B: ConversationId = ConversationId::new(2);
    const MAX: u64 = SENDS_IN_FLIGHT_MAX as u64;

    fn send(place: u64, conversation: ConversationId, seq: u64) -> RecentSend {
        RecentSend {
            place,
            conversation,
            seq,
            msgid: MsgId::new(seq * 10),
            body: seq as u32 + 7,
        }
    }

    fn accept(stream: &mut SendStream, conversation: ConversationId, seq: u64) -> bool {
        stream.accept(send(stream.next_place(), conversation, seq))
    }

    fn saved_and_loaded(mut stream: SendStream) -> SendStream {
        let rows = stream.take_dirty();
        assert!(stream.is_clean());
        let cursors = rows
            .cursors
            .into_iter()
            .flat_map(|(_, cursors)| cursors)
            .collect();
        SendStream::from_stored(
            cursors,
            rows.recent
                .into_iter()
                .flat_map(|(_, sends)| sends)
                .collect(),
        )
    }

    #[test]
    fn a_retry_gets_its_old_answer() {
        let mut stream = SendStream::default();
        assert_eq!(stream.seen(A, 1, 8), Seen::New);
        assert!(accept(&mut stream, A, 1));
        assert!(!accept(&mut stream, A, 3));
        assert_eq!(stream.seen(A, 1, 8), Seen::Accepted(MsgId::new(10)));
        assert_eq!(stream.seen(A, 1, 9), Seen::Conflict);
        assert_eq!(
            stream.seen(A, 2, 9),
            Seen::Forgotten,
            "a number that was passed over stays unused"
        );
        assert_eq!(stream.seen(A, 4, 11), Seen::New);
        assert_eq!(stream.seen(B, 1, 8), Seen::New);
    }

    #[test]
    fn it_remembers_as_much_as_a_client_may_have_unresolved() {
        let mut stream = SendStream::default();
        for seq in 1..=MAX {
            accept(&mut stream, if seq % 2 == 0 { A } else { B }, seq);
        }
        assert_eq!(stream.seen(B, 1, 8), Seen::Accepted(MsgId::new(10)));
        accept(&mut stream, A, MAX + 1);
        assert_eq!(stream.seen(B, 1, 8), Seen::Forgotten);
        assert_eq!(stream.seen(A, 2, 9), Seen::Accepted(MsgId::new(20)));
    }

    #[test]
    fn rows_come_back_as_they_went() {
        let mut stream = SendStream::default();
        for seq in 1..=MAX + 100 {
            accept(&mut stream, if seq % 2 == 0 { A } else { B }, seq);
        }
        let back = saved_and_loaded(stream);
        assert_eq!(back.next_place(), MAX + 101);
        assert_eq!(back.seen(B, 99, 106), Seen::Forgotten);
        assert_eq!(back.seen(B, 101, 108), Seen::Accepted(MsgId::new(1010)));
        assert_eq!(back.seen(A, 102, 110), Seen::Conflict);
    }

    #[test]
    fn only_what_changed_is_stored_again() {
        let mut stream = SendStream::default();
        for seq in 1..=MAX {
            accept(&mut stream, A, seq);
        }
        assert_eq!(stream.take_dirty().recent.len(), RecentPart::COUNT);
        accept(&mut stream, ConversationId::new(1_000_000), 1);
        let rows = stream.take_dirty();
        assert_eq!(
            rows.cursors,
            [(
                CursorChunk::of(ConversationId::new(1_000_000)),
                vec![(ConversationId::new(1_000_000), 1)]
            )]
        );
        assert_eq!(rows.recent.len(), 1);
        assert!(stream.take_dirty().recent.is_empty());
    }

    #[test]
    fn a_replay_over_newer_rows_ends_as_it_was() {
        let all: Vec<RecentSend> = (1..=MAX + 300)
            .map(|n| send(n, if n % 3 == 0 { A } else { B }, n))
            .collect();
        let mut stream = SendStream::default();
        for &send in &all {
            stream.accept(send);
        }
        let newer = stream.take_dirty();
        // Some rows are as of the end, some as of the middle; what came since the middle is
        // replayed.
        let mut older = SendStream::default();
        for &send in all.iter().take(700) {
            older.accept(send);
        }
        let older = older.take_dirty();
        let mixed = newer
            .recent
            .iter()
            .step_by(2)
            .chain(older.recent.iter().skip(1).step_by(2))
            .flat_map(|(_, sends)| sends.clone());
        let cursors = older
            .cursors
            .into_iter()
            .flat_map(|(_, cursors)| cursors)
            .collect();
        let mut back = SendStream::from_stored(cursors, mixed.collect());
        for &send in all.iter().skip(700) {
            back.accept(send);
        }
        for send in &all {
            assert_eq!(
                back.seen(send.conversation, send.seq, send.body),
                stream.seen(send.conversation, send.seq, send.body),
                "{send:?}"
            );
        }
        assert_eq!(back.next_place(), stream.next_place());
    }
}
