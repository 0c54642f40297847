//! A running sequencer: on a thread of its own, or as a task of the runtime that serves the
//! sessions.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use cairn_store::StoreError;
use cairn_store::engine::Engine;
use tokio::sync::{mpsc, oneshot};

use crate::limits;
use crate::sequencer;
use crate::sequencer::publication::Publication;
use crate::shared::Shared;

/// A sequencer, and what it publishes.
pub(crate) struct Running {
    pub(crate) has_owner: bool,
    pub(crate) publications: mpsc::Receiver<Publication>,
    /// Resolves when the sequencer ends.
    pub(crate) ended: oneshot::Receiver<()>,
    pub(crate) task: Task,
}

pub(crate) enum Task {
    Thread(JoinHandle<Result<(), StoreError>>),
    Task(tokio::task::JoinHandle<Result<(), StoreError>>),
}

impl Running {
    pub(crate) fn on_thread(engine: Engine, shared: &Shared) -> io::Result<Self> {
        let has_owner = engine.state().has_owner();
        let (publish, publications) = mpsc::channel(limits::PUBLICATIONS_MAX);
        let (running, ended) = oneshot::channel();
        let (intake, clock) = (shared.intake.clone(), shared.host.clock.clone());
        let (focused, heartbeats) = (shared.hub.focused(), shared.heartbeats.clone());
        let thread = std::thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || {
                let result = sequencer::run(engine, &intake, clock, focused, publish, &heartbeats);
                drop(running);
                result
            })?;
        Ok(Self {
            has_owner,
            publications,
            ended,
            task: Task::Thread(thread),
        })
    }

    /// Calls `background` before each batch.
    pub(crate) fn as_task(
        engine: Engine,
        shared: &Arc<Shared>,
        background: impl FnMut(&mut Engine) + Send + 'static,
    ) -> Self {
        let has_owner = engine.state().has_owner();
        let (publish, publications) = mpsc::channel(limits::PUBLICATIONS_MAX);
        let (running, ended) = oneshot::channel();
        let shared = shared.clone();
        let task = tokio::spawn(async move {
            let result = sequencer::run_as_task(engine, shared, publish, background).await;
            drop(running);
            result
        });
        Self {
            has_owner,
            publications,
            ended,
            task: Task::Task(task),
        }
    }
}

impl Task {
    /// Waits for the end. `Err` is the payload of a panic.
    pub(crate) async fn join(self) -> Result<Result<(), StoreError>, Box<dyn Any + Send>> {
        match self {
            Self::Thread(thread) => tokio::task::spawn_blocking(move || thread.join())
                .await
                .unwrap_or_else(|error| Err(Box::new(error))),
            Self::Task(task) => task.await.map_err(|error| match error.try_into_panic() {
                Ok(payload) => payload,
                Err(error) => Box::new(error),
            }),
        }
    }
}
