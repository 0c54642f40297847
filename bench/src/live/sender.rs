//! One client that sends: as its pace allows, until the run is over, and then until everything is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::proto::ids::ConversationId;
use cairn_client::{Client, TryEnqueueError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::gauge::Gauge;
use super::pace::{Pace, Window};
use super::stamp::Texts;
use super::unanswered::{Send, Unanswered};
use crate::error::BenchError;
use crate::limits;
use crate::zipf::Picker;

/// What the senders of a run have in common.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub groups: Arc<[Group]>,
    /// How much busier some groups are than others.
    pub skew: f64,
    pub seed: u64,
    pub texts: Arc<Texts>,
    pub gauge: Arc<Gauge>,
    /// Told of every send, when there are receivers.
    pub window: Option<Arc<Window>>,
}

impl Load {
    /// Starts a sender for each client. `pace` is that of the n-th; the n-th of `wakes` is notified when its pace may allow more, and
    /// when the run is over.
    pub(super) fn start(
        &self,
        clients: Vec<Client>,
        wakes: &[Arc<Notify>],
        pace: impl Fn(usize) -> Pace,
    ) -> JoinSet<Result<Sent, BenchError>> {
        let sender = |(number, (client, wake)): (u16, (Client, &Arc<Notify>))| Sender {
            load: self.clone(),
            client,
            number,
            picker: Picker::new(
                self.groups.len(),
                self.skew,
                self.seed.wrapping_add(number.into()),
            ),
            pace: pace(number.into()),
            wake: Arc::clone(wake),
        };
        (0..)
            .zip(clients.into_iter().zip(wakes))
            .map(|each| sender(each).run())
            .collect()
    }
}

/// One client that sends.
#[derive(Debug)]
struct Sender {
    load: Load,
    client: Client,
    /// Its number in the stamps.
    number: u16,
    /// Chooses among the groups.
    picker: Picker,
    pace: Pace,
    wake: Arc<Notify>,
}

/// Where messages go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub id: ConversationId,
    /// How many receivers get each message.
    pub receivers: u32,
}

/// Waits until every sender has its answers, and gives what each has to show, in the order of the senders.
pub(super) async fn settled(
    mut senders: JoinSet<Result<Sent, BenchError>>,
) -> Result<Vec<Sent>, BenchError> {
    let mut all = Vec::new();
    while let Some(sent) = senders.join_next().await {
        all.push(sent.map_err(|_| BenchError::Panicked)??);
    }
    all.sort_unstable_by_key(|sent| sent.sender);
    Ok(all)
}

/// What a sender has to show.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    sender: u16,
    /// How many of its messages were accepted in each group.
    pub accepted: Vec<u64>,
}

/// A sender at work.
struct Work {
    sender: Sender,
    /// The number of the last message in each group.
    numbers: Vec<u64>,
    total: u64,
    accepted: Vec<u64>,
    unanswered: Unanswered,
    /// What the last answers were to.
    answered: Vec<Send>,
    latencies: Vec<Duration>,
}

impl Sender {
    /// Sends until the run is over, and waits for the answers.
    async fn run(self) -> Result<Sent, BenchError> {
        let groups = self.load.groups.len();
        let mut work = Work {
            sender: self,
            numbers: vec![0; groups],
            total: 0,
            accepted: vec![0; groups],
            unanswered: Unanswered::default(),
            answered: Vec::new(),
            latencies: Vec::new(),
        };
        while !work.sender.load.gauge.is_over() {
            work.send_what_is_due()?;
            let wake = Arc::clone(&work.sender.wake);
            tokio::select! {
                biased;
                accepted = work.unanswered.accepted(&mut work.answered) => {
                    accepted?;
                    work.count();
                }
                () = wake.notified() => {}
            }
        }
        work.settle().await
    }
}

impl Work {
    /// Everything that is due at this moment goes out together.
    fn send_what_is_due(&mut self) -> Result<(), BenchError> {
        let now = Instant::now();
        while let Some(due) = self
            .sender
            .pace
            .next(now, self.unanswered.len(), self.total)
        {
            let group = self.sender.picker.pick();
            let Group { id, receivers } = self.sender.load.groups[group];
            let body =
                self.sender
                    .load
                    .texts
                    .body(self.sender.number, self.numbers[group] + 1, due)?;
            let accepted = match self.sender.client.try_enqueue(id, body) {
                Ok(accepted) => accepted,
                Err(TryEnqueueError::Full(_)) => break,
                Err(TryEnqueueError::Failed(error)) => return Err(error.into()),
            };
            self.numbers[group] += 1;
            self.total += 1;
            if let Some(window) = &self.sender.load.window {
                window.sent(receivers.into());
            }
            self.unanswered.push(Send { since: due, group }, accepted);
        }
        Ok(())
    }

    /// Counts what was just accepted.
    fn count(&mut self) {
        let now = Instant::now();
        for send in self.answered.drain(..) {
            self.accepted[send.group] += 1;
            self.latencies
                .push(now.saturating_duration_since(send.since));
        }
        self.sender.load.gauge.accepted(&self.latencies);
        self.latencies.clear();
    }

    async fn settle(mut self) -> Result<Sent, BenchError> {
        while !self.unanswered.is_empty() {
            match timeout(
                limits::SETTLE_TIME_MAX,
                self.unanswered.accepted(&mut self.answered),
            )
            .await
            {
                Ok(accepted) => accepted?,
                Err(_) => return Err(BenchError::Unanswered(self.unanswered.len())),
            }
            self.count();
        }
        Ok(Sent {
            sender: self.sender.number,
            accepted: self.accepted,
        })
    }
}
