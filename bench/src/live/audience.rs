//! The receivers of a run: at work, and what they have got in the end.

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::ids::MsgId;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::cursor::Cursor;
use super::gauge::Gauge;
use super::pace::Window;
use super::receiver::Receiver;
use super::sender::{Group, Load, Sent};
use super::sequence::Anomalies;
use crate::error::BenchError;
use crate::limits;

/// Receivers at work.
pub(super) struct Audience {
    /// What is on its way to them.
    pub window: Arc<Window>,
    /// Where each is.
    cursors: Vec<Arc<Mutex<Cursor>>>,
    /// The place of the first one's group. The next one listens to the next group, round and round.
    first_group: usize,
    listening: JoinSet<Result<(), BenchError>>,
}

impl Audience {
    /// Lets each client `listen`, the first one to the group at `first_group`. What they get counts in `gauge` and `window`.
    pub(super) fn new<F>(
        clients: Vec<Client>,
        first_group: usize,
        load: &Load,
        (gauge, window): (&Arc<Gauge>, &Arc<Window>),
        listen: impl Fn(Receiver) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), BenchError>> + Send + 'static,
    {
        let cursors: Vec<_> = clients
            .iter()
            .map(|_| Arc::new(Mutex::new(Cursor::new(MsgId::new(1)))))
            .collect();
        let receiver =
            |(client, (group, cursor)): (Client, (&Group, &Arc<Mutex<Cursor>>))| Receiver {
                client,
                group: group.id,
                texts: Arc::clone(&load.texts),
                gauge: Arc::clone(gauge),
                window: Arc::clone(window),
                cursor: Arc::clone(cursor),
            };
        let places = load.groups.iter().cycle().skip(first_group).zip(&cursors);
        let listening = clients
            .into_iter()
            .zip(places)
            .map(|each| listen(receiver(each)))
            .collect();
        Self {
            window: Arc::clone(window),
            cursors,
            first_group,
            listening,
        }
    }

    /// As [`delivered`], to all of them.
    pub(super) async fn settle(&mut self, tell: impl FnMut(i64) -> Wait) -> Result<(), BenchError> {
        delivered(&self.window, &mut self.listening, tell).await
    }

    /// How many deliveries are due to all of them, of what each sender has sent.
    pub(super) fn due(&self, sent: &[Sent]) -> u64 {
        (0..self.cursors.len())
            .flat_map(|at| self.to_its_group(at, sent))
            .sum()
    }

    /// What is amiss with what was received, of what each sender has sent.
    pub(super) fn check(&self, sent: &[Sent]) -> Anomalies {
        let mut found = Anomalies::default();
        for (at, cursor) in self.cursors.iter().enumerate() {
            found.add(cursor.lock().check((0..).zip(self.to_its_group(at, sent))));
        }
        found
    }

    /// How many messages each sender has sent to the group of one receiver.
    fn to_its_group(&self, at: usize, sent: &[Sent]) -> impl Iterator<Item = u64> {
        sent.iter()
            .map(move |sent| sent.accepted[(self.first_group + at) % sent.accepted.len()])
    }
}

/// Waits until everything is delivered, or nothing is any more. `tell` is called with what is on its way, and may end the wait. A receiver
/// that ends meanwhile is an error.
pub(super) async fn delivered<T: 'static>(
    window: &Window,
    receivers: &mut JoinSet<Result<T, BenchError>>,
    mut tell: impl FnMut(i64) -> Wait,
) -> Result<(), BenchError> {
    let (mut left, mut deadline) = (
        window.undelivered(),
        Instant::now() + limits::SETTLE_TIME_MAX,
    );
    while left > 0 && Instant::now() < deadline && tell(left) == Wait::On {
        sleep(limits::TICK).await;
        if let Some(ended) = receivers.try_join_next() {
            ended.map_err(|_| BenchError::Panicked)??;
            return Err(BenchError::EndedEarly);
        }
        let now_left = window.undelivered();
        if now_left < left {
            (left, deadline) = (now_left, Instant::now() + limits::SETTLE_TIME_MAX);
        }
    }
    Ok(())
}

/// Whether to wait on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    On,
    NoMore,
}
