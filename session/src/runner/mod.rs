//! The runner: a [`Session`] connects a [`Model`] with a store and a client.

mod clock;
mod cursors;
mod describe;
mod link;
mod options;
mod requests;
mod sends;
mod shared;
mod thread;
mod uploads;

use std::sync::Arc;

use cairn_client::{Account, Client, Error, Timestamp};
use parking_lot::MutexGuard;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

pub use self::options::{Describe, SessionOptions};
pub use self::shared::{Changes, DraftRefused};

use self::clock::WallClock;
use self::link::Inputs;
use self::requests::{Connected, Requests};
use self::shared::Shared;
use self::thread::{Letter, Thread};
use crate::store::{Condition, Medium, Opened, Store, StoreError};
use crate::{Command, Input, Model, Notice, Options};

/// Why a session cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no socket, or no runtime.
    #[error(transparent)]
    Client(#[from] Error),
    /// Not even memory can be used as a store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The session's thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// What an interactive client shows and does: a model that is kept up to date by the server and on
/// disk.
///
/// It needs no network to open: it shows what is stored, takes commands, and connects in the
/// background. Ends when it is dropped; [`Session::close`] also waits for what is to be written.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    inputs: Inputs,
    requests: AbortHandle,
    /// In a simulation.
    task: Option<AbortHandle>,
}

/// What a session of a simulation runs on. Timers are those of the runtime, which may be paused.
#[derive(Clone)]
pub struct InProcess {
    /// The wall clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Keeps the cache.
    pub medium: Medium,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl Session {
    /// Opens the session of an account.
    ///
    /// # Errors
    /// [`OpenError`]. A damaged, foreign or locked cache is no error: see [`Session::condition`].
    pub fn open(account: &Account, options: SessionOptions) -> Result<Self, OpenError> {
        let dir = options.dir.as_deref();
        let clock = WallClock::System;
        let opened = Store::open(account, dir, options.entries_bytes_max, clock.now())?;
        let (session, thread) = Self::start(account, options, opened, clock)?;
        // Timers of its own: it waits for the disk, and the runtime must not.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        std::thread::Builder::new()
            .name("cairn-session".to_owned())
            .spawn(move || runtime.block_on(thread.run()))?;
        Ok(session)
    }

    /// Opens a session that runs as tasks of the calling runtime alone, for simulations: everything
    /// that it does blocks the runtime, and the same inputs have the same effects in the same
    /// order. Ignores [`SessionOptions::dir`].
    ///
    /// # Errors
    /// [`OpenError::Store`] if the medium is damaged.
    pub fn open_in_process(
        account: &Account,
        options: SessionOptions,
        on: InProcess,
    ) -> Result<Self, OpenError> {
        let clock = WallClock::Given(on.now);
        let bytes_max = options.entries_bytes_max;
        let opened = Store::open_on(account, &on.medium, bytes_max, clock.now())?;
        let (mut session, thread) = Self::start(account, options, opened, clock)?;
        session.task = Some(tokio::spawn(thread.run()).abort_handle());
        Ok(session)
    }

    /// Connects a model with a store and a client. The thread is to be run.
    fn start(
        account: &Account,
        options: SessionOptions,
        opened: Opened,
        clock: WallClock,
    ) -> Result<(Self, Thread), OpenError> {
        let Opened {
            store,
            restored,
            stream,
            condition,
        } = opened;
        let stream = store.is_durable().then_some(stream);
        let since = restored.moment;
        let model = Model::new(Options {
            entries_max: options.window_entries_max,
            ..Options::new(account.user)
        });
        let (letters, inbox) = mpsc::unbounded_channel();
        let inputs = Inputs(letters, clock.clone());
        // Before those of the client.
        inputs.give(Input::Zone(options.zone.clone()));
        inputs.give(Input::Restored(Box::new(restored)));
        let connected = Connected::start(account, &options, &inputs, stream, since)?;
        let client = connected.client.clone();
        let shared = Arc::new(Shared::new(model, client, condition));
        let (effects, to_perform) = mpsc::unbounded_channel();
        let thread = Thread::new(
            Arc::clone(&shared),
            store,
            clock,
            inbox,
            effects,
            options.clean_after,
        );
        let requests = Requests::new(
            Arc::clone(&shared),
            account.clone(),
            options,
            inputs.clone(),
            stream,
            connected,
        );
        let requests = tokio::spawn(requests.run(to_perform)).abort_handle();
        let session = Self {
            shared,
            inputs,
            requests,
            task: None,
        };
        Ok((session, thread))
    }

    /// Ends the session of a simulation as a crash of its process does: nothing more is written or
    /// said.
    pub fn crash(&self) {
        self.requests.abort();
        if let Some(task) = &self.task {
            task.abort();
        }
    }

    /// Returns the model, to read its views. The session waits meanwhile, so keep it for the time
    /// of a drawing.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.shared.model.lock()
    }

    /// Does what the user wants, soon.
    pub fn command(&self, command: Command) {
        let _ = self.inputs.0.send(Letter::Command(command, None));
    }

    /// Does what the user wants, and waits until it is done: a draft that is sent is on disk.
    pub async fn perform(&self, command: Command) {
        let (done, is_done) = oneshot::channel();
        let _ = self.inputs.0.send(Letter::Command(command, Some(done)));
        let _ = is_done.await;
    }

    /// Waits until something is to be drawn again, and returns what. Changes in quick succession
    /// are returned together. For one caller at a time; cancel-safe.
    pub async fn changed(&self) -> Changes {
        self.shared.changed().await
    }

    /// Returns the notices since the last call.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.shared.take_notices()
    }

    /// Returns the drafts that could not be sent since the last call.
    #[must_use]
    pub fn take_refused(&self) -> Vec<DraftRefused> {
        self.shared.take_refused()
    }

    /// Returns what is kept on disk, and what became of what was.
    #[must_use]
    pub fn condition(&self) -> Arc<Condition> {
        self.shared.condition()
    }

    /// Records that [`Condition::Damaged`] was reported to the user. Until then, every start
    /// reports it.
    pub fn damage_reported(&self) {
        let _ = self.inputs.0.send(Letter::DamageReported);
    }

    /// Returns the client, for everything that the model does not do. It is another one after the
    /// session had to change its send stream, so do not keep it.
    #[must_use]
    pub fn client(&self) -> Client {
        self.shared.client()
    }

    /// Closes the session: writes what waits to be written, and says goodbye to the server.
    pub async fn close(self) {
        self.requests.abort();
        self.client().close().await;
        let (closed, is_closed) = oneshot::channel();
        let _ = self.inputs.0.send(Letter::Stop(closed));
        let _ = is_closed.await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.requests.abort();
        let (closed, _) = oneshot::channel();
        let _ = self.inputs.0.send(Letter::Stop(closed));
    }
}
