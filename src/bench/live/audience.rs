//! The receivers of a run: at work, and what they have got in the end.

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::gauge::Gauge;
use super::pace::Window;
use super::receiver::{self, Receiver, Seen};
use super::sender::{Group, Load, Sent};
use super::sequence::Anomalies;
use crate::bench::error::BenchError;
use crate::bench::limits;

/// Receivers at work.
pub(crate) struct Audience {
    /// What is on its way to them.
    pub(crate) window: Arc<Window>,
    /// What each has seen.
    seen: Vec<Seen>,
    /// The place of the first one's group. The next one listens to the next group, round and round.
    first_group: usize,
    listening: JoinSet<Result<(), BenchError>>,
}

impl Audience {
    /// Lets each client `listen`, the first one to the group at `first_group`. What they get counts in `gauge` and `window`.
    pub(crate) fn new<F>(
        clients: Vec<Client>,
        first_group: usize,
        load: &Load,
        (gauge, window): (&Arc<Gauge>, &Arc<Window>),
        senders: usize,
        listen: impl Fn(Receiver) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), BenchError>> + Send + 'static,
    {
        let seen: Vec<Seen> = clients.iter().map(|_| receiver::seen(senders)).collect();
        let receiver = |(client, (group, seen)): (Client, (&Group, &Seen))| Receiver {
            client,
            group: group.id,
            texts: Arc::clone(&load.texts),
            gauge: Arc::clone(gauge),
            window: Arc::clone(window),
            seen: Arc::clone(seen),
        };
        let places = load.groups.iter().cycle().skip(first_group).zip(&seen);
        let listening = clients.into_iter().zip(places).map(|each| listen(receiver(each))).collect();
        Self { window: Arc::clone(window), seen, first_group, listening }
    }

    /// Waits until everything is delivered, or nothing is any more. `tell` is called with what is on its way, and may end the wait.
    pub(crate) async fn settle(&mut self, mut tell: impl FnMut(i64) -> Wait) -> Result<(), BenchError> {
        let (mut left, mut deadline) = (self.window.undelivered(), Instant::now() + limits::SETTLE_TIME_MAX);
        while left > 0 && Instant::now() < deadline && tell(left) == Wait::On {
            sleep(limits::TICK).await;
            if let Some(ended) = self.listening.try_join_next() {
                ended.map_err(|_| BenchError::Panicked)??;
            }
            let now_left = self.window.undelivered();
            if now_left < left {
                (left, deadline) = (now_left, Instant::now() + limits::SETTLE_TIME_MAX);
            }
        }
        Ok(())
    }

    /// How many deliveries are due to all of them, of what each sender has sent.
    pub(crate) fn due(&self, sent: &[Sent]) -> u64 {
        (0..self.seen.len()).flat_map(|at| self.to_its_group(at, sent)).sum()
    }

    /// What is amiss with what was received, of what each sender has sent.
    pub(crate) fn check(&self, sent: &[Sent]) -> Anomalies {
        let mut found = Anomalies::default();
        for (at, seen) in self.seen.iter().enumerate() {
            found.add(receiver::check(seen, self.to_its_group(at, sent)));
        }
        found
    }

    /// How many messages each sender has sent to the group of one receiver.
    fn to_its_group(&self, at: usize, sent: &[Sent]) -> impl Iterator<Item = u64> {
        sent.iter().map(move |sent| sent.accepted[(self.first_group + at) % sent.accepted.len()])
    }
}

/// Whether to wait on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    On,
    NoMore,
}
