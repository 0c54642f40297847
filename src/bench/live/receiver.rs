//! One client that listens: checks that each message comes once and in order, and tells how long it was on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::message::Run;
use parking_lot::Mutex;

use super::cursor::Cursor;
use super::gauge::Gauge;
use super::pace::Window;
use super::stamp::Texts;
use crate::bench::error::BenchError;

/// One client that listens to one group.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) client: Client,
    pub(crate) group: ConversationId,
    pub(crate) texts: Arc<Texts>,
    pub(crate) gauge: Arc<Gauge>,
    /// What is on its way to all receivers.
    pub(crate) window: Arc<Window>,
    /// Where it is, for whoever checks it afterwards.
    pub(crate) cursor: Arc<Mutex<Cursor>>,
}

impl Receiver {
    /// Listens until it is dropped.
    pub(crate) async fn run(self) -> Result<(), BenchError> {
        let mut timeline = self.client.follow(self.group, self.cursor.lock().next);
        let mut latencies = Vec::new();
        while let Some(run) = timeline.next_run().await {
            let run = run?;
            self.client.ack(self.group, run.last());
            self.take(run, &mut latencies)?;
        }
        Err(BenchError::EndedEarly)
    }

    fn take(&self, run: Run, latencies: &mut Vec<Duration>) -> Result<(), BenchError> {
        let now = Instant::now();
        self.cursor.lock().take(run, |stamp| latencies.push(self.texts.age(stamp, now)))?;
        self.gauge.delivered(latencies);
        self.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(())
    }
}
