//! Messages that are there before a run begins: sent as fast as the server takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::sender::{InFlight, Unanswered};
use super::stamp::Texts;
use crate::error::Result;
use crate::limits;
use crate::results::grouped;
use crate::watcher::Watcher;

pub(crate) struct Filler {
    pub(crate) client: Client,
    /// In the stamps.
    pub(crate) number: u16,
    pub(crate) conversations: Vec<ConversationId>,
}

/// Sends `each` messages to each conversation of each filler, in turn, as old chats lie mixed with
/// each other in a log.
pub(crate) async fn fill(
    fillers: Vec<Filler>,
    each: u64,
    texts: &Arc<Texts>,
    watcher: &Watcher,
) -> Result<()> {
    let conversations = fillers.iter().map(|filler| filler.conversations.len());
    let total = grouped((each * conversations.sum::<usize>() as u64) as f64);
    let stored = Arc::new(AtomicU64::new(0));
    let run = |filler: Filler| filler.run(each, Arc::clone(texts), Arc::clone(&stored));
    let mut tasks: JoinSet<_> = fillers.into_iter().map(run).collect();
    loop {
        tokio::select! {
            biased;
            ended = tasks.join_next() => match ended {
                Some(ended) => ended??,
                None => return Ok(()),
            },
            () = sleep(limits::TICK) => {}
        }
        let stored = grouped(stored.load(Ordering::Relaxed) as f64);
        watcher.tell(&|| format!("{stored} of {total} messages are stored"));
    }
}

impl Filler {
    async fn run(self, each: u64, texts: Arc<Texts>, stored: Arc<AtomicU64>) -> Result<()> {
        let mut unanswered = Unanswered::default();
        let count = |answered: Vec<InFlight>| {
            stored.fetch_add(answered.len() as u64, Ordering::Relaxed);
        };
        for number in 1..=each {
            for (group, &conversation) in self.conversations.iter().enumerate() {
                // The client must have a free slot when it is asked.
                if unanswered.len() == SENDS_IN_FLIGHT_MAX {
                    count(unanswered.answered().await?);
                }
                let since = Instant::now();
                let body = texts.body(texts.body_bytes, self.number, number, since)?;
                let conversation = self.client.conversation(conversation);
                let accepted = conversation.enqueue(body).await?;
                unanswered.push(InFlight { since, group }, accepted);
            }
        }
        while let Some(answered) = unanswered.settle().await? {
            count(answered);
        }
        Ok(())
    }
}
