//! The storage engine around the state machine: commands in, durable batches out. It belongs to one
//! thread.
//!
//! ```text
//! execute   ─▶ prefetch ─▶ decide ─▶ the batch grows
//! commit    ─▶ one write, one fdatasync ─▶ heads move
//! maintain  ─▶ start a checkpoint when the log is long or old; drop log and evict memory after it
//! ```
pub(crate) mod meter;
pub(crate) mod replay;

mod error;
mod maintain;
pub(crate) mod node;
mod prefetch;
#[cfg(any(test, feature = "testing"))]
mod stepping;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::Metrics;
use hashbrown::{HashMap, HashSet};
use tracing::{info, warn};

pub use self::error::{ReplayError, StoreError};
use self::node::Node;
pub use self::node::Uncommitted;
use crate::checkpoint::Checkpointer;
use crate::checkpoint::compact;
use crate::checkpoint::free_space;
use crate::commit_log::segments;
use crate::commit_log::{BatchBuf, Log, LogSource, OpenError, Position};
use crate::engine::meter::Meter;
use crate::engine::replay::Replayed;
use crate::env::Env;
use crate::files::directory_id::DirectoryId;
use crate::files::disk_reserve;
use crate::files::format::{self, Format};
use crate::files::lock::DirLock;
use crate::files::poison::Poison;
use crate::files::upgrade;
use crate::followers::Followers;
use crate::timeline::history::History;
use crate::timeline::retention::Retentions;
use crate::timeline::{Timeline, Timelines};
use crate::trees::db::Trees;
use crate::trees::rows_in::Loader;
use cairn_core::api::batch::EntryAt;
use cairn_core::api::update::Update;
use cairn_core::prefetch::Load;
use cairn_core::{Batch, Command, State};

#[derive(Debug)]
pub struct Engine {
    node: Node,
    state: State,
    batch: Batch,
    log: Log,
    trees: Trees,
    loader: Loader,
    timelines: Arc<Timelines>,
    checkpoints: Checkpoints,
    /// Conversations evicted from the state the last time. Their timelines are evicted the next
    /// time, since sessions may be about to use them.
    evict: Vec<ConversationId>,
    /// Reused buffer of [`Engine::show_appended`].
    grown: HashMap<ConversationId, Arc<Timeline>>,
    /// Floors that rise with the batch.
    raised: Vec<(ConversationId, MsgId)>,
    /// Reused buffers of [`Engine::prefetch`].
    wanted: Vec<Load>,
    loaded: HashSet<Load>,
    loads: u64,
    meter: Meter,
}

/// The progress of checkpoints.
#[derive(Debug)]
struct Checkpoints {
    worker: Checkpointer,
    /// The last batch that the trees hold.
    through: Position,
    is_running: bool,
    last_started: Duration,
    /// Conversations with new entries or a raised floor since the last checkpoint started.
    touched: HashSet<ConversationId>,
}

/// The end of an engine, seen from outside: see [`Engine::closing`].
#[derive(Clone, Debug)]
pub struct Closing(Poison);

impl Closing {
    /// # Errors
    ///
    /// When the storage failed.
    pub fn check(&self) -> Result<(), StoreError> {
        self.0.check().map_err(StoreError::Close)
    }
}

impl Engine {
    /// Opens a data directory, or creates it, and replays the log.
    ///
    /// # Errors
    ///
    /// When the directory is in use, of another version, or damaged.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_in(&Env::real(), dir)
    }

    /// As [`Engine::open`], on a given disk and clock.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open_in(env: &Env, dir: &Path) -> Result<Self, StoreError> {
        let disk = env.disk.as_ref();
        let lock = DirLock::acquire(disk, dir)?;
        // The lock before anything else is read: another server may be writing.
        disk_reserve::check_start(env, dir)?;
        let format = format::check_or_create(disk, dir)?;
        let poison = Poison::of(&lock);
        // Before the trees are opened: opening would create an empty database where an interrupted
        // compaction has renamed the old one away.
        compact::recover(disk, dir).map_err(StoreError::Compaction)?;
        if format != Format::Current {
            upgrade::keep_copy(disk, dir, format)?;
        }
        let trees = Trees::open_in(env, &dir.join("trees"), &dir.join("aside"), &poison)?;
        free_space::log_reclaimable(&trees)?;
        let timelines = Arc::new(Timelines::new());
        let loader = Loader::new(trees.clone(), timelines.clone());
        let mut state = loader.load_base()?;
        // The base comes from the trees and may be newer than `through` in parts. Replaying from
        // `through` is safe since changes are absolute; replaying from later would lose what only
        // the log holds.
        let through = trees.checkpoint()?;
        let mut replayed = Replayed::default();
        let mut shown = Vec::new();
        let directory = directory_id(env, dir, &trees, format)?;
        let source = LogSource::of(env, dir, directory, format);
        let log = source.replay(through, &poison, |batch, payload| {
            state.begin_batch(batch.revision());
            let kinds = replay::apply(&mut state, &loader, &timelines, &mut replayed, payload);
            kinds.map(|kinds| shown.push(kinds)).map_err(Box::new)
        });
        let log = log.map_err(|error| match error {
            OpenError::Log(error) => StoreError::Log(error),
            OpenError::Replay { batch, source } => StoreError::Replay { batch, source },
        })?;
        if format != Format::Current {
            format::raise(disk, dir)?;
            warn!(
                copy = %upgrade::copy_of(dir, format).display(),
                "converted the data directory from an older format; remove the copy once the \
                 server runs well"
            );
        }
        lock.mark_synced();
        let touched = replayed.grown.into_iter().chain(replayed.expired).collect();
        state.begin_batch(log.last().next_revision());
        shown.iter().for_each(|kinds| log.feed().show(*kinds));
        info!(
            batches = shown.len(),
            bytes = log.bytes_since(through),
            "replayed the log"
        );
        let checkpoints = Checkpoints {
            worker: Checkpointer::start(env, trees.clone(), &poison).map_err(StoreError::Thread)?,
            through,
            is_running: false,
            last_started: env.clock.now(),
            touched,
        };
        Ok(Self {
            node: Node::new(env, dir, directory, lock),
            state,
            batch: Batch::new(BatchBuf::new().payload_mut().len()),
            log,
            trees,
            loader,
            timelines,
            checkpoints,
            evict: Vec::new(),
            grown: HashMap::new(),
            raised: Vec::new(),
            wanted: Vec::new(),
            loaded: HashSet::new(),
            loads: 0,
            meter: Meter::start(&env.clock),
        })
    }

    /// Refuses new messages while the disk is nearly full. `reserve_bytes` replaces the default
    /// reserve.
    #[must_use]
    pub fn monitor_reserve(mut self, reserve_bytes: Option<u64>) -> Self {
        self.node.monitor_reserve(reserve_bytes);
        self
    }

    /// The id of the data directory.
    #[must_use]
    pub const fn directory(&self) -> DirectoryId {
        self.node.directory()
    }

    /// The state, including the uncommitted batch, which a power cut may lose.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    #[must_use]
    pub fn timelines(&self) -> Arc<Timelines> {
        self.timelines.clone()
    }

    #[must_use]
    pub fn history(&self) -> History {
        History::new(self.trees.clone())
    }

    #[must_use]
    pub fn followers(&self) -> Followers {
        Followers::of(self.log.feed().clone())
    }

    #[must_use]
    pub fn retentions(&self) -> Retentions {
        Retentions::new(self.trees.clone())
    }

    /// Reports a failure of the trees' last write, which comes when everything that reads them is
    /// dropped.
    #[must_use]
    pub fn closing(&self) -> Closing {
        Closing(self.trees.poison())
    }

    /// Executes a command. Its changes join the batch.
    ///
    /// # Errors
    ///
    /// The reason why nothing was changed. [`ErrorCode::Damaged`] when something could not be
    /// loaded.
    pub fn execute<C: Command>(
        &mut self,
        command: C,
        now: Timestamp,
    ) -> Result<C::Answer, ErrorCode> {
        let found = self.prefetch(&command)?;
        self.meter.command();
        let answer = command.execute(found, &mut self.state, now, &mut self.batch);
        self.state.evict_entries();
        answer
    }

    /// Sets a clock that was never logged to the time at which the server is known to have run.
    pub fn start_clock(&mut self, evidence: Timestamp) {
        self.state.start_clock(evidence);
    }

    /// Moves the server's clock by the time that passed since the last call. Returns the time for
    /// the commands that follow.
    pub fn advance_clock(&mut self, elapsed: Duration, system: Timestamp) -> Timestamp {
        self.state.advance_clock(elapsed, system)
    }

    /// Returns whether the disk is nearly full, so that commands that grow the storage must be
    /// refused. Sends are refused by themselves, unless they repeat an accepted one; cursor moves,
    /// recalls and expiry never are.
    #[must_use]
    pub fn is_disk_short(&self) -> bool {
        self.node.is_disk_short()
    }

    /// Counters since the engine was opened. It does not know the sessions.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (log, clock) = (self.log.counters(), self.state.clock());
        Metrics {
            desk: self.state.desk_metrics(),
            ..self.meter.metrics(log, &self.checkpoints.worker, clock)
        }
    }

    /// Bytes of uncommitted changes.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.batch.payload_bytes()
    }

    /// Returns whether the batch must be committed.
    #[must_use]
    pub fn uncommitted(&self) -> Uncommitted {
        if self.batch.is_empty() {
            Uncommitted::Nothing
        } else if self.batch.is_forced() {
            Uncommitted::Awaited
        } else {
            Uncommitted::OnThisNode
        }
    }

    /// Appends the updates of the commands since the last call to `updates`, in order. They may be
    /// published once the batch is durable, or at once if it is [`Uncommitted::OnThisNode`].
    pub fn drain_updates(&mut self, updates: &mut Vec<Update>) {
        // Sends have none.
        if !self.batch.has_updates() {
            return;
        }
        let raised = &mut self.raised;
        updates.extend(
            self.batch
                .drain_updates()
                .inspect(|update| note_raised(update, raised)),
        );
    }

    /// Makes the batch durable, then visible. Returns the timelines with new entries, each once.
    ///
    /// # Errors
    ///
    /// When that failed. The engine accepts nothing more then.
    pub fn commit(&mut self) -> Result<Vec<Arc<Timeline>>, StoreError> {
        if self.batch.is_empty() {
            return Ok(Vec::new());
        }
        for update in self.batch.drain_updates() {
            note_raised(&update, &mut self.raised);
        }
        let created = self.batch.take_created();
        // The next batch is likely to be as long as this one.
        let next = self.batch.next();
        let kinds = self.batch.kinds();
        let (bytes, appended, rewritten) = std::mem::replace(&mut self.batch, next).into_parts();
        let mut buffer = BatchBuf::new();
        *buffer.payload_mut() = bytes;
        // Durable before visible: if the timelines were extended first, a reader could see an entry
        // that a crash loses, and its msgid would be given to another one.
        let batch = self.log.append(&mut buffer)?;
        self.state.begin_batch(batch.next_revision());
        self.meter.commit(appended.len());
        let bytes = buffer.into_bytes();
        let grown = self.show_appended(&bytes, appended)?;
        for (conversation, floor) in self.raised.drain(..) {
            if let Some(timeline) = self.timelines.get(conversation) {
                timeline.raise_floor(floor);
                self.checkpoints.touched.insert(conversation);
            }
        }
        // Members follow a conversation from its beginning, even if its first entry comes later.
        for id in created {
            self.timelines.begin(id);
        }
        for at in rewritten {
            if let Some(timeline) = self.timelines.get(at.conversation) {
                timeline.rewrite(at.msgid, bytes.slice(at.range));
            }
        }
        // After the timelines: a follower that rebuilds reads them.
        self.log.feed().show(kinds);
        Ok(grown)
    }

    /// Adds the entries of a durable batch to their timelines. Returns these, each once.
    fn show_appended(
        &mut self,
        batch: &Bytes,
        appended: Vec<EntryAt>,
    ) -> Result<Vec<Arc<Timeline>>, StoreError> {
        let mut grown: Vec<Arc<Timeline>> = Vec::new();
        for at in appended {
            let timeline = self.grown.entry(at.conversation).or_insert_with(|| {
                // The conversation is loaded, or new.
                let timeline = self.timelines.get_or_insert_with(at.conversation, || {
                    Timeline::new(at.conversation, at.msgid.prev(), at.msgid.prev())
                });
                grown.push(timeline.clone());
                timeline
            });
            timeline.publish(at.msgid, [batch.slice(at.range)])?;
        }
        self.checkpoints.touched.extend(self.grown.keys());
        self.grown.clear();
        Ok(grown)
    }
}

/// Returns the id of a data directory. A new one gets an id.
pub(crate) fn directory_id(
    env: &Env,
    dir: &Path,
    trees: &Trees,
    format: Format,
) -> Result<DirectoryId, StoreError> {
    let has_id = format.has_watermark() && segments::has_segments(env.disk.as_ref(), dir)?;
    let directory = match has_id {
        true => trees.known_directory()?,
        false => trees.directory(&env.salts)?,
    };
    Ok(directory)
}

fn note_raised(update: &Update, raised: &mut Vec<(ConversationId, MsgId)>) {
    if let &Update::FloorRaised {
        conversation,
        floor,
    } = update
    {
        raised.push((conversation, floor));
    }
}

#[cfg(test)]
mod tests;
