//! The runner: a [`Session`] connects a [`Model`] with a store and a client.

mod cursors;
mod describe;
mod link;
mod options;
mod requests;
mod sends;
mod shared;
mod thread;
mod uploads;

use std::sync::{Arc, mpsc};

use cairn_client::{Account, Client, Error};
use parking_lot::MutexGuard;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

pub use self::options::{Describe, SessionOptions};
pub use self::shared::{Changes, DraftRefused};

use self::link::Inputs;
use self::requests::{Connected, Requests};
use self::shared::Shared;
use self::thread::{Letter, Thread, now};
use crate::store::{Condition, Opened, Store, StoreError};
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
}

impl Session {
    /// Opens the session of an account.
    ///
    /// # Errors
    /// [`OpenError`]. A damaged, foreign or locked cache is no error: see [`Session::condition`].
    pub fn open(account: &Account, options: SessionOptions) -> Result<Self, OpenError> {
        let dir = options.dir.as_deref();
        let opened = Store::open(account, dir, options.entries_bytes_max, now())?;
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
        let (letters, inbox) = mpsc::channel();
        let inputs = Inputs(letters);
        // Before those of the client.
        inputs.give(Input::Zone(options.zone.clone()));
        inputs.give(Input::Restored(Box::new(restored)));
        let connected = Connected::start(account, &options, &inputs, stream, since)?;
        let client = connected.client.clone();
        let shared = Arc::new(Shared::new(model, client, condition));
        let (effects, to_perform) = tokio::sync::mpsc::unbounded_channel();
        let thread = Thread::new(
            Arc::clone(&shared),
            store,
            inbox,
            effects,
            options.clean_after,
        );
        std::thread::Builder::new()
            .name("cairn-session".to_owned())
            .spawn(move || thread.run())?;
        let requests = Requests::new(
            Arc::clone(&shared),
            account.clone(),
            options,
            inputs.clone(),
            stream,
            connected,
        );
        let requests = tokio::spawn(requests.run(to_perform)).abort_handle();
        Ok(Self {
            shared,
            inputs,
            requests,
        })
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
