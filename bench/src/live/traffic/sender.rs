//! Clients that send at their pace until the run is over, and then wait for all answers.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use cairn_client::proto::ids::ConversationId;
use cairn_client::{Accepted, Client, Error, TryEnqueueError};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::counters::Counters;
use super::pace::{Clock, Pace, Turns};
use super::stamp::Texts;
use crate::error::{BenchError, Result};
use crate::limits;
use crate::zipf::Picker;

/// Shared by the senders and receivers of a run.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) groups: Arc<[Group]>,
    pub(crate) skew: f64,
    pub(crate) seed: u64,
    pub(crate) texts: Arc<Texts>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) pace: Pace,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) id: ConversationId,
    pub(crate) receivers: u32,
}

pub(crate) struct Senders {
    pub(crate) load: Load,
    pub(crate) tasks: JoinSet<Result<Sent>>,
    clock: Option<Clock>,
}

impl Load {
    pub(crate) fn start(self, clients: Vec<Client>) -> Result<Senders> {
        let groups = self.groups.len();
        let sender = |(number, client): (u16, Client)| Sender {
            client,
            number,
            picker: Picker::new(groups, self.skew, self.seed.wrapping_add(number.into())),
            numbers: vec![0; groups],
            total: 0,
            accepted: vec![0; groups],
            unanswered: Unanswered::default(),
            load: self.clone(),
        };
        let tasks = (0..).zip(clients).map(|each| sender(each).run()).collect();
        let wakes = &self.pace.window.wakes;
        let start = |turns: Turns| Clock::start(Arc::clone(wakes), turns.all());
        let clock = self.pace.turns.map(start).transpose()?;
        Ok(Senders {
            load: self,
            tasks,
            clock,
        })
    }
}

impl Senders {
    /// Ends the load, and waits for all answers. Returns what each sender sent, by sender.
    pub(crate) async fn settle(mut self) -> Result<Vec<Sent>> {
        self.load.counters.end();
        drop(self.clock);
        let wakes = self.load.pace.window.wakes.iter();
        wakes.for_each(|wake| wake.notify_one());
        let mut all = Vec::new();
        while let Some(sent) = self.tasks.join_next().await {
            all.push(sent??);
        }
        all.sort_unstable_by_key(|sent| sent.sender);
        Ok(all)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    sender: u16,
    /// Accepted messages by group.
    pub(crate) accepted: Vec<u64>,
}

struct Sender {
    load: Load,
    client: Client,
    /// In the stamps.
    number: u16,
    picker: Picker,
    numbers: Vec<u64>,
    total: u64,
    accepted: Vec<u64>,
    unanswered: Unanswered,
}

impl Sender {
    async fn run(mut self) -> Result<Sent> {
        let wake = Arc::clone(&self.load.pace.window.wakes[usize::from(self.number)]);
        while !self.load.counters.is_over() {
            self.send_due()?;
            tokio::select! {
                biased;
                answered = self.unanswered.answered() => self.count(&answered?),
                () = wake.notified() => {}
            }
        }
        while let Some(answered) = self.unanswered.settle().await? {
            self.count(&answered);
        }
        Ok(Sent {
            sender: self.number,
            accepted: self.accepted,
        })
    }

    /// Messages that are due together are sent together.
    fn send_due(&mut self) -> Result<()> {
        let (now, number) = (Instant::now(), self.number);
        let pace = &self.load.pace;
        while let Some(due) = pace.next(now, self.unanswered.len(), number, self.total) {
            let group = self.picker.pick();
            let Group { id, receivers } = self.load.groups[group];
            let number = self.numbers[group] + 1;
            let texts = &self.load.texts;
            let body = texts.body(texts.body_bytes, self.number, number, due)?;
            let accepted = match self.client.conversation(id).try_enqueue(body) {
                Ok(accepted) => accepted,
                Err(TryEnqueueError::Full(_)) => break,
                Err(TryEnqueueError::Failed(error)) => return Err(error.into()),
            };
            self.numbers[group] = number;
            self.total += 1;
            pace.window.sent(receivers.into());
            let send = InFlight { since: due, group };
            self.unanswered.push(send, accepted);
        }
        Ok(())
    }

    fn count(&mut self, answered: &[InFlight]) {
        let now = Instant::now();
        let latencies = answered.iter().map(|send| {
            self.accepted[send.group] += 1;
            now.saturating_duration_since(send.since)
        });
        let latencies: Vec<Duration> = latencies.collect();
        self.load.counters.accepted(&latencies);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct InFlight {
    /// The start of its latency.
    pub(crate) since: Instant,
    /// Index of the sender's group.
    pub(crate) group: usize,
}

/// The sends of one client that wait for their answers, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Unanswered(VecDeque<(InFlight, Accepted)>);

impl Unanswered {
    pub(crate) fn push(&mut self, send: InFlight, accepted: Accepted) {
        self.0.push_back((send, accepted));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits until the oldest send is accepted. Returns it, and all later ones that are accepted
    /// too. Never resolves without sends. Cancel safe.
    pub(crate) async fn answered(&mut self) -> Result<Vec<InFlight>, Error> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Like [`Self::answered`], but `None` without sends, and an error after a timeout.
    pub(crate) async fn settle(&mut self) -> Result<Option<Vec<InFlight>>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        match timeout(limits::SETTLE_TIME_MAX, self.answered()).await {
            Ok(answered) => Ok(Some(answered?)),
            Err(_) => {
                let left = self.len();
                let why = format!("{left} sends were not answered after the run");
                Err(BenchError::Failed(why))
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Vec<InFlight>, Error>> {
        let mut answered = Vec::new();
        let unanswered = self.0.len();
        while let Some((send, answer)) = self.0.front_mut() {
            let Poll::Ready(answer) = Pin::new(answer).poll(context) else {
                break;
            };
            if answered.is_empty() {
                // Answers arrive in bursts, up to all at once.
                answered.reserve_exact(unanswered);
            }
            answered.push(*send);
            self.0.pop_front();
            if let Err(error) = answer {
                return Poll::Ready(Err(error));
            }
        }
        match answered.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(Ok(answered)),
        }
    }
}
