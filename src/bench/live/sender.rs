//! One client that sends: as its pace allows, until the run is over, and then until everything is answered.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::{Accepted, Client, TryEnqueueError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::gauge::Gauge;
use super::pace::{Pace, Window};
use super::stamp::Texts;
use crate::bench::error::BenchError;
use crate::bench::limits;
use crate::bench::zipf::Picker;

/// What the senders of a run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) groups: Arc<[Group]>,
    /// How much busier some groups are than others.
    pub(crate) skew: f64,
    pub(crate) seed: u64,
    pub(crate) texts: Arc<Texts>,
    pub(crate) gauge: Arc<Gauge>,
    /// Told of every send, when there are receivers.
    pub(crate) window: Option<Arc<Window>>,
}

impl Load {
    /// Starts a sender for each client. `pace` is that of the n-th; the n-th of `wakes` is notified when its pace may allow more, and
    /// when the run is over.
    pub(crate) fn start(
        &self,
        clients: Vec<Client>,
        wakes: &[Arc<Notify>],
        pace: impl Fn(usize) -> Pace,
    ) -> JoinSet<Result<Sent, BenchError>> {
        let sender = |(number, (client, wake)): (u16, (Client, &Arc<Notify>))| Sender {
            load: self.clone(),
            client,
            number,
            picker: Picker::new(self.groups.len(), self.skew, self.seed.wrapping_add(number.into())),
            pace: pace(number.into()),
            wake: Arc::clone(wake),
        };
        (0..).zip(clients.into_iter().zip(wakes)).map(|each| sender(each).run()).collect()
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
pub(crate) struct Group {
    pub(crate) id: ConversationId,
    /// How many receivers get each message.
    pub(crate) receivers: u32,
}

/// A send without an answer.
struct Unanswered {
    since: Instant,
    group: usize,
    accepted: Accepted,
}

/// Waits until every sender has its answers, and gives what each has to show, in the order of the senders.
pub(crate) async fn settled(mut senders: JoinSet<Result<Sent, BenchError>>) -> Result<Vec<Sent>, BenchError> {
    let mut all = Vec::new();
    while let Some(sent) = senders.join_next().await {
        all.push(sent.map_err(|_| BenchError::Panicked)??);
    }
    all.sort_unstable_by_key(|sent| sent.sender);
    Ok(all)
}

/// What a sender has to show.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    sender: u16,
    /// How many of its messages were accepted in each group.
    pub(crate) accepted: Vec<u64>,
}

/// A sender at work.
struct Work {
    sender: Sender,
    /// The number of the last message in each group.
    numbers: Vec<u64>,
    total: u64,
    accepted: Vec<u64>,
    unanswered: VecDeque<Unanswered>,
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
            unanswered: VecDeque::new(),
            latencies: Vec::new(),
        };
        while !work.sender.load.gauge.is_over() {
            work.send_what_is_due()?;
            let wake = Arc::clone(&work.sender.wake);
            tokio::select! {
                biased;
                answer = oldest(&mut work.unanswered), if !work.unanswered.is_empty() => work.answered(answer).await?,
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
        while let Some(due) = self.sender.pace.next(now, self.unanswered.len(), self.total) {
            let group = self.sender.picker.pick();
            let Group { id, receivers } = self.sender.load.groups[group];
            let body = self.sender.load.texts.body(self.sender.number, self.numbers[group] + 1, due)?;
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
            self.unanswered.push_back(Unanswered { since: due, group, accepted });
        }
        Ok(())
    }

    /// Takes an answer and all others that are here.
    async fn answered(&mut self, first: (Unanswered, Answer)) -> Result<(), BenchError> {
        let now = Instant::now();
        let mut next = Some(first);
        while let Some((send, answer)) = next {
            answer?;
            self.accepted[send.group] += 1;
            self.latencies.push(now.saturating_duration_since(send.since));
            next = ready_now(&mut self.unanswered).await;
        }
        self.sender.load.gauge.accepted(&self.latencies);
        self.latencies.clear();
        Ok(())
    }

    async fn settle(mut self) -> Result<Sent, BenchError> {
        while !self.unanswered.is_empty() {
            match timeout(limits::SETTLE_TIME_MAX, oldest(&mut self.unanswered)).await {
                Ok(answer) => self.answered(answer).await?,
                Err(_) => return Err(BenchError::Unanswered(self.unanswered.len())),
            }
        }
        Ok(Sent { sender: self.sender.number, accepted: self.accepted })
    }
}

type Answer = Result<MsgId, cairn_client::Error>;

/// Waits for the answer to the oldest send. Nothing is lost when the future is dropped before it is ready.
async fn oldest(unanswered: &mut VecDeque<Unanswered>) -> (Unanswered, Answer) {
    poll_fn(|context| {
        let Some(oldest) = unanswered.front_mut() else { return Poll::Pending };
        let Poll::Ready(answer) = Pin::new(&mut oldest.accepted).poll(context) else { return Poll::Pending };
        unanswered.pop_front().map_or(Poll::Pending, |send| Poll::Ready((send, answer)))
    })
    .await
}

/// The answer to the oldest send, if it is here.
async fn ready_now(unanswered: &mut VecDeque<Unanswered>) -> Option<(Unanswered, Answer)> {
    let mut oldest = std::pin::pin!(oldest(unanswered));
    poll_fn(|context| {
        Poll::Ready(match oldest.as_mut().poll(context) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        })
    })
    .await
}
