//! The timeline of one conversation as its readers see it: its end, and its newest entries in
//! memory.
//!
//! The sequencer publishes after the commit; sessions read, from any thread; checkpoints trim what
//! blocks hold.
pub mod history;
pub mod retention;
pub mod scan;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};

use crate::blocks::run::{RunBuilder, RunLimits};

#[derive(Debug)]
pub struct Timeline {
    conversation: ConversationId,
    head: AtomicU64,
    shown: AtomicU64,
    floor: AtomicU64,
    tail: Mutex<Tail>,
}

/// The entries that no block certainly holds, and the last run built from them.
#[derive(Debug)]
struct Tail {
    stored: MsgId,
    /// From `stored + 1` to the head.
    entries: VecDeque<Bytes>,
    /// Entries rewritten since their block was written, or while they are in the tail.
    rewritten: Rewritten,
    last_run: Option<LastRun>,
}

/// Rewritten entries by number. Clones share them.
pub(super) type Rewritten = Arc<BTreeMap<MsgId, Bytes>>;

/// The last run, since many readers are at the same position.
#[derive(Debug)]
struct LastRun {
    limits: RunLimits,
    /// Nothing more fits into it.
    is_full: bool,
    run: Run,
}

/// What the tail has for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailRead {
    /// The entries from the requested one on.
    Hit(Run),
    /// The requested entry is in the blocks: see [`crate::timeline::history`].
    OnDisk,
    /// The requested entry is above the head.
    CaughtUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {found} of conversation {conversation} was published where {expected} comes next")]
pub struct TimelineGap {
    pub conversation: ConversationId,
    pub expected: MsgId,
    pub found: MsgId,
}

impl Timeline {
    /// Creates a timeline whose blocks hold everything up to `stored`, which is also the head.
    #[must_use]
    pub fn new(conversation: ConversationId, floor: MsgId, stored: MsgId) -> Self {
        let tail = Tail {
            stored,
            entries: VecDeque::new(),
            rewritten: Rewritten::default(),
            last_run: None,
        };
        Self {
            conversation,
            head: stored.get().into(),
            shown: stored.get().into(),
            floor: floor.get().into(),
            tail: Mutex::new(tail),
        }
    }

    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The last durable entry.
    #[must_use]
    pub fn head(&self) -> MsgId {
        MsgId::new(self.head.load(Ordering::Acquire))
    }

    /// The last entry that sessions may see. Entries above it are durable, but came with changes,
    /// such as of memberships, that are not published yet.
    #[must_use]
    pub fn shown(&self) -> MsgId {
        MsgId::new(self.shown.load(Ordering::Acquire))
    }

    /// Lets sessions see everything up to this entry.
    pub fn show(&self, msgid: MsgId) {
        self.shown.fetch_max(msgid.get(), Ordering::AcqRel);
    }

    /// Entries up to here have expired.
    #[must_use]
    pub fn floor(&self) -> MsgId {
        MsgId::new(self.floor.load(Ordering::Acquire))
    }

    /// Raises the floor; it never goes down.
    pub fn raise_floor(&self, floor: MsgId) {
        self.floor.fetch_max(floor.get(), Ordering::AcqRel);
    }

    /// The last entry that blocks certainly hold.
    #[must_use]
    pub fn stored(&self) -> MsgId {
        self.tail.lock().stored
    }

    /// Adds durable entries and returns the new head. Sessions see them after [`Timeline::show`].
    ///
    /// # Errors
    ///
    /// When `first` is not the one after the head; nothing is published then.
    pub fn publish(
        &self,
        first: MsgId,
        entries: impl IntoIterator<Item = Bytes>,
    ) -> Result<MsgId, TimelineGap> {
        let mut tail = self.tail.lock();
        let expected = tail.head().next();
        if first != expected {
            return Err(TimelineGap {
                conversation: self.conversation,
                expected,
                found: first,
            });
        }
        tail.entries.extend(entries);
        let head = tail.head();
        self.head.store(head.get(), Ordering::Release);
        Ok(head)
    }

    /// Replaces an entry.
    pub fn rewrite(&self, msgid: MsgId, entry: Bytes) {
        let mut tail = self.tail.lock();
        if msgid > tail.stored
            && let Ok(at) = usize::try_from(msgid.prev().above(tail.stored))
            && let Some(place) = tail.entries.get_mut(at)
        {
            *place = entry.clone();
        }
        // Even if it is in the tail: a running checkpoint may have taken the old entry.
        Arc::make_mut(&mut tail.rewritten).insert(msgid, entry);
        tail.last_run = None;
    }

    /// Entries that differ from the blocks. Take them before reading blocks: what is missing here
    /// is in the blocks.
    pub(super) fn rewritten(&self) -> Rewritten {
        self.tail.lock().rewritten.clone()
    }

    /// Forgets rewritten entries up to `through` that the blocks now hold durably.
    pub(super) fn forget_rewritten(&self, written: &Rewritten, through: MsgId) {
        if !written.is_empty() {
            let mut tail = self.tail.lock();
            let is_written = |msgid: &MsgId, entry: &Bytes| {
                *msgid <= through
                    && written
                        .get(msgid)
                        .is_some_and(|other| entry.as_ptr() == other.as_ptr())
            };
            Arc::make_mut(&mut tail.rewritten).retain(|msgid, entry| !is_written(msgid, entry));
        }
    }

    /// Reads the entries from this one on, above the floor, as far as they are in memory and
    /// `limits` allows.
    #[must_use]
    pub fn read_tail(&self, from: MsgId, limits: RunLimits) -> TailRead {
        let mut tail = self.tail.lock();
        let head = tail.head();
        let from = from.max(self.floor().next());
        if from > head {
            return TailRead::CaughtUp;
        }
        if from <= tail.stored {
            return TailRead::OnDisk;
        }
        if let Some(last) = &tail.last_run
            && last.run.first == from
            && last.limits == limits
            && (last.is_full || last.run.last() == head)
        {
            return TailRead::Hit(last.run.clone());
        }
        let mut run = RunBuilder::new(self.conversation, from, limits);
        run.append(tail.from(from));
        let is_full = run.is_full();
        let run = run.finish();
        tail.last_run = Some(LastRun {
            limits,
            is_full,
            run: run.clone(),
        });
        TailRead::Hit(run)
    }

    /// Appends entries in memory; returns `false` when the next one is in the blocks.
    pub(super) fn append_to(&self, run: &mut RunBuilder) -> bool {
        let tail = self.tail.lock();
        let is_here = run.next() > tail.stored;
        if is_here {
            run.append(tail.from(run.next()));
        }
        is_here
    }

    /// Prepends entries in memory above `floor`; returns `false` when the one before is in the
    /// blocks.
    pub(super) fn prepend_to(&self, run: &mut RunBuilder, floor: MsgId) -> bool {
        let tail = self.tail.lock();
        let before = run.first();
        let is_here = before.prev() > tail.stored && before <= tail.head().next();
        if is_here {
            let count = usize::try_from(before.prev().above(tail.stored)).unwrap_or(usize::MAX);
            let above_floor = usize::try_from(before.prev().above(floor)).unwrap_or(usize::MAX);
            run.prepend(
                tail.entries
                    .iter()
                    .take(count)
                    .rev()
                    .take(above_floor)
                    .cloned(),
            );
        }
        is_here
    }

    /// Returns up to `count` entries in memory that end with `last`, and the first of them; none at
    /// or below `floor`. `None` if `last` is in the blocks, or above the head.
    pub(super) fn tail_before(
        &self,
        last: MsgId,
        floor: MsgId,
        count: u32,
    ) -> Option<(MsgId, Vec<Bytes>)> {
        let tail = self.tail.lock();
        if last <= tail.stored || last > tail.head() {
            return None;
        }
        let bottom = floor.max(tail.stored);
        let count = last.above(bottom).min(u64::from(count));
        let end = usize::try_from(last.above(tail.stored)).ok()?;
        let start = end.checked_sub(usize::try_from(count).ok()?)?;
        let entries = tail.entries.range(start..end).cloned().collect();
        Some((tail.stored.plus(start as u64).next(), entries))
    }

    /// The entries to store: those above what is stored, up to this one.
    pub(super) fn unstored(&self, through: MsgId) -> (MsgId, Vec<Bytes>) {
        let tail = self.tail.lock();
        let count = usize::try_from(through.above(tail.stored)).unwrap_or(usize::MAX);
        (
            tail.stored,
            tail.entries.iter().take(count).cloned().collect(),
        )
    }

    /// Drops the entries up to this one, which blocks hold durably.
    pub fn trim(&self, through: MsgId) {
        let mut tail = self.tail.lock();
        let count = usize::try_from(through.above(tail.stored))
            .unwrap_or(usize::MAX)
            .min(tail.entries.len());
        if count > 0 {
            tail.entries.drain(..count);
            let left = tail.entries.len();
            tail.entries.shrink_to(left * 2);
            tail.stored = tail.stored.plus(count as u64);
            tail.last_run = None;
        }
    }

    /// Returns whether every entry is in blocks.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let tail = self.tail.lock();
        tail.entries.is_empty() && tail.rewritten.is_empty()
    }
}

impl Tail {
    fn head(&self) -> MsgId {
        self.stored.plus(self.entries.len() as u64)
    }

    fn from(&self, msgid: MsgId) -> impl Iterator<Item = Bytes> {
        let skip = usize::try_from(msgid.prev().above(self.stored))
            .unwrap_or(usize::MAX)
            .min(self.entries.len());
        self.entries.range(skip..).cloned()
    }
}

#[derive(Debug, Default)]
pub struct Timelines(RwLock<HashMap<ConversationId, Arc<Timeline>>>);

impl Timelines {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get(&self, conversation: ConversationId) -> Option<Arc<Timeline>> {
        self.0.read().get(&conversation).cloned()
    }

    /// Returns the timeline of a conversation, creating it if it is not in memory.
    pub fn get_or_insert_with(
        &self,
        conversation: ConversationId,
        create: impl FnOnce() -> Timeline,
    ) -> Arc<Timeline> {
        if let Some(timeline) = self.get(conversation) {
            return timeline;
        }
        Arc::clone(
            self.0
                .write()
                .entry(conversation)
                .or_insert_with(|| Arc::new(create())),
        )
    }

    /// Replaces a timeline that is not in use.
    pub fn put(&self, timeline: Timeline) {
        self.0
            .write()
            .insert(timeline.conversation(), Arc::new(timeline));
    }

    /// Adds the timeline of a conversation without entries, unless it has one.
    pub(crate) fn begin(&self, conversation: ConversationId) {
        self.get_or_insert_with(conversation, || {
            Timeline::new(conversation, MsgId::ZERO, MsgId::ZERO)
        });
    }

    /// Evicts a timeline that is not in use and whose entries are all in blocks. Returns whether it
    /// did.
    pub fn evict(&self, conversation: ConversationId) -> bool {
        let mut timelines = self.0.write();
        // A further handle can only come from this map, which is locked.
        let is_idle = timelines
            .get(&conversation)
            .is_some_and(|timeline| Arc::strong_count(timeline) == 1 && timeline.is_stored());
        is_idle && timelines.remove(&conversation).is_some()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
