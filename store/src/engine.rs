//! The storage engine with the state machine in it: commands in, durable batches out. It belongs to
//! one thread.
//!
//! ```text
//! execute ─▶ load what is missing ─▶ decide ─▶ the batch grows
//! commit  ─▶ one write, one fdatasync ─▶ heads move
//! maintain    ─▶ a checkpoint begins when the log is long or old; what it moved leaves log and memory when it is done
//! ```
pub(crate) mod meter;
pub(crate) mod replay;

mod maintain;
mod prefetch;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use cairn_proto::ids::{ConversationId, Revision, Timestamp};
use cairn_proto::wire::codec::DecodeError;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::Metrics;
use cairn_proto::wire::response::Response;
use hashbrown::HashSet;
use tracing::info;

use crate::checkpoint::compact;
use crate::checkpoint::free_space;
use crate::checkpoint::{CheckpointError, CheckpointReport, Checkpointer};
use crate::commit_log::{BatchBuf, BatchNo, CommitLog, LogError, OpenError};
use crate::engine::meter::Meter;
use crate::engine::replay::Replayed;
use crate::files::disk_reserve::{self, DiskReserve, OutOfSpace, ReserveMonitor};
use crate::files::format::{self, FormatError};
use crate::files::lock::{DirLock, LockError};
use crate::files::poison::Poison;
use crate::timeline::history::History;
use crate::timeline::retention::Retentions;
use crate::timeline::{Timeline, TimelineGap, Timelines};
use crate::trees::db::{Trees, TreesError};
use crate::trees::rows_in::{LoadError, Loader};
use cairn_core::api::effect::Effect;
use cairn_core::{Batch, Command, Reply, State};

/// The engine of one data directory.
#[derive(Debug)]
pub struct Engine {
    state: State,
    batch: Batch,
    log: CommitLog,
    trees: Trees,
    loader: Loader,
    timelines: Arc<Timelines>,
    checkpoints: Checkpoints,
    /// The conversations that left the state the last time that it was looked through. Their
    /// timelines stay until the next time, since sessions may be about to pick them up.
    evict: Vec<ConversationId>,
    /// Loads since then.
    loads: u64,
    meter: Meter,
    room: Option<ReserveMonitor>,
    _lock: DirLock,
}

/// What became visible with a commit.
#[derive(Debug, Default)]
pub struct Committed {
    /// The conversations with new entries, each once.
    pub touched: Vec<ConversationId>,
    /// What happened to memberships and devices.
    pub effects: Vec<Effect>,
}

/// Why the store cannot be opened, or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk is full.
    #[error(transparent)]
    OutOfSpace(#[from] OutOfSpace),
    /// The directory is none of cairn's, or of another version.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The commit log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The trees.
    #[error(transparent)]
    Trees(#[from] TreesError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A batch of the log cannot be applied.
    #[error(
        "cannot replay batch {batch} of the commit log: {source}; restore the data directory from a backup"
    )]
    Replay {
        /// The batch.
        batch: BatchNo,
        /// Why.
        source: Box<ReplayError>,
    },
    /// What was published does not continue a log. That is a fault of cairn.
    #[error(transparent)]
    Gap(#[from] TimelineGap),
    /// What a compaction left that did not come to its end cannot be put straight.
    #[error("cannot put straight what a compaction left: {0}")]
    Compaction(#[source] io::Error),
    /// The checkpoint thread is gone. That is a fault of cairn.
    #[error("the checkpoint thread ended")]
    CheckpointThread,
    /// A thread cannot be started.
    #[error("cannot start the checkpoint thread: {0}")]
    Thread(io::Error),
}

/// Why a batch of the log cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not what was written.
    #[error("its changes do not decode: {0}")]
    Decode(#[from] DecodeError),
    /// What it loads cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It does not continue a log.
    #[error(transparent)]
    Gap(#[from] TimelineGap),
}

/// How far the trees are behind the log.
#[derive(Debug)]
struct Checkpoints {
    thread: Checkpointer,
    done: Receiver<Result<CheckpointReport, CheckpointError>>,
    /// The last batch that the trees hold.
    through: BatchNo,
    is_running: bool,
    last_begun: Instant,
    /// The conversations that got entries since the last checkpoint began.
    touched: HashSet<ConversationId>,
}

impl Engine {
    /// Opens a data directory, or makes one, and brings memory to where the log ends.
    ///
    /// # Errors
    /// When the directory is in use, of another version, or damaged.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let lock = DirLock::acquire(dir)?;
        disk_reserve::check_start(dir)?;
        format::check_or_create(dir)?;
        let poison = Poison::new();
        compact::recover(dir).map_err(StoreError::Compaction)?;
        let trees = Trees::open(&dir.join("trees"), &dir.join("aside"), &poison)?;
        free_space::tell(&trees)?;
        let timelines = Arc::new(Timelines::new());
        let loader = Loader::new(trees.clone(), timelines.clone());
        let mut state = loader.load_base()?;
        let through = trees.checkpoint()?;
        let mut replayed = Replayed::default();
        let mut batches = 0_u64;
        let log = CommitLog::open(&dir.join("log"), through, &poison, |batch, payload| {
            batches += 1;
            state.begin_batch(Revision::new(batch.get()));
            replay::apply(&mut state, &loader, &timelines, &mut replayed, payload).map_err(Box::new)
        })
        .map_err(|error| match error {
            OpenError::Log(error) => StoreError::Log(error),
            OpenError::Replay { batch, source } => StoreError::Replay { batch, source },
        })?;
        let touched = replayed.grown.into_iter().chain(replayed.expired).collect();
        state.begin_batch(Revision::new(log.last().next().get()));
        info!(
            batches,
            bytes = log.bytes_since(through),
            "replayed the log"
        );
        let (report, done) = channel();
        let thread = Checkpointer::start(trees.clone(), &poison, move |result| {
            drop(report.send(result))
        })
        .map_err(StoreError::Thread)?;
        let checkpoints = Checkpoints {
            thread,
            done,
            through,
            is_running: false,
            last_begun: Instant::now(),
            touched,
        };
        Ok(Self {
            state,
            batch: new_batch(0),
            log,
            trees,
            loader,
            timelines,
            checkpoints,
            evict: Vec::new(),
            loads: 0,
            meter: Meter::start(),
            room: None,
            _lock: lock,
        })
    }

    /// Makes it refuse new messages while the disk is nearly full.
    #[must_use]
    pub fn monitor_reserve(self, room: DiskReserve) -> Self {
        Self {
            room: Some(ReserveMonitor::over(room)),
            ..self
        }
    }

    /// The state machine's state. What it says of a batch that is not committed may be lost in a
    /// power cut.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The logs of the conversations in memory.
    #[must_use]
    pub fn timelines(&self) -> Arc<Timelines> {
        self.timelines.clone()
    }

    /// What was said.
    #[must_use]
    pub fn history(&self) -> History {
        History::new(self.trees.clone())
    }

    /// Which conversations may have something to let go of.
    #[must_use]
    pub fn retentions(&self) -> Retentions {
        Retentions::new(self.trees.clone())
    }

    /// Decides a command. Its changes join the batch.
    ///
    /// # Errors
    /// The reason why nothing was changed. [`ErrorCode::Damaged`] when something could not be
    /// loaded.
    pub fn execute(&mut self, command: Command, now: Timestamp) -> Result<Reply, ErrorCode> {
        if self
            .room
            .as_ref()
            .is_some_and(|room| room.refuses(&command))
        {
            return Err(ErrorCode::DiskFull);
        }
        self.prefetch(&command)?;
        self.meter.command();
        let decided = self.state.execute(command, now, &mut self.batch);
        self.state.evict_entries();
        match decided? {
            Reply::MetricsAllowed => {
                Ok(Reply::Response(Response::Metrics(Box::new(self.metrics()))))
            }
            decided => Ok(decided),
        }
    }

    /// What was done since the engine was opened. It knows of no sessions.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.meter.metrics(&self.log, &self.checkpoints.thread)
    }

    /// The bytes of the changes that are not committed.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        self.batch.payload_bytes()
    }

    /// Whether somebody waits for the batch.
    #[must_use]
    pub const fn must_commit(&self) -> bool {
        self.batch.is_forced()
    }

    /// Whether the batch holds anything at all.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.batch.is_empty()
    }

    /// What sessions must learn of the batch although it is not durable yet: moves of cursors alone
    /// force no commit, and are told at once.
    pub fn take_effects_of_moves(&mut self) -> Vec<Effect> {
        self.batch.take_effects_of_moves()
    }

    /// Makes the batch durable, and what it holds visible.
    ///
    /// # Errors
    /// When that failed. The engine takes nothing more then.
    pub fn commit(&mut self) -> Result<Committed, StoreError> {
        if self.batch.is_empty() {
            return Ok(Committed::default());
        }
        // The next batch is likely to be as long as this one.
        let next = new_batch(self.batch.payload_bytes());
        let (bytes, appended, rewritten, effects) =
            std::mem::replace(&mut self.batch, next).into_parts();
        let mut buffer = BatchBuf::new();
        *buffer.payload_mut() = bytes;
        let batch = self.log.append(&mut buffer)?;
        self.state.begin_batch(Revision::new(batch.next().get()));
        self.meter.commit(appended.len());
        let bytes = buffer.into_bytes();
        let mut touched: Vec<ConversationId> = Vec::new();
        let mut timeline: Option<Arc<Timeline>> = None;
        for at in appended {
            let known = timeline
                .take()
                .filter(|timeline| timeline.conversation() == at.conversation);
            let of = known.unwrap_or_else(|| {
                touched.push(at.conversation);
                // The conversation is loaded, or new.
                self.timelines.get_or_insert_with(at.conversation, || {
                    Timeline::new(at.conversation, at.msgid.prev(), at.msgid.prev())
                })
            });
            of.publish(at.msgid, [bytes.slice(at.range)])?;
            timeline = Some(of);
        }
        for &effect in &effects {
            if let Effect::FloorRaised {
                conversation,
                floor,
            } = effect
                && let Some(timeline) = self.timelines.get(conversation)
            {
                timeline.raise_floor(floor);
                self.checkpoints.touched.insert(conversation);
            }
        }
        for at in rewritten {
            if let Some(timeline) = self.timelines.get(at.conversation) {
                timeline.rewrite(at.msgid, bytes.slice(at.range));
            }
        }
        touched.sort_unstable();
        touched.dedup();
        self.checkpoints.touched.extend(touched.iter().copied());
        Ok(Committed { touched, effects })
    }
}

fn new_batch(payload_bytes: usize) -> Batch {
    let header = BatchBuf::new().payload_mut().len();
    let mut batch = Batch::new(header);
    batch.buffer_mut().reserve_exact(payload_bytes);
    batch
}

#[cfg(test)]
mod tests;
