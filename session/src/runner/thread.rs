//! The session's thread: applies inputs to the model, and performs what they make of the store, one
//! after another. Requests to the server go to [`super::requests`]. In a simulation it is a task.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::clock::WallClock;
use super::shared::{DraftRefused, Shared};
use crate::store::{Condition, Store, StoreError};
use crate::{Command, Effect, Fetched, Input, limits};

/// How long changes that are not urgent wait to be written together.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// The model is given the time before another input once it is older than this.
const CLOCK_TIME: u64 = 50;

/// What the thread is sent.
pub(crate) enum Letter {
    Input(Input),
    /// The answer to the overview of this number.
    Overview(u64, Input),
    /// A command, and whom to tell once it is applied and durable.
    Command(Command, Option<oneshot::Sender<()>>),
    /// The damage was reported to the user.
    DamageReported,
    /// Another send stream is used from now on.
    Stream(u64, oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

/// What the thread waits for.
enum Next {
    Letter(Letter),
    Timer,
    /// The senders are gone.
    Nothing,
}

pub(crate) struct Thread {
    shared: Arc<Shared>,
    store: Store,
    is_failed: bool,
    wall_clock: WallClock,
    letters: UnboundedReceiver<Letter>,
    requests: UnboundedSender<Effect>,
    inputs: VecDeque<Input>,
    /// Overviews that were requested. Of one that was requested over a lost connection, and again
    /// over the next one, only the last answer counts: events since then are applied to it.
    overviews: u64,
    clock: Timestamp,
    wake_at: Option<Timestamp>,
    flush_at: Option<Instant>,
    clean_at: Option<Instant>,
    clean_after: Duration,
}

impl Thread {
    pub(crate) fn new(
        shared: Arc<Shared>,
        store: Store,
        wall_clock: WallClock,
        letters: UnboundedReceiver<Letter>,
        requests: UnboundedSender<Effect>,
        clean_after: Duration,
    ) -> Self {
        Self {
            shared,
            store,
            is_failed: false,
            wall_clock,
            letters,
            requests,
            inputs: VecDeque::new(),
            overviews: 0,
            clock: Timestamp::new(0),
            wake_at: None,
            flush_at: None,
            clean_at: None,
            clean_after,
        }
    }

    /// Runs until the session is closed or dropped.
    pub(crate) async fn run(mut self) {
        let closed = loop {
            match self.next_letter().await {
                Next::Letter(Letter::Stop(closed)) => break Some(closed),
                Next::Nothing => break None,
                Next::Letter(letter) => self.receive(letter),
                Next::Timer => {}
            }
            self.do_what_is_due();
        };
        self.save();
        if !self.is_failed {
            let end = self.store.flush().and_then(|()| self.store.clean());
            self.check(end);
        }
        // The lock of the profile ends with the store, before the caller goes on.
        drop(self.store);
        if let Some(closed) = closed {
            let _ = closed.send(());
        }
    }

    /// Stores what the model has not asked to store yet, by letting its time run out.
    fn save(&mut self) {
        let later = self.now().get() + limits::SAVE_INTERVAL.as_millis() as u64;
        let effects = self
            .shared
            .model
            .lock()
            .apply(Input::Clock(Timestamp::new(later)));
        for effect in effects {
            if let Effect::Store(op) = effect {
                self.store.push(op);
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.wall_clock.now()
    }

    async fn next_letter(&mut self) -> Next {
        let now = self.now().get();
        let wake_in = self
            .wake_at
            .map(|at| Duration::from_millis(at.get().saturating_sub(now)));
        let timers = [self.flush_at, self.clean_at].into_iter().flatten();
        let timers = timers.map(|at| at.saturating_duration_since(Instant::now()));
        let letter = match timers.chain(wake_in).min() {
            Some(time) => match timeout(time, self.letters.recv()).await {
                Ok(letter) => letter,
                Err(_) => return Next::Timer,
            },
            None => self.letters.recv().await,
        };
        letter.map_or(Next::Nothing, Next::Letter)
    }

    fn receive(&mut self, letter: Letter) {
        match letter {
            Letter::Input(input) => self.apply_all(input),
            Letter::Overview(number, answer) => {
                if number == self.overviews {
                    self.apply_all(answer);
                }
            }
            Letter::Command(command, done) => {
                if let Command::Open { conversation, .. } = &command {
                    let now = self.now();
                    self.store.opened(*conversation, now);
                }
                self.apply_all(Input::Command(command));
                if let Some(done) = done {
                    let _ = done.send(());
                }
            }
            Letter::DamageReported => {
                let reported = self.store.damage_reported();
                self.check(reported);
            }
            Letter::Stream(stream, done) => {
                let kept = self.store.keep_stream(stream);
                self.check(kept);
                self.apply_all(Input::NewStream);
                let _ = done.send(());
            }
            Letter::Stop(_) => {}
        }
    }

    fn do_what_is_due(&mut self) {
        let time = self.now();
        if self.wake_at.is_some_and(|at| at <= time) {
            self.wake_at = None;
            self.apply_all(Input::Clock(time));
        }
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= Instant::now());
        if is_due(self.flush_at) {
            let flushed = self.store.flush();
            self.check(flushed);
        }
        if is_due(self.clean_at) {
            let cleaned = self.store.clean();
            self.check(cleaned);
            self.clean_at = None;
        }
        self.set_timers();
    }

    fn set_timers(&mut self) {
        let after = |time| Instant::now() + time;
        if self.is_failed || !self.store.has_waiting() {
            self.flush_at = None;
        } else {
            self.flush_at.get_or_insert_with(|| after(FLUSH_TIME));
        }
        if self.is_failed || !self.store.is_unclean() {
            self.clean_at = None;
        } else {
            self.clean_at.get_or_insert_with(|| after(self.clean_after));
        }
    }

    /// Applies an input, and those that the store answers with.
    fn apply_all(&mut self, input: Input) {
        let time = self.now();
        if time.get() >= self.clock.get() + CLOCK_TIME {
            self.clock = time;
            self.inputs.push_back(Input::Clock(time));
        }
        self.inputs.push_back(input);
        while let Some(input) = self.inputs.pop_front() {
            self.apply(input);
        }
    }

    fn apply(&mut self, input: Input) {
        let shared = Arc::clone(&self.shared);
        let mut model = Some(shared.model.lock());
        let effects = model.as_mut().map(|model| model.apply(input));
        let effects = effects.unwrap_or_default();
        let is_urgent = |effect: &Effect| matches!(effect, Effect::Store(op) if op.is_urgent());
        let mut urgent_left = effects.iter().filter(|effect| is_urgent(effect)).count();
        for effect in effects {
            match effect {
                Effect::Store(op) => {
                    urgent_left -= usize::from(op.is_urgent());
                    if !self.is_failed {
                        self.store.push(op);
                    }
                }
                effect => {
                    self.settle();
                    if urgent_left == 0 {
                        // The model is not seen before its changes are durable.
                        model = None;
                    }
                    self.perform(effect);
                }
            }
        }
        self.settle();
        drop(model);
    }

    /// Writes what is urgent.
    fn settle(&mut self) {
        if !self.is_failed {
            let settled = self.store.settle();
            self.check(settled);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Load {
                id,
                conversation,
                range,
                limit,
            } => {
                let loaded = self.store.load(conversation, range, limit);
                let page = match loaded {
                    Ok((messages, as_of)) => Fetched::Stored { messages, as_of },
                    Err(error) => {
                        self.check(Err(error));
                        Fetched::Failed
                    }
                };
                self.inputs.push_back(Input::Page { id, page });
            }
            Effect::Notify(notice) => self.shared.notify(notice),
            Effect::Refuse { conversation, why } => {
                self.shared.refuse(DraftRefused { conversation, why });
            }
            Effect::Wake(at) => self.wake_at = Some(at),
            Effect::Dirty(part) => self.shared.dirty(part),
            // Without anyone to perform it, the session is being closed.
            effect => {
                self.overviews += u64::from(matches!(effect, Effect::Overview { .. }));
                let _ = self.requests.send(effect);
            }
        }
    }

    /// After its first error the store is left alone: nothing outlives the process any longer.
    fn check(&mut self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::warn!(%error, "the cache failed");
            if !std::mem::replace(&mut self.is_failed, true) {
                self.shared.set_condition(Condition::Unusable(error));
            }
        }
    }
}
