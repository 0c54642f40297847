//! One client that listens: checks that each message comes once and in order, and tells how long it was on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::Client;
use cairn_client::proto::content::message::Run;
use cairn_client::proto::ids::ConversationId;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::cursor::Cursor;
use super::gauge::Gauge;
use super::pace::Window;
use super::stamp::Texts;
use crate::error::BenchError;

/// One client that listens to one group.
#[derive(Debug)]
pub(super) struct Receiver {
    pub client: Client,
    pub group: ConversationId,
    pub texts: Arc<Texts>,
    pub gauge: Arc<Gauge>,
    /// What is on its way to all receivers.
    pub window: Arc<Window>,
    /// Where it is, for whoever checks it afterwards.
    pub cursor: Arc<Mutex<Cursor>>,
}

impl Receiver {
    /// Listens until it is dropped.
    pub(super) async fn run(self) -> Result<(), BenchError> {
        let mut timeline = self.client.follow(self.group, self.cursor.lock().next);
        let mut latencies = Vec::new();
        while let Some(run) = timeline.next_run().await {
            let run = run?;
            self.client.ack(self.group, run.last());
            self.take(run, &mut latencies)?;
        }
        Err(BenchError::EndedEarly)
    }

    /// As [`Self::run`], but reads nothing for as long as it is told so, neither messages nor the stream that they come on.
    pub(super) async fn run_with_stalls(
        self,
        mut reading: watch::Receiver<Reading>,
    ) -> Result<(), BenchError> {
        let mut timeline = self.client.follow(self.group, self.cursor.lock().next);
        let mut latencies = Vec::new();
        loop {
            tokio::select! {
                biased;
                stopped = until(Reading::Stopped, &mut reading) => {
                    stopped?;
                    let _paused = self.client.pause_push();
                    until(Reading::On, &mut reading).await?;
                }
                run = timeline.next_run() => {
                    let run = run.ok_or(BenchError::EndedEarly)??;
                    self.client.ack(self.group, run.last());
                    self.take(run, &mut latencies)?;
                }
            }
        }
    }

    fn take(&self, run: Run, latencies: &mut Vec<Duration>) -> Result<(), BenchError> {
        let now = Instant::now();
        self.cursor
            .lock()
            .take(run, |stamp| latencies.push(self.texts.age(stamp, now)))?;
        self.gauge.delivered(latencies);
        self.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(())
    }
}

/// What a receiver is to do that stops reading for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    On,
    Stopped,
}

async fn until(wanted: Reading, reading: &mut watch::Receiver<Reading>) -> Result<(), BenchError> {
    reading
        .wait_for(|&reading| reading == wanted)
        .await
        .map(drop)
        .map_err(|_| BenchError::EndedEarly)
}
