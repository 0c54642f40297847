//! The sequencer: one thread that owns all state. It takes every queued ticket, decides them in
//! order, commits once, and publishes. The next batch gathers during the commit.
mod ahead_log;
mod answering;
pub(crate) mod decider;
pub(crate) mod intake;
pub(crate) mod publication;
pub(crate) mod running;
pub(crate) mod ticket;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{error, info};

use crate::host::clock::WallClock;
use crate::hub::receipts::FocusedConversations;
use crate::limits;
use crate::sequencer::decider::Decider;
use crate::sequencer::intake::{Intake, Parts};
use crate::sequencer::publication::Publication;
use crate::shared::Shared;
use crate::supervision::watchdog::{Heartbeats, Part};
use cairn_store::StoreError;
use cairn_store::engine::{Engine, Uncommitted};

/// Runs on the calling thread until the intake is closed and empty, then checkpoints everything.
pub(crate) fn run(
    engine: Engine,
    intake: &Intake,
    clock: WallClock,
    focused: FocusedConversations,
    publications: mpsc::Sender<Publication>,
    heartbeats: &Heartbeats,
) -> Result<(), StoreError> {
    // The receiver outlives this thread unless the process ends.
    let publish = |publication| drop(publications.blocking_send(publication));
    let mut sequencer = Sequencer::new(engine, clock, focused, publish);
    let (mut batch, mut result) = (Parts::new(), Ok(()));
    while result.is_ok() && intake.take(&mut batch, sequencer.wait_timeout()) {
        heartbeats.beat(Part::Sequencer);
        result = sequencer.step(&mut batch);
    }
    let engine = sequencer.finish(result, intake)?;
    drop(publications);
    close(engine)
}

/// Like [`run`], as a task of the runtime that serves the sessions. Commits block it. Paused time
/// only advances while the runtime waits for nothing else, so it would not wait for a thread.
pub(crate) async fn run_as_task(
    engine: Engine,
    shared: Arc<Shared>,
    publications: mpsc::Sender<Publication>,
    mut background: impl FnMut(&mut Engine),
) -> Result<(), StoreError> {
    let (hub, intake) = (&shared.hub, &shared.intake);
    let mut sequencer = Sequencer::new(
        engine,
        shared.host.clock.clone(),
        hub.focused(),
        |publication| {
            hub.publish(publication);
        },
    );
    let (mut batch, mut result) = (Parts::new(), Ok(()));
    while result.is_ok()
        && intake
            .take_async(&mut batch, sequencer.wait_timeout())
            .await
    {
        background(sequencer.decider.engine());
        result = sequencer.step(&mut batch);
    }
    let engine = sequencer.finish(result, intake)?;
    drop(publications);
    close(engine)
}

fn close(engine: Engine) -> Result<(), StoreError> {
    info!("checkpointing the log");
    engine.close()
}

struct Sequencer<P> {
    decider: Decider,
    clock: WallClock,
    publish: P,
    /// Since when changes wait for a commit that they do not force.
    pending_since: Option<Instant>,
}

impl<P: FnMut(Publication)> Sequencer<P> {
    fn new(engine: Engine, clock: WallClock, focused: FocusedConversations, publish: P) -> Self {
        Self {
            decider: Decider::new(engine, focused),
            clock,
            publish,
            pending_since: None,
        }
    }

    /// Returns how long to wait for tickets: until pending cursor moves are due, or until
    /// maintenance.
    fn wait_timeout(&self) -> Duration {
        match self.pending_since {
            Some(since) => limits::LAZY_FLUSH_INTERVAL.saturating_sub(since.elapsed()),
            None => limits::MAINTENANCE_INTERVAL,
        }
    }

    /// Decides and commits the tickets, if any, and does what is due.
    fn step(&mut self, batch: &mut Parts) -> Result<(), StoreError> {
        self.decider.read_clock(self.clock.now(), Instant::now());
        for ticket in batch.iter_mut().flat_map(|part| part.drain(..)) {
            ticket.decide(&mut self.decider);
            if self.decider.batch_bytes() >= cairn_store::limits::BATCH_BYTES_TARGET {
                self.decider.commit()?;
                self.publish();
            }
        }
        let uncommitted = self.decider.uncommitted();
        self.pending_since = match uncommitted {
            Uncommitted::Nothing => None,
            _ => self.pending_since.or_else(|| Some(Instant::now())),
        };
        let is_flush_due = self
            .pending_since
            .is_some_and(|since| since.elapsed() >= limits::LAZY_FLUSH_INTERVAL);
        // Cursor moves ride along: they alone force no fsync, or every ack would cost one. They are
        // published before they are durable, since a lost move only makes a cursor older. A crash
        // loses at most the last interval of them, and clients ack again.
        if uncommitted == Uncommitted::Awaited || is_flush_due {
            self.decider.commit()?;
            self.pending_since = None;
        }
        self.publish();
        // After publishing: maintenance may wait for a checkpoint, and replies must not wait with
        // it.
        self.decider.maintain()
    }

    fn publish(&mut self) {
        if let Some(publication) = self.decider.take_publication() {
            (self.publish)(publication);
        }
    }

    /// Commits what is left or, after a failure, refuses what still waits.
    fn finish(
        mut self,
        result: Result<(), StoreError>,
        intake: &Intake,
    ) -> Result<Engine, StoreError> {
        let result = result.and_then(|()| self.decider.commit());
        if let Err(failure) = &result {
            error!(%failure, "the store failed: nothing more is accepted");
            intake.close();
            let mut batch = Parts::new();
            while intake.take(&mut batch, Duration::ZERO) {
                for ticket in batch.iter_mut().flat_map(|part| part.drain(..)) {
                    ticket.refuse(&mut self.decider);
                }
            }
        }
        self.publish();
        result.map(|()| self.decider.into_engine())
    }
}

#[cfg(test)]
mod tests;
