//! Prints the messages of a conversation, and new ones as they arrive.
//!
//! `cargo run --example tail -- account.json 17` with an account as `echo_bot` stores it, and the
//! number of a conversation.

use std::io::Write as _;

use cairn_client::{Account, Body, Client, ConversationId, MsgId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(account), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: tail ACCOUNT-FILE CONVERSATION".into());
    };
    let account: Account = serde_json::from_slice(&std::fs::read(account)?)?;
    let client = Client::builder().connect(&account).await?;
    let conversation = client.conversation(ConversationId::new(id.parse()?));

    let mut out = std::io::stdout();
    // A timeline is also a `futures_core::Stream`, for combinators such as `select_all`.
    let mut timeline = conversation.follow(MsgId::new(1));
    while let Some(message) = timeline.next().await.transpose()? {
        // Names are cached, so that this is a request only for the first message of each sender.
        let sender = client.people().get(message.sender).await?;
        let name = sender.as_ref().map_or("?", |sender| sender.name.as_str());
        match &message.body {
            Body::Text(text) => writeln!(out, "{} {name}: {text}", message.msgid)?,
            other => writeln!(out, "{} {name}: {other:?}", message.msgid)?,
        }
        // This device has shown the message, so the server need not push it again.
        conversation.ack(message.msgid);
    }
    Ok(())
}
