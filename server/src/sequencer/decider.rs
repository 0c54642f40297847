//! The decider: executes the commands of one batch and collects what to publish with it.

use cairn_core::api::update::Update;
use cairn_core::command::Asked;
use cairn_core::record::SecretHash;
use cairn_core::{Actor, Command, State};
use cairn_proto::ids::Timestamp;
use cairn_proto::text::UserName;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::metrics::Metrics;
use cairn_store::StoreError;
use cairn_store::engine::{Engine, Uncommitted};
use tokio::time::Instant;

use crate::host::clock::ClockJumps;
use crate::hub::receipts::FocusedConversations;
use crate::sequencer::ahead_log::AheadLog;
use crate::sequencer::answering::Answering;
use crate::sequencer::publication::{Pending, Publication, Registration, Step};
use crate::session::reply_to::ReplyTo;

/// The engine, and the publication of the batch that is being decided.
#[derive(Debug)]
pub(crate) struct Decider {
    engine: Engine,
    focused: FocusedConversations,
    now: Timestamp,
    clock_read_at: Option<Instant>,
    clock_jumps: ClockJumps,
    /// Decided, but not durable.
    publication: Publication,
    /// Reused buffer.
    updates: Vec<Update>,
    ahead_log: AheadLog,
    /// The first deadline of the desk, as published.
    desk_due: Option<Timestamp>,
}

impl Decider {
    #[must_use]
    pub(super) fn new(engine: Engine, focused: FocusedConversations) -> Self {
        Self {
            engine,
            focused,
            now: Timestamp::new(0),
            clock_read_at: None,
            clock_jumps: ClockJumps::default(),
            publication: Publication::default(),
            updates: Vec::new(),
            ahead_log: AheadLog::default(),
            desk_due: None,
        }
    }

    /// Executes a command, and publishes its updates with the batch.
    ///
    /// # Errors
    ///
    /// The reason why nothing was changed.
    pub(crate) fn execute<C: Command>(&mut self, command: C) -> Result<C::Answer, ErrorCode> {
        let answer = self.engine.execute(command, self.now);
        self.collect_updates();
        answer
    }

    /// Registers a session with the hub, after the updates so far and before all later ones.
    pub(crate) fn register(&mut self, registration: Registration) {
        self.publication.steps.push(Step::Register(registration));
    }

    #[must_use]
    pub(crate) const fn state(&self) -> &State {
        self.engine.state()
    }

    /// Returns the time of the commands of this batch.
    #[must_use]
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Checks whether a user with this name may join with this invite.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn check_join(&self, invite: SecretHash, name: &UserName) -> Result<(), ErrorCode> {
        self.engine.state().check_join(invite, name, self.now)
    }

    /// Checks whether this link resets a password.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn check_reset(&self, token: SecretHash) -> Result<(), ErrorCode> {
        self.engine.state().check_reset(token, self.now)
    }

    /// Returns the counters of the engine.
    #[must_use]
    pub(crate) fn metrics(&self) -> Metrics {
        self.engine.metrics()
    }

    /// Sets the time of the following commands from the system's clock.
    pub(super) fn read_clock(&mut self, system: Timestamp, at: Instant) {
        let before = self.clock_read_at.replace(at).unwrap_or(at);
        let elapsed = at.saturating_duration_since(before);
        self.now = self.engine.advance_clock(elapsed, system);
        self.clock_jumps.watch(self.engine.state().clock(), at);
    }

    /// Executes a request. Its reply waits for the commit.
    pub(super) fn answer(&mut self, reply_to: ReplyTo, actor: Actor, asked: Asked) {
        let Self {
            engine,
            now,
            publication,
            ..
        } = self;
        let id = reply_to.id;
        publication.responses.add(reply_to, |out| {
            if asked.traits().grows_storage && engine.is_disk_short() {
                return Err(ErrorCode::DiskFull);
            }
            asked.dispatch(Answering {
                engine,
                now: *now,
                actor,
                id,
                out,
            })
        });
        self.collect_updates();
    }

    /// Sends an answer after the commit.
    pub(super) fn answer_later(&mut self, answer: Box<dyn Pending>) {
        self.publication.answers.push(answer);
    }

    /// Replies that a request was not executed.
    pub(super) fn refuse(&mut self, reply_to: ReplyTo, code: ErrorCode) {
        let refusal = |_: &mut Vec<u8>| Err(code);
        self.publication.responses.add(reply_to, refusal);
    }

    /// Makes everything decided so far durable. On failure, all of it is refused.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        let grown = self
            .engine
            .commit()
            .inspect_err(|_| self.publication.refuse(ErrorCode::StorageFailed))?;
        // Publish only after `commit` returned: a head that anyone saw is never reused for another
        // message.
        self.publication
            .grown
            .extend(grown.into_iter().map(|timeline| {
                let head = timeline.head();
                (timeline, head)
            }));
        Ok(())
    }

    /// Takes the publication, unless it is empty.
    pub(super) fn take_publication(&mut self) -> Option<Publication> {
        (!self.publication.is_empty()).then(|| {
            let next = self.publication.next();
            std::mem::replace(&mut self.publication, next)
        })
    }

    #[must_use]
    pub(super) fn batch_bytes(&self) -> usize {
        self.engine.batch_bytes()
    }

    #[must_use]
    pub(super) fn uncommitted(&self) -> Uncommitted {
        self.engine.uncommitted()
    }

    pub(super) fn maintain(&mut self) -> Result<(), StoreError> {
        self.engine.maintain()
    }

    pub(super) const fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    #[must_use]
    pub(super) fn into_engine(self) -> Engine {
        self.engine
    }

    /// Moves the updates of the last command into the publication.
    fn collect_updates(&mut self) {
        self.engine.drain_updates(&mut self.updates);
        let state = self.engine.state();
        let due = state.desk_due();
        if due != self.desk_due {
            self.desk_due = due;
            self.publication.steps.push(Step::DeskDue(due));
        }
        for update in self.updates.drain(..) {
            let step = match update {
                Update::Moved { user, conversation } => {
                    if !self.focused.has(conversation) {
                        continue;
                    }
                    let Some(cursors) = state.shown_cursors(conversation, user) else {
                        continue;
                    };
                    Step::Moved {
                        conversation,
                        cursors,
                    }
                }
                Update::Ahead { user, device, seen } => {
                    self.ahead_log.note(user, device, seen, Instant::now());
                    continue;
                }
                Update::AgentChanged { user } => Step::Agent {
                    user,
                    is_agent: state.is_agent(user),
                },
                Update::SettingSet => Step::Settings(Box::new(state.settings().clone())),
                update => Step::Update(update),
            };
            self.publication.steps.push(step);
        }
    }
}
