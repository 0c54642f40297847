//! The log of one conversation as its readers see it: where it ends, and its newest messages.
//!
//! The sequencer publishes, after the commit; sessions read, from any thread; the checkpoint trims
//! what the blocks hold.
pub mod history;
pub mod retention;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_proto::content::message::Run;
use cairn_proto::ids::{ConversationId, MsgId};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};

use crate::blocks::run::{RunBuilder, RunLimits};

/// The log of one conversation.
#[derive(Debug)]
pub struct Timeline {
    conversation: ConversationId,
    head: AtomicU64,
    shown: AtomicU64,
    floor: AtomicU64,
    tail: Mutex<Tail>,
}

/// The messages that no block holds for certain, and the run that was last made of them.
#[derive(Debug)]
struct Tail {
    stored: MsgId,
    /// From `stored + 1` to the head.
    entries: VecDeque<Bytes>,
    /// The entries that are others since the blocks were written, wherever they lie.
    rewritten: Rewritten,
    last_run: Option<LastRun>,
}

/// Entries by their numbers, each as it is now. Clones share them.
pub(super) type Rewritten = Arc<BTreeMap<MsgId, Bytes>>;

/// Many readers stand at the same place: they share one buffer.
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
    /// The messages from the asked one on.
    Hit(Run),
    /// The asked one is in the blocks: see [`crate::timeline::history`].
    OnDisk,
    /// The asked one is above the head: there is nothing new.
    CaughtUp,
}

/// Messages were published that do not continue the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {found} of conversation {conversation} was published where {expected} comes next")]
pub struct TimelineGap {
    /// The conversation.
    pub conversation: ConversationId,
    /// What comes next.
    pub expected: MsgId,
    /// What was published.
    pub found: MsgId,
}

impl Timeline {
    /// The log of a conversation whose blocks hold everything up to `stored`, which is also its
    /// head until more is published.
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

    /// The conversation.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// The last durable message.
    #[must_use]
    pub fn head(&self) -> MsgId {
        MsgId::new(self.head.load(Ordering::Acquire))
    }

    /// The last message that sessions are shown. What is durable above it came with changes, of
    /// memberships for one, that they have not been told of yet.
    #[must_use]
    pub fn shown(&self) -> MsgId {
        MsgId::new(self.shown.load(Ordering::Acquire))
    }

    /// Shows sessions everything up to this message.
    pub fn show(&self, msgid: MsgId) {
        self.shown.fetch_max(msgid.get(), Ordering::AcqRel);
    }

    /// Everything up to here is gone on purpose.
    #[must_use]
    pub fn floor(&self) -> MsgId {
        MsgId::new(self.floor.load(Ordering::Acquire))
    }

    /// Moves the floor up; it never goes down.
    pub fn raise_floor(&self, floor: MsgId) {
        self.floor.fetch_max(floor.get(), Ordering::AcqRel);
    }

    /// The last message that blocks hold for certain.
    #[must_use]
    pub fn stored(&self) -> MsgId {
        self.tail.lock().stored
    }

    /// Takes in messages that have just become durable. Sessions are shown them when
    /// [`Timeline::show`] says so. Returns the new head.
    ///
    /// # Errors
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

    /// Puts an entry in the place of the one that has this number.
    pub fn rewrite(&self, msgid: MsgId, entry: Bytes) {
        let mut tail = self.tail.lock();
        if msgid > tail.stored
            && let Ok(at) = usize::try_from(msgid.prev().above(tail.stored))
            && let Some(place) = tail.entries.get_mut(at)
        {
            *place = entry.clone();
        }
        // Also when it is in the tail: a checkpoint that is under way may have taken what was there
        // before.
        Arc::make_mut(&mut tail.rewritten).insert(msgid, entry);
        tail.last_run = None;
    }

    /// The entries that are others than in the blocks. To be asked for before the blocks are read:
    /// what is missing here is in them.
    pub(super) fn rewritten(&self) -> Rewritten {
        self.tail.lock().rewritten.clone()
    }

    /// The blocks hold these entries up to `through` as they are here, durably.
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

    /// The messages from this one on, and above the floor, as far as they are in memory and
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

    /// Adds what follows the run in memory; `false` when the next message is in the blocks.
    pub(super) fn append_to(&self, run: &mut RunBuilder) -> bool {
        let tail = self.tail.lock();
        let is_here = run.next() > tail.stored;
        if is_here {
            run.append(tail.from(run.next()));
        }
        is_here
    }

    /// Adds what precedes the run in memory, above `floor`; `false` when the message before it is
    /// in the blocks.
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

    /// The messages that are to go into blocks: those above what is stored, up to this one.
    pub(super) fn unstored(&self, through: MsgId) -> (MsgId, Vec<Bytes>) {
        let tail = self.tail.lock();
        let count = usize::try_from(through.above(tail.stored)).unwrap_or(usize::MAX);
        (
            tail.stored,
            tail.entries.iter().take(count).cloned().collect(),
        )
    }

    /// Lets go of the messages up to this one: blocks hold them, durably.
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

    /// Whether no message is in memory only.
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

/// The timelines in memory.
#[derive(Debug, Default)]
pub struct Timelines(RwLock<HashMap<ConversationId, Arc<Timeline>>>);

impl Timelines {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The timeline of a conversation, if it is in memory.
    #[must_use]
    pub fn get(&self, conversation: ConversationId) -> Option<Arc<Timeline>> {
        self.0.read().get(&conversation).cloned()
    }

    /// The timeline of a conversation; when it is not in memory, the one that `make` makes.
    pub fn get_or_insert_with(
        &self,
        conversation: ConversationId,
        make: impl FnOnce() -> Timeline,
    ) -> Arc<Timeline> {
        if let Some(timeline) = self.get(conversation) {
            return timeline;
        }
        Arc::clone(
            self.0
                .write()
                .entry(conversation)
                .or_insert_with(|| Arc::new(make())),
        )
    }

    /// Puts a timeline in the place of the one that is there, which nobody must be using.
    pub fn put(&self, timeline: Timeline) {
        self.0
            .write()
            .insert(timeline.conversation(), Arc::new(timeline));
    }

    /// Forgets a conversation that nobody reads and whose messages are all in blocks. Says whether
    /// it did.
    pub fn evict(&self, conversation: ConversationId) -> bool {
        let mut timelines = self.0.write();
        // A further handle can only come from this map, which is locked.
        let is_idle = timelines
            .get(&conversation)
            .is_some_and(|timeline| Arc::strong_count(timeline) == 1 && timeline.is_stored());
        is_idle && timelines.remove(&conversation).is_some()
    }

    /// How many are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().len()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
