//! Prints the user's conversations with their unread messages, again after each change.
//!
//! `cargo run --example conversation_list -- account.json` with an account as `echo_bot` stores it.
//! Events report what other devices do and who was added where; timelines report new messages.
//! After either, the list is updated by what changed since it was last read.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::{
    Account, Client, Conversation, ConversationId, Error, MsgId, Overview, Timestamp, Totals,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let account = std::env::args().nth(1);
    let account = account.ok_or("usage: conversation_list ACCOUNT-FILE")?;
    let account: Account = serde_json::from_slice(&std::fs::read(account)?)?;
    // A program that stores the list passes its moment to `ClientBuilder::since`.
    let client = Client::builder().connect(&account).await?;

    // First the events and then the list, so that no change falls in between.
    let mut events = client.events();
    let mut list = client.conversations().login_overview().await?;
    let (news, mut arrived) = mpsc::channel(1);
    let mut followed: HashMap<ConversationId, JoinHandle<Result<(), Error>>> = HashMap::new();
    loop {
        show(&list)?;
        followed.retain(|id, task| {
            let is_listed = list.conversations.iter().any(|item| item.id == *id);
            if !is_listed {
                task.abort();
            }
            is_listed
        });
        for Conversation { id, head, .. } in &list.conversations {
            followed
                .entry(*id)
                .or_insert_with(|| tokio::spawn(follow(client.clone(), *id, *head, news.clone())));
        }
        tokio::select! {
            event = events.next() => match event {
                Some(_) => {}
                None => return Ok(()),
            },
            _ = arrived.recv() => {}
        }
        list.update(client.conversations().overview(list.as_of).await?);
    }
}

/// Reports messages after `head`. A full channel already announces an update of the list.
async fn follow(
    client: Client,
    id: ConversationId,
    head: MsgId,
    news: mpsc::Sender<()>,
) -> Result<(), Error> {
    let mut timeline = client.conversation(id).follow(head.next());
    while timeline.next_batch().await.transpose()?.is_some() {
        let _ = news.try_send(());
    }
    Ok(())
}

fn show(list: &Overview) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Timestamp::new(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    let totals = Totals::of(&list.conversations, now);
    writeln!(out, "{} unread messages", totals.unread)?;
    for item in &list.conversations {
        writeln!(out, "  {}: {}", item.kind.title(), item.unread)?;
    }
    out.flush()
}
