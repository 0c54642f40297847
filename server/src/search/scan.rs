//! A scan: the entries of many conversations, the newest first, as far as a budget permits.
//!
//! A scan has a part for each conversation. The part whose next entry may be the newest reads its
//! next candidates and verifies them; a hit is taken once no part can have a newer one. Every block
//! is a candidate; an index would only skip some of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{SearchCursor, SearchPlace};
use cairn_store::timeline::history::History;
use tokio::time::Instant;
use tracing::error;

use super::part::{END_OF_TIME, Extent, Look, Part};
use super::pool::IsAbandoned;

/// How much a scan may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Hits to take.
    pub(super) hits: usize,
    /// Blocks to read.
    pub(super) blocks: u32,
    /// Time on a thread of the pool.
    pub(super) time: Duration,
}

/// A message that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) conversation: ConversationId,
    pub(super) msgid: MsgId,
    pub(super) sent_at: Timestamp,
}

/// What a scan found.
#[derive(Debug)]
pub(super) struct Scanned {
    /// The newest first.
    pub(super) hits: Vec<Candidate>,
    pub(super) blocks: u32,
}

/// Conversations by the time of the newest entry that may follow, the latest first.
type Order = BinaryHeap<(Timestamp, Reverse<usize>)>;

pub(super) struct Scan {
    parts: Vec<Part>,
    /// Parts with entries to read.
    unread: Order,
    /// Parts with hits that are not taken.
    found: Order,
    reached: Timestamp,
}

impl Scan {
    /// Begins a scan, or continues one from a cursor.
    pub(super) fn new(mut parts: Vec<Part>, cursor: Option<SearchCursor>) -> Self {
        let reached = cursor.as_ref().map_or(END_OF_TIME, |cursor| cursor.reached);
        let places = cursor.map_or_else(Vec::new, |cursor| cursor.places);
        let places: HashMap<_, _> = places
            .into_iter()
            .map(|place| (place.conversation, place.before))
            .collect();
        for part in &mut parts {
            if let Some(&before) = places.get(&part.conversation()) {
                part.resume(before, reached);
            }
        }
        let unread = parts.iter().enumerate();
        let unread = unread
            .filter(|(_, part)| part.has_more())
            .map(|(at, part)| (part.bound(), Reverse(at)))
            .collect();
        Self {
            parts,
            unread,
            found: Order::new(),
            reached,
        }
    }

    /// Runs until enough is found, everything is scanned, or a bound is reached.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Damaged`] if stored entries cannot be read.
    pub(super) fn run(
        &mut self,
        history: &History,
        bounds: Bounds,
        look: &mut dyn Look,
        is_abandoned: IsAbandoned<'_>,
    ) -> Result<Scanned, ErrorCode> {
        let began = Instant::now();
        let mut hits = Vec::new();
        let mut blocks = 0;
        loop {
            self.take_hits(&mut hits, bounds.hits);
            if hits.len() >= bounds.hits || self.unread.is_empty() {
                break;
            }
            let is_late = blocks % BLOCKS_PER_CHECK == 0
                && (is_abandoned() || began.elapsed() >= bounds.time);
            // The first block always counts, so that every request gets further.
            if blocks >= bounds.blocks.max(1) || (blocks > 0 && is_late) {
                break;
            }
            blocks += 1;
            self.read(history, look)?;
        }
        Ok(Scanned { hits, blocks })
    }

    /// Reads a block of the part that may have the newest entry.
    fn read(&mut self, history: &History, look: &mut dyn Look) -> Result<(), ErrorCode> {
        let Some((bound, Reverse(at))) = self.unread.pop() else {
            return Ok(());
        };
        self.reached = self.reached.min(bound);
        let Some(part) = self.parts.get_mut(at) else {
            return Ok(());
        };
        let had_hits = part.next_hit().is_some();
        part.read(history, look).map_err(|failure| {
            error!(%failure, "cannot read stored messages");
            ErrorCode::Damaged
        })?;
        if part.has_more() {
            self.unread.push((part.bound(), Reverse(at)));
        }
        if let Some((_, sent_at)) = part.next_hit().filter(|_| !had_hits) {
            self.found.push((sent_at, Reverse(at)));
        }
        Ok(())
    }

    /// Takes the hits than which no unread entry can be newer.
    fn take_hits(&mut self, hits: &mut Vec<Candidate>, max: usize) {
        while hits.len() < max
            && let Some(&(sent_at, Reverse(at))) = self.found.peek()
        {
            if self
                .unread
                .peek()
                .is_some_and(|&(bound, _)| bound > sent_at)
            {
                return;
            }
            self.found.pop();
            let Some(part) = self.parts.get_mut(at) else {
                continue;
            };
            if let Some(msgid) = part.take_hit() {
                self.reached = self.reached.min(sent_at);
                hits.push(Candidate {
                    conversation: part.conversation(),
                    msgid,
                    sent_at,
                });
            }
            if let Some((_, sent_at)) = part.next_hit() {
                self.found.push((sent_at, Reverse(at)));
            }
        }
    }

    /// Returns where to continue, with the hits that were taken but are not returned: before them,
    /// before other hits, else before what was read. `None` if nothing is left.
    pub(super) fn cursor(&self, left: &[Candidate]) -> Option<SearchCursor> {
        if self.unread.is_empty() && self.found.is_empty() && left.is_empty() {
            return None;
        }
        let begun = self.parts.iter().filter(|part| part.has_begun());
        let places = begun.map(|part| {
            let conversation = part.conversation();
            let first_left = left.iter().find(|hit| hit.conversation == conversation);
            SearchPlace {
                conversation,
                before: first_left.map_or_else(|| part.place(), |hit| hit.msgid.next()),
            }
        });
        Some(SearchCursor {
            reached: left.first().map_or(self.reached, |hit| hit.sent_at),
            places: places.collect(),
        })
    }

    /// Returns the conversations whose newest entry was read, with its time.
    pub(super) fn heads(&self) -> impl Iterator<Item = (ConversationId, MsgId, Timestamp)> {
        self.parts.iter().filter_map(|part| {
            let (head, time) = part.newest()?;
            Some((part.conversation(), head, time))
        })
    }

    /// Returns what is known of a conversation.
    pub(super) fn extent(&self, conversation: ConversationId) -> Option<&Extent> {
        let part = self
            .parts
            .iter()
            .find(|part| part.conversation() == conversation)?;
        Some(part.extent())
    }
}

/// Blocks after which a scan looks at the clock, and whether it is still wanted.
const BLOCKS_PER_CHECK: u32 = 16;
