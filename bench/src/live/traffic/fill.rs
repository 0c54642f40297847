//! Messages that exist before a run begins, sent as fast as the server accepts them.

use std::cell::Cell;
use std::pin::pin;
use std::time::Instant;

use cairn_client::Client;
use cairn_client::proto::ids::ConversationId;
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use futures_util::future::try_join_all;
use tokio::time::timeout;

use super::sender::{InFlight, Unanswered};
use super::stamp::Texts;
use crate::error::Result;
use crate::limits;
use crate::results::grouped;
use crate::watcher::Watcher;

pub(crate) struct Filler {
    pub(crate) client: Client,
    /// The sender number in the stamps.
    pub(crate) number: u16,
    pub(crate) conversations: Vec<ConversationId>,
}

/// Sends `each` messages to each conversation of each filler, in turn, because messages of
/// different conversations are interleaved in a real log.
pub(crate) async fn fill(
    fillers: Vec<Filler>,
    each: u64,
    texts: &Texts,
    watcher: &Watcher,
) -> Result<()> {
    let conversations = fillers.iter().map(|filler| filler.conversations.len());
    let total = grouped((each * conversations.sum::<usize>() as u64) as f64);
    let stored = Cell::new(0);
    let run = |filler| Filler::run(filler, each, texts, &stored);
    let mut filling = pin!(try_join_all(fillers.iter().map(run)));
    loop {
        let done = timeout(limits::TICK, &mut filling).await;
        let stored = grouped(stored.get() as f64);
        watcher.tell(|| format!("{stored} of {total} messages are stored"));
        if let Ok(done) = done {
            return done.map(drop);
        }
    }
}

impl Filler {
    async fn run(&self, each: u64, texts: &Texts, stored: &Cell<usize>) -> Result<()> {
        let mut unanswered = Unanswered::default();
        let count = |answered: Vec<InFlight>| stored.set(stored.get() + answered.len());
        for number in 1..=each {
            for (group, &conversation) in self.conversations.iter().enumerate() {
                // The client must have a free slot before the next send.
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
