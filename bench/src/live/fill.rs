//! Messages that are there before a run begins: sent as fast as the server takes them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::stamp::Texts;
use crate::error::BenchError;
use crate::limits;
use crate::report::grouped;
use crate::watcher::Watcher;

/// One client that fills conversations.
#[derive(Debug)]
pub(super) struct Filler {
    pub client: Client,
    /// Its number in the stamps.
    pub number: u16,
    pub conversations: Vec<ConversationId>,
}

/// Sends `each` messages to each conversation of each filler, in turn, as old chats lie mixed with each other in a log. Gives the number
/// of the last message of each conversation.
pub(super) async fn fill(
    fillers: Vec<Filler>,
    each: u64,
    texts: &Arc<Texts>,
    watcher: &mut Watcher,
) -> Result<Vec<(ConversationId, MsgId)>, BenchError> {
    let total = each
        * fillers
            .iter()
            .map(|filler| filler.conversations.len() as u64)
            .sum::<u64>();
    let stored = Arc::new(AtomicU64::new(0));
    let mut filling: JoinSet<_> = fillers
        .into_iter()
        .map(|filler| filler.run(each, Arc::clone(texts), Arc::clone(&stored)))
        .collect();
    let mut heads = Vec::new();
    loop {
        tokio::select! {
            biased;
            ended = filling.join_next() => match ended {
                Some(ended) => heads.extend(ended.map_err(|_| BenchError::Panicked)??),
                None => return Ok(heads),
            },
            () = sleep(limits::TICK) => {}
        }
        let so_far = stored.load(Ordering::Relaxed) as f64;
        watcher.tell(&|| {
            format!(
                "{} of {} messages are stored",
                grouped(so_far),
                grouped(total as f64)
            )
        });
    }
}

impl Filler {
    async fn run(
        self,
        each: u64,
        texts: Arc<Texts>,
        stored: Arc<AtomicU64>,
    ) -> Result<Vec<(ConversationId, MsgId)>, BenchError> {
        let Self {
            client,
            number: sender,
            conversations,
        } = self;
        let mut heads: Vec<_> = conversations
            .iter()
            .map(|&conversation| (conversation, MsgId::ZERO))
            .collect();
        let mut unanswered = VecDeque::new();
        for number in 1..=each {
            for (at, &conversation) in conversations.iter().enumerate() {
                // Room is made here, so that the client has some when it is asked.
                if unanswered.len() == SENDS_IN_FLIGHT_MAX {
                    accepted(&mut unanswered, &mut heads, &stored).await?;
                }
                let body = texts.body(sender, number, Instant::now())?;
                unanswered.push_back((at, client.enqueue(conversation, body).await?));
            }
        }
        while !unanswered.is_empty() {
            accepted(&mut unanswered, &mut heads, &stored).await?;
        }
        Ok(heads)
    }
}

/// Waits for the answer to the oldest send.
async fn accepted(
    unanswered: &mut VecDeque<(usize, cairn_client::Accepted)>,
    heads: &mut [(ConversationId, MsgId)],
    stored: &AtomicU64,
) -> Result<(), BenchError> {
    if let Some((at, accepted)) = unanswered.pop_front() {
        heads[at].1 = accepted.await?;
        stored.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
