//! One device in one conversation: receives what comes, and reads it after a while, as people do.

use std::future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::Client;
use cairn_client::proto::content::message::Run;
use cairn_client::proto::ids::ConversationId;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::device::Day;
use crate::error::BenchError;
use crate::live::traffic::cursor::Cursor;

/// A conversation that a device is in.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) conversation: ConversationId,
    /// The device's number among the senders of the conversation.
    pub(super) number: u16,
    /// How many devices get each message.
    pub(super) devices: u16,
    pub(super) cursor: Arc<Mutex<Cursor>>,
}

/// One device in one conversation, for as long as it is connected.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) client: Client,
    /// When it connected.
    pub(super) since: Instant,
    pub(super) seat: Seat,
    pub(super) day: Arc<Day>,
    pub(super) seed: u64,
}

impl Listener {
    /// Listens until it is dropped.
    pub(super) async fn run(self) -> Result<(), BenchError> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let (mut reading, mut read_at) = (JoinSet::new(), None);
        let from = self.seat.cursor.lock().next;
        let mut timeline = self
            .client
            .conversation(self.seat.conversation)
            .follow(from);
        let mut latencies = Vec::new();
        let habits = self.day.habits;
        loop {
            tokio::select! {
                biased;
                run = timeline.next_run() => {
                    let run = run.ok_or(BenchError::EndedEarly)??;
                    let of_others = self.take(run, &mut latencies)?;
                    if read_at.is_none() && (0..of_others).any(|_| habits.reads(&mut random)) {
                        read_at = Some(Instant::now() + habits.after(&mut random));
                    }
                }
                () = at(read_at) => {
                    read_at = None;
                    reading.spawn(self.read());
                }
                Some(ended) = reading.join_next() => ended??,
            }
        }
    }

    /// Returns how many of the messages others have sent.
    fn take(&self, run: Run, latencies: &mut Vec<Duration>) -> Result<usize, BenchError> {
        let (now, mut of_others) = (Instant::now(), 0);
        self.client
            .conversation(self.seat.conversation)
            .ack(run.last());
        self.seat.cursor.lock().take(run, |stamp| {
            latencies.push(self.day.texts.age(stamp, now));
            of_others += usize::from(stamp.sender != self.seat.number);
        })?;
        self.day.counts.delivered(now, latencies, self.since);
        self.day.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(of_others)
    }

    /// Marks everything as read that has arrived.
    fn read(&self) -> impl Future<Output = Result<(), BenchError>> + Send + 'static {
        let (client, conversation) = (self.client.clone(), self.seat.conversation);
        let (day, last) = (Arc::clone(&self.day), self.seat.cursor.lock().next.prev());
        async move {
            client.conversation(conversation).mark_read(last).await?;
            day.counts.count(Instant::now(), |counts| counts.reads += 1);
            Ok(())
        }
    }
}

/// Never resolves without a time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => future::pending().await,
    }
}

/// How people read, in the time of the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// How likely it is that a message makes this device, of all of its user, the one to read on.
    pub(super) probability: f64,
    /// How long it takes on average.
    pub(super) mean: Duration,
}

impl Habits {
    fn reads(self, random: &mut StdRng) -> bool {
        random.random_bool(self.probability)
    }

    /// Often short, seldom long.
    fn after(self, random: &mut StdRng) -> Duration {
        self.mean.mul_f64(-(1.0 - random.random::<f64>()).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_takes_the_mean_on_average_and_happens_as_often_as_it_should() {
        let habits = Habits {
            probability: 0.3,
            mean: Duration::from_millis(100),
        };
        let mut random = StdRng::seed_from_u64(1);
        let sum: Duration = (0..10_000).map(|_| habits.after(&mut random)).sum();
        assert!((sum.as_secs_f64() / 1_000.0 - 1.0).abs() < 0.05, "{sum:?}");
        let reads = (0..10_000).filter(|_| habits.reads(&mut random)).count();
        assert!((2_800..3_200).contains(&reads), "{reads}");
    }
}
