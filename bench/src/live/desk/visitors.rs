//! Visitors: each asks from a connection of its own, says one thing more, waits until an agent has
//! closed the inquiry, and checks its log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::limits::RUN_MESSAGES_MAX;
use cairn_client::proto::model::desk::VisitorState;
use cairn_client::{
    Backoff, ClientBuilder, ConversationId, DeskLink, Error, ErrorKind, Events, MsgId, PullRange,
    Question, Text, Visit, Visitor,
};
use parking_lot::Mutex;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand_distr::{Distribution as _, Exp};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::ledger::is_sound;
use crate::error::{BenchError, Result};
use crate::latency::Latencies;
use crate::limits;
use crate::watcher::Watcher;

/// All visitors of a run.
pub(super) struct Visitors {
    links: Vec<DeskLink>,
    /// One for each endpoint.
    options: Vec<ClientBuilder>,
    seen: Mutex<Seen>,
}

/// What became of visitors and their inquiries.
#[derive(Clone, Default)]
pub(super) struct Seen {
    moments: HashMap<ConversationId, Moments>,
    pub(super) came: u64,
    pub(super) left: u64,
    pub(super) failures: Vec<String>,
    /// Inquiries whose log lacks a message of the visitor, has one twice, or one of an agent who
    /// did not hold it.
    pub(super) unsound: u64,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    /// When the question was sent, and when it was accepted.
    asked: Option<(Instant, Instant)>,
    /// When an agent first got the offer.
    offered: Option<Instant>,
}

impl Visitors {
    /// Visitors of these links in turn.
    pub(super) fn new(links: Vec<DeskLink>, options: Vec<ClientBuilder>) -> Self {
        let seen = Mutex::default();
        Self {
            links,
            options,
            seen,
        }
    }

    /// Notes that an agent got an offer.
    pub(super) fn offered(&self, inquiry: ConversationId) {
        let mut seen = self.seen.lock();
        let moments = seen.moments.entry(inquiry).or_default();
        moments.offered.get_or_insert_with(Instant::now);
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().clone()
    }

    /// Lets visitors come at random at this rate, for a time. Returns when all have left, or too
    /// much time has passed.
    pub(super) async fn come(
        self: &Arc<Self>,
        per_minute: u32,
        time: Duration,
        seed: u64,
        watcher: &Watcher,
    ) -> Result<()> {
        let mut random = StdRng::seed_from_u64(seed);
        let gaps = Exp::new(f64::from(per_minute) / 60.0);
        let gaps = gaps.map_err(|error| BenchError::Failed(error.to_string()))?;
        let (mut next, end) = (Instant::now(), Instant::now() + time);
        let mut visits = JoinSet::new();
        while next < end {
            sleep_until(next).await;
            next += Duration::from_secs_f64(gaps.sample(&mut random));
            visits.spawn(self.clone().visit());
            while let Some(ended) = visits.try_join_next() {
                ended?;
            }
            watcher.tell(|| self.progress());
        }
        let deadline = Instant::now() + limits::DESK_SETTLE_TIME_MAX;
        while let Ok(Some(ended)) = timeout_at(deadline, visits.join_next()).await {
            ended?;
            watcher.tell(|| self.progress());
        }
        Ok(())
    }

    fn progress(&self) -> String {
        let seen = self.seen.lock();
        format!("{} visitors came, {} were answered", seen.came, seen.left)
    }

    async fn visit(self: Arc<Self>) {
        let number = {
            let mut seen = self.seen.lock();
            seen.came += 1;
            seen.came
        };
        match self.ask(number).await {
            Ok(true) => self.seen.lock().left += 1,
            Ok(false) => self.seen.lock().unsound += 1,
            Err(error) => self.seen.lock().failures.push(error.to_string()),
        }
    }

    /// Returns whether the log of the inquiry is what it should be.
    async fn ask(&self, number: u64) -> Result<bool> {
        let texts = [format!("question {number}"), format!("more about {number}")];
        let visitor = self.connect(number).await?;
        let mut events = visitor.events();
        let [question, more] = &texts;
        let (question, began) = (Question::new(Text::new(question.as_str())?), Instant::now());
        let id = visitor.ask(question).await?.conversation;
        let accepted = Instant::now();
        self.seen.lock().moments.entry(id).or_default().asked = Some((began, accepted));
        let conversation = visitor.client().conversation(id);
        conversation.send(more.as_str()).await?;
        until_closed(&visitor, &mut events).await?;
        let all = PullRange::From(MsgId::ZERO.next());
        let log = conversation.pull(all, RUN_MESSAGES_MAX).await?;
        visitor.close().await;
        Ok(is_sound(&log.messages, &texts))
    }

    /// Connects a visitor who was not there before, while the server may be restarting.
    async fn connect(&self, number: u64) -> Result<Visitor> {
        let at = number as usize;
        let link = &self.links[at % self.links.len()];
        let options = &self.options[at % self.options.len()];
        let visit = Visit::new(Visit::new_token());
        for attempt in 0.. {
            match options.clone().visit(link, visit.clone()).await {
                Err(
                    Error::NoAnswer { .. } | Error::LoginUnanswered { .. } | Error::Broken { .. },
                ) => {}
                Err(error) if error.kind() == ErrorKind::Retry => {}
                visitor => return Ok(visitor?),
            }
            sleep(Backoff::default().delay(attempt, rand::random())).await;
        }
        Err(BenchError::EndedEarly)
    }
}

/// Waits until the inquiry is over.
async fn until_closed(visitor: &Visitor, events: &mut Events) -> Result<()> {
    let is_closed = || {
        let inquiry = visitor.inquiry();
        inquiry.is_some_and(|inquiry| matches!(inquiry.state, VisitorState::Closed { .. }))
    };
    while !is_closed() {
        events.next().await.ok_or(BenchError::EndedEarly)?;
    }
    Ok(())
}

/// Times of inquiries.
#[derive(Default)]
pub(super) struct Times {
    /// From the question to its acceptance, from there to the offer at an agent, and both.
    pub(super) accepted: Latencies,
    pub(super) offered: Latencies,
    pub(super) both: Latencies,
}

impl Seen {
    /// Returns the inquiries whose question was accepted.
    pub(super) fn accepted(&self) -> impl Iterator<Item = ConversationId> {
        let moments = self.moments.iter();
        moments
            .filter(|(_, moments)| moments.asked.is_some())
            .map(|(&id, _)| id)
    }

    pub(super) fn times(&self) -> Times {
        let mut times = Times::default();
        for moments in self.moments.values() {
            let Some((asked, accepted)) = moments.asked else {
                continue;
            };
            times.accepted.record(accepted - asked);
            // An agent in another process tells no time.
            if let Some(offered) = moments.offered {
                // The offer may arrive before the answer.
                times
                    .offered
                    .record(offered.saturating_duration_since(accepted));
                times.both.record(offered.saturating_duration_since(asked));
            }
        }
        times
    }
}
