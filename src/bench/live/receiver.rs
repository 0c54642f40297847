//! One client that listens: checks that each message comes once and in order, and tells how long it was on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::message::{Run, split_entry};
use cairn_client::{Client, Error};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::gauge::Gauge;
use super::pace::Window;
use super::sequence::{Anomalies, Sequence};
use super::stamp::{Stamp, Texts};
use crate::bench::error::BenchError;

/// What one receiver has seen of each sender.
pub(crate) type Seen = Arc<Mutex<Vec<Sequence>>>;

/// Nothing yet, of so many senders.
pub(crate) fn seen(senders: usize) -> Seen {
    Arc::new(Mutex::new((0..senders).map(|_| Sequence::default()).collect()))
}

/// One client that listens to one group.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) client: Client,
    pub(crate) group: ConversationId,
    pub(crate) texts: Arc<Texts>,
    pub(crate) gauge: Arc<Gauge>,
    /// What is on its way to all receivers.
    pub(crate) window: Arc<Window>,
    pub(crate) seen: Seen,
}

impl Receiver {
    /// Listens until it is dropped.
    pub(crate) async fn run(self) -> Result<(), BenchError> {
        let mut timeline = self.client.follow(self.group, MsgId::new(1));
        let mut latencies = Vec::new();
        while let Some(run) = timeline.next_run().await {
            let run = run?;
            self.client.ack(self.group, run.last());
            self.take(run, &mut latencies)?;
        }
        Err(BenchError::EndedEarly)
    }

    /// As [`Self::run`], but reads nothing for as long as it is told so, neither messages nor the stream that they come on.
    pub(crate) async fn run_with_stalls(self, mut reading: watch::Receiver<Reading>) -> Result<(), BenchError> {
        let mut timeline = self.client.follow(self.group, MsgId::new(1));
        let mut latencies = Vec::new();
        loop {
            tokio::select! {
                biased;
                stopped = until(Reading::Stopped, &mut reading) => {
                    stopped?;
                    let _hold = self.client.hold();
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
        let mut packed = run.entries;
        let mut seen = self.seen.lock();
        while let Some(entry) = split_entry(&mut packed).map_err(|_| Error::Protocol("a message cannot be read"))? {
            // What has no stamp was not said by the run: that the group was made, and who is in it.
            let Some(stamp) = Stamp::read(&entry) else { continue };
            if let Some(sequence) = seen.get_mut(usize::from(stamp.sender)) {
                sequence.saw(stamp.number);
                latencies.push(self.texts.age(stamp, now));
            }
        }
        drop(seen);
        self.gauge.delivered(latencies);
        self.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(())
    }
}

/// What a receiver is to do that stops reading for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    On,
    Stopped,
}

async fn until(wanted: Reading, reading: &mut watch::Receiver<Reading>) -> Result<(), BenchError> {
    reading.wait_for(|&reading| reading == wanted).await.map(drop).map_err(|_| BenchError::EndedEarly)
}

/// What is amiss with what one receiver has seen. `sent` are the messages that each sender has sent to its group.
pub(crate) fn check(seen: &Seen, sent: impl Iterator<Item = u64>) -> Anomalies {
    let mut found = Anomalies::default();
    seen.lock().iter().zip(sent).for_each(|(sequence, sent)| found.add(sequence.finish(sent)));
    found
}
