//! One device in one conversation: takes what comes, and reads it after a while, as people do.

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

use super::day::Day;
use crate::error::BenchError;
use crate::live::cursor::Cursor;

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
    /// Since when it is connected.
    pub(super) since: Instant,
    pub(super) seat: Seat,
    pub(super) day: Arc<Day>,
    /// Draws what is read, and when.
    pub(super) seed: u64,
}

impl Listener {
    /// Listens until it is dropped.
    pub(super) async fn run(self) -> Result<(), BenchError> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let (mut reading, mut read_at) = (JoinSet::new(), None);
        let from = self.seat.cursor.lock().next;
        let mut timeline = self.client.follow(self.seat.conversation, from);
        let mut latencies = Vec::new();
        loop {
            tokio::select! {
                biased;
                run = timeline.next_run() => {
                    let of_others = self.take(run.ok_or(BenchError::EndedEarly)??, &mut latencies)?;
                    if read_at.is_none() && (0..of_others).any(|_| self.day.habits.reads(&mut random)) {
                        read_at = Some(Instant::now() + self.day.habits.after(&mut random));
                    }
                }
                () = at(read_at) => {
                    read_at = None;
                    reading.spawn(self.read());
                }
                Some(ended) = reading.join_next() => ended.map_err(|_| BenchError::Panicked)??,
            }
        }
    }

    /// Gives how many of the messages others have sent.
    fn take(&self, run: Run, latencies: &mut Vec<Duration>) -> Result<usize, BenchError> {
        let (now, mut of_others) = (Instant::now(), 0);
        self.client.ack(self.seat.conversation, run.last());
        self.seat.cursor.lock().take(run, |stamp| {
            latencies.push(self.day.texts.age(stamp, now));
            of_others += usize::from(stamp.sender != self.seat.number);
        })?;
        self.day.tally.delivered(now, latencies, self.since);
        self.day.window.delivered(latencies.len() as i64);
        latencies.clear();
        Ok(of_others)
    }

    /// Tells that the user has read everything that is here by now.
    fn read(&self) -> impl Future<Output = Result<(), BenchError>> + Send + 'static {
        let (client, conversation, day) = (
            self.client.clone(),
            self.seat.conversation,
            Arc::clone(&self.day),
        );
        let last = self.seat.cursor.lock().next.prev();
        async move {
            client.mark_read(conversation, last).await?;
            day.tally.count(Instant::now(), |counts| counts.reads += 1);
            Ok(())
        }
    }
}

/// Waits until then; for ever when there is no time.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => future::pending().await,
    }
}

/// How people read, in the time of the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// How likely it is that a message makes this device, of all that its user has, the one to read on.
    pub(super) probability: f64,
    /// How long it takes on average.
    pub(super) mean: Duration,
}

impl Habits {
    fn reads(self, random: &mut StdRng) -> bool {
        random.random_bool(self.probability)
    }

    /// A while: often short, seldom long.
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
