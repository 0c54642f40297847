//! Messages that are there before a run begins: sent as fast as the server takes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::{Accepted, Client};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::stamp::Texts;
use crate::error::Result;
use crate::limits;
use crate::results::grouped;
use crate::watcher::Watcher;

#[derive(Debug)]
pub(crate) struct Filler {
    pub(crate) client: Client,
    /// In the stamps.
    pub(crate) number: u16,
    pub(crate) conversations: Vec<ConversationId>,
}

/// Sends `each` messages to each conversation of each filler, in turn, as old chats lie mixed with
/// each other in a log. Returns the last message of each conversation.
pub(crate) async fn fill(
    fillers: Vec<Filler>,
    each: u64,
    texts: &Arc<Texts>,
    watcher: &Watcher,
) -> Result<Vec<(ConversationId, MsgId)>> {
    let conversations = fillers.iter().map(|filler| filler.conversations.len());
    let total = grouped((each * conversations.sum::<usize>() as u64) as f64);
    let stored = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for filler in fillers {
        tasks.spawn(filler.run(each, Arc::clone(texts), Arc::clone(&stored)));
    }
    let mut heads = Vec::new();
    loop {
        tokio::select! {
            biased;
            ended = tasks.join_next() => match ended {
                Some(ended) => heads.extend(ended??),
                None => return Ok(heads),
            },
            () = sleep(limits::TICK) => {}
        }
        let stored = grouped(stored.load(Ordering::Relaxed) as f64);
        watcher.tell(&|| format!("{stored} of {total} messages are stored"));
    }
}

impl Filler {
    async fn run(
        self,
        each: u64,
        texts: Arc<Texts>,
        stored: Arc<AtomicU64>,
    ) -> Result<Vec<(ConversationId, MsgId)>> {
        let conversations = self.conversations.iter();
        let mut heads: Vec<_> = conversations.map(|&id| (id, MsgId::ZERO)).collect();
        let mut unanswered: VecDeque<(usize, Accepted)> = VecDeque::new();
        for number in 1..=each {
            for (at, &conversation) in self.conversations.iter().enumerate() {
                // The client must have a free slot when it is asked.
                if unanswered.len() == SENDS_IN_FLIGHT_MAX
                    && let Some((at, accepted)) = unanswered.pop_front()
                {
                    heads[at].1 = accepted.await?;
                    stored.fetch_add(1, Ordering::Relaxed);
                }
                let body = texts.body(self.number, number, Instant::now())?;
                let conversation = self.client.conversation(conversation);
                unanswered.push_back((at, conversation.enqueue(body).await?));
            }
        }
        for (at, accepted) in unanswered {
            heads[at].1 = accepted.await?;
            stored.fetch_add(1, Ordering::Relaxed);
        }
        Ok(heads)
    }
}
