//! Clients that listen: they check that each message arrives once and in order, and measure its
//! latency.

use std::sync::Arc;
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::cursor::{Anomalies, Cursor};
use super::pace::Window;
use super::sender::{Load, Sent};
use crate::error::{BenchError, Result};
use crate::limits;

pub(crate) struct Receivers {
    pub(crate) load: Load,
    cursors: Vec<Arc<Mutex<Cursor>>>,
    /// The group of the first receiver. Each further receiver listens to the next group.
    first_group: usize,
    tasks: JoinSet<Result<()>>,
}

impl Receivers {
    /// Starts a receiver per client, the first one in the group `first_group`. They stop reading
    /// while `is_paused` is true, if given.
    pub(crate) fn start(
        clients: Vec<Client>,
        first_group: usize,
        load: &Load,
        is_paused: Option<&watch::Receiver<bool>>,
    ) -> Self {
        let (mut cursors, mut tasks) = (Vec::new(), JoinSet::new());
        let groups = load.groups.iter().cycle().skip(first_group);
        for (client, group) in clients.into_iter().zip(groups) {
            let cursor = Arc::new(Mutex::new(Cursor::new(MsgId::new(1))));
            cursors.push(Arc::clone(&cursor));
            let (load, is_paused) = (load.clone(), is_paused.cloned());
            tasks.spawn(listen(client, group.id, load, cursor, is_paused));
        }
        Self {
            load: load.clone(),
            cursors,
            first_group,
            tasks,
        }
    }

    /// Like [`delivered`], for all receivers.
    pub(crate) async fn settle(&mut self, go_on: impl FnMut(i64) -> bool) -> Result<()> {
        delivered(&self.load.pace.window, &mut self.tasks, go_on).await
    }

    /// The number of deliveries due to all receivers, given what each sender sent.
    pub(crate) fn due(&self, sent: &[Sent]) -> u64 {
        let due = |at| self.to_its_group(at, sent);
        (0..self.cursors.len()).flat_map(due).sum()
    }

    /// Compares what arrived with what each sender sent.
    pub(crate) fn check(&self, sent: &[Sent]) -> Anomalies {
        let sent = |at| (0..).zip(self.to_its_group(at, sent));
        let check = |(at, cursor): (usize, &Arc<Mutex<Cursor>>)| cursor.lock().check(sent(at));
        self.cursors.iter().enumerate().map(check).sum()
    }

    /// The number of messages that each sender sent to the group of a receiver.
    fn to_its_group(&self, at: usize, sent: &[Sent]) -> impl Iterator<Item = u64> {
        let group = self.first_group + at;
        sent.iter()
            .map(move |sent| sent.accepted[group % sent.accepted.len()])
    }
}

/// Waits until everything is delivered, nothing arrives any more, or `go_on` returns false for the
/// number in flight. A receiver that ends meanwhile is an error.
pub(crate) async fn delivered<T: 'static>(
    window: &Window,
    receivers: &mut JoinSet<Result<T>>,
    mut go_on: impl FnMut(i64) -> bool,
) -> Result<()> {
    let deadline = || Instant::now() + limits::SETTLE_TIME_MAX;
    let (mut left, mut until) = (window.undelivered(), deadline());
    while left > 0 && Instant::now() < until && go_on(left) {
        sleep(limits::TICK).await;
        if let Some(ended) = receivers.try_join_next() {
            ended??;
            return Err(BenchError::EndedEarly);
        }
        let now_left = window.undelivered();
        if now_left < left {
            (left, until) = (now_left, deadline());
        }
    }
    Ok(())
}

/// Listens until dropped. While `is_paused`, it does not even read the stream of the messages.
async fn listen(
    client: Client,
    group: ConversationId,
    load: Load,
    cursor: Arc<Mutex<Cursor>>,
    mut is_paused: Option<watch::Receiver<bool>>,
) -> Result<()> {
    let group = client.conversation(group);
    let from = cursor.lock().next;
    let (mut timeline, mut latencies) = (group.follow(from), Vec::new());
    loop {
        tokio::select! {
            biased;
            paused = until(true, is_paused.as_mut()), if is_paused.is_some() => {
                paused?;
                let _paused = client.pause_push();
                until(false, is_paused.as_mut()).await?;
            }
            run = timeline.next_run() => {
                let run = run.ok_or(BenchError::EndedEarly)??;
                group.ack(run.last());
                let now = Instant::now();
                cursor.lock().take(run, |stamp| latencies.push(load.texts.age(stamp, now)))?;
                load.counters.delivered(&latencies);
                load.pace.window.delivered(latencies.len() as i64);
                latencies.clear();
            }
        }
    }
}

async fn until(paused: bool, state: Option<&mut watch::Receiver<bool>>) -> Result<()> {
    if let Some(state) = state {
        let reached = state.wait_for(|&is_paused| is_paused == paused).await;
        reached.map_err(|_| BenchError::EndedEarly)?;
    }
    Ok(())
}
