//! Devices that reconnect after an absence, and what they count together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cairn_client::proto::ids::ConversationId;
use cairn_client::{Account, Client, ClientBuilder};
use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::error::{BenchError, Result};
use crate::live::target::{leave, reconnect};
use crate::live::traffic::{Anomalies, Cursor};

/// An offline device with its stored state: its account, and a cursor in each conversation.
#[derive(Clone)]
pub(super) struct Away {
    account: Account,
    options: ClientBuilder,
    conversations: Vec<Followed>,
}

#[derive(Clone)]
struct Followed {
    id: ConversationId,
    /// The sender number of the client that fills it, in the stamps.
    filler: u16,
    cursor: Arc<Mutex<Cursor>>,
}

impl Away {
    /// Closes a device in these conversations, each given with the client that fills it.
    pub(super) async fn leave(
        (client, account): (Client, Account),
        options: ClientBuilder,
        conversations: Vec<(ConversationId, u16)>,
    ) -> Result<Self> {
        let next = leave(client).await?;
        let follow = |(id, filler)| {
            let cursor = Arc::new(Mutex::new(Cursor::new(next(id))));
            Followed { id, filler, cursor }
        };
        Ok(Self {
            account,
            options,
            conversations: conversations.into_iter().map(follow).collect(),
        })
    }

    /// Connects, and reads each conversation until it has the `missed` messages of it.
    pub(super) async fn come_back(
        self,
        missed: u64,
        began: Instant,
        arrivals: Arc<Mutex<Arrivals>>,
    ) -> Result<Client> {
        let failed = || arrivals.lock().failed_logins += 1;
        let client = reconnect(&self.account, &self.options, failed).await?;
        arrivals.lock().connected += 1;
        let read = |followed| Followed::read(followed, &client, missed, &arrivals);
        let reading: FuturesUnordered<_> = self.conversations.iter().map(read).collect();
        let () = reading.try_collect().await?;
        arrivals.lock().level_after.push(began.elapsed());
        Ok(client)
    }

    /// Compares what arrived with the `missed` messages in each conversation.
    pub(super) fn check(&self, missed: u64) -> Anomalies {
        let check = |followed: &Followed| followed.cursor.lock().check([(followed.filler, missed)]);
        self.conversations.iter().map(check).sum()
    }
}

impl Followed {
    async fn read(&self, client: &Client, missed: u64, arrivals: &Mutex<Arrivals>) -> Result<()> {
        let from = self.cursor.lock().next;
        let mut timeline = client.conversation(self.id).follow(from);
        while self.cursor.lock().next < from.plus(missed) {
            let run = timeline.next_run().await.ok_or(BenchError::EndedEarly)??;
            client.conversation(self.id).ack(run.last());
            let mut arrivals = arrivals.lock();
            arrivals.messages += u64::from(run.count);
            arrivals.bytes += run.entries.len() as u64;
            self.cursor.lock().take(run, |_| {})?;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    connected: u64,
    pub(super) failed_logins: u64,
    pub(super) messages: u64,
    /// Size of the packed messages.
    pub(super) bytes: u64,
    /// When each device was complete, ascending.
    pub(crate) level_after: Vec<Duration>,
}

impl Arrivals {
    /// A sum that grows with any progress.
    pub(super) fn progress(&self) -> u64 {
        self.messages + self.connected
    }

    /// When the first, the median and the last device were complete, in seconds since all began to
    /// connect. `None` when no device was.
    pub(crate) fn level_times(&self) -> Option<Value> {
        let last = self.level_after.len().checked_sub(1)?;
        let after = |at: usize| self.level_after[at].as_secs_f64();
        Some(json!({ "first": after(0), "median": after(last / 2), "last": after(last) }))
    }
}
