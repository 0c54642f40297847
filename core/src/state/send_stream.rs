//! Exactly-once sending: the sends of one stream that a retry can still ask for.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_proto::limits::SENDS_IN_FLIGHT_MAX;
use hashbrown::HashMap;

use crate::record::{CursorChunk, RecentPart, RecentSend, SendCursor};
use crate::state::conversation::MembershipSlots;
use crate::state::table::Slot;

/// The send cursors of one stream, and its last [`SENDS_IN_FLIGHT_MAX`] sends over all
/// conversations. A client has at most that many unresolved sends, so every possible retry is
/// answered from here.
#[derive(Clone, Debug, Default)]
pub(crate) struct SendStream {
    cursors: HashMap<ConversationId, Cursor>,
    /// A ring, indexed by ordinal.
    recent: Vec<RecentSend>,
    last_place: u64,
    dirty: Dirty,
    /// Set if a send need not be noted in the device's list of streams. May be unset for the most
    /// recently used one.
    pub(crate) is_latest: bool,
}

/// Where a send found what it needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendSlots {
    pub(crate) membership: MembershipSlots,
    pub(crate) stream: Option<Slot>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    last_seq: u64,
    is_dirty: bool,
}

#[derive(Clone, Debug, Default)]
struct Dirty {
    /// Chunks with a moved cursor; may hold duplicates.
    chunks: Vec<CursorChunk>,
    parts: [bool; RecentPart::COUNT],
}

/// What a client seq means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    /// A retry of this accepted message.
    Accepted(MsgId),
    /// The client seq was used for another body.
    Conflict,
    /// At or below the cursor, but no longer remembered.
    Forgotten,
}

/// The rows to store.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamRows {
    /// Complete chunks.
    pub cursors: Vec<(CursorChunk, Vec<SendCursor>)>,
    /// Complete parts.
    pub recent: Vec<(RecentPart, Vec<RecentSend>)>,
}

impl SendStream {
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

    /// The ordinal of the next send.
    #[must_use]
    pub(crate) const fn next_place(&self) -> u64 {
        self.last_place + 1
    }

    /// Classifies a client seq, given the fingerprint of the body.
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

    /// Records an accepted send. Idempotent, as a replay requires. Returns whether the stream was
    /// clean before.
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

    /// Each ordinal is used once, so of two sends in the same slot the later one wins, in whatever
    /// order they arrive.
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

    /// Takes the rows to store, which count as stored from then on.
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

    /// Returns whether everything is stored.
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.dirty.chunks.is_empty()
    }
}

/// An empty slot of the ring.
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

    fn reloaded(mut stream: SendStream) -> SendStream {
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
    fn retries_return_the_first_msgid() {
        let mut stream = SendStream::default();
        assert_eq!(stream.seen(A, 1, 8), Seen::New);
        assert!(accept(&mut stream, A, 1));
        assert!(!accept(&mut stream, A, 3));
        assert_eq!(stream.seen(A, 1, 8), Seen::Accepted(MsgId::new(10)));
        assert_eq!(stream.seen(A, 1, 9), Seen::Conflict);
        assert_eq!(
            stream.seen(A, 2, 9),
            Seen::Forgotten,
            "a skipped client seq cannot be used later"
        );
        assert_eq!(stream.seen(A, 4, 11), Seen::New);
        assert_eq!(stream.seen(B, 1, 8), Seen::New);
    }

    #[test]
    fn full_in_flight_window_is_remembered() {
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
    fn rows_round_trip() {
        let mut stream = SendStream::default();
        for seq in 1..=MAX + 100 {
            accept(&mut stream, if seq % 2 == 0 { A } else { B }, seq);
        }
        let back = reloaded(stream);
        assert_eq!(back.next_place(), MAX + 101);
        assert_eq!(back.seen(B, 99, 106), Seen::Forgotten);
        assert_eq!(back.seen(B, 101, 108), Seen::Accepted(MsgId::new(1010)));
        assert_eq!(back.seen(A, 102, 110), Seen::Conflict);
    }

    #[test]
    fn only_dirty_rows_are_stored() {
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
    fn replay_over_newer_rows_is_idempotent() {
        let all: Vec<RecentSend> = (1..=MAX + 300)
            .map(|n| send(n, if n % 3 == 0 { A } else { B }, n))
            .collect();
        let mut stream = SendStream::default();
        for &send in &all {
            stream.accept(send);
        }
        let newer = stream.take_dirty();
        // Some rows are from the end and others from the middle; everything after the middle is
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
