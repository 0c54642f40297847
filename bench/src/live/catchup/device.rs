//! One device that was away, and how it comes back.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::{Account, Client, Endpoint};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::arrivals::Arrivals;
use crate::error::BenchError;
use crate::live::comeback::come_back;
use crate::live::cursor::Cursor;
use crate::live::sequence::Anomalies;

/// A device that is away, with what it keeps of itself: who it is, and how far it has each conversation.
#[derive(Clone, Debug)]
pub(super) struct Away {
    account: Account,
    endpoint: Option<Endpoint>,
    conversations: Vec<Followed>,
}

/// A conversation of a device.
#[derive(Clone, Debug)]
struct Followed {
    id: ConversationId,
    /// The number of whoever fills it, in the stamps.
    filler: u16,
    cursor: Arc<Mutex<Cursor>>,
}

impl Away {
    /// The device takes note of how far its conversations are, acks all of it, and goes. Each conversation comes with its filler.
    pub(super) async fn leave(
        client: &Client,
        account: Account,
        endpoint: Option<Endpoint>,
        conversations: Vec<(ConversationId, u16)>,
    ) -> Result<Self, BenchError> {
        let overview = client.conversations().await?;
        let heads: HashMap<ConversationId, MsgId> = overview
            .into_iter()
            .map(|conversation| (conversation.id, conversation.head))
            .collect();
        let follow = |(id, filler)| {
            let head = heads.get(&id).copied().unwrap_or_default();
            client.ack(id, head);
            Followed {
                id,
                filler,
                cursor: Arc::new(Mutex::new(Cursor::new(head.next()))),
            }
        };
        let conversations = conversations.into_iter().map(follow).collect();
        client.close().await;
        Ok(Self {
            account,
            endpoint,
            conversations,
        })
    }

    /// Connects, and reads each conversation until it has the `missed` messages of it. Gives the client, which is level then.
    pub(super) async fn come_back(
        self,
        missed: u64,
        arrivals: Arc<Arrivals>,
    ) -> Result<Client, BenchError> {
        let client = come_back(&self.account, self.endpoint.as_ref(), || {
            arrivals.try_again()
        })
        .await?;
        arrivals.connected();
        let read =
            |followed: Followed| followed.read(client.clone(), missed, Arc::clone(&arrivals));
        let mut reading: JoinSet<_> = self.conversations.iter().cloned().map(read).collect();
        while let Some(ended) = reading.join_next().await {
            ended.map_err(|_| BenchError::Panicked)??;
        }
        arrivals.level();
        Ok(client)
    }

    /// What is amiss with what it got, of `missed` messages in each conversation.
    pub(super) fn check(&self, missed: u64) -> Anomalies {
        let mut found = Anomalies::default();
        self.conversations.iter().for_each(|followed| {
            found.add(followed.cursor.lock().check([(followed.filler, missed)]))
        });
        found
    }
}

impl Followed {
    async fn read(
        self,
        client: Client,
        missed: u64,
        arrivals: Arc<Arrivals>,
    ) -> Result<(), BenchError> {
        let from = self.cursor.lock().next;
        let mut timeline = client.follow(self.id, from);
        while self.cursor.lock().next < from.plus(missed) {
            let run = timeline.next_run().await.ok_or(BenchError::EndedEarly)??;
            client.ack(self.id, run.last());
            arrivals.came(u64::from(run.count), run.entries.len() as u64);
            self.cursor.lock().take(run, |_| {})?;
        }
        Ok(())
    }
}
