//! A chat bot that answers every message that mentions it.
//!
//! First start: `cargo run --example echo_bot -- 'cairn://…' echo`. Later starts take no arguments;
//! the bot then logs in with its stored account and answers what it missed.

use std::collections::HashSet;

use cairn_client::{Body, Client, Conversation, Error, Event, JoinRequest, Update};

/// Contains the device token: keep it readable by the owner only.
const ACCOUNT_FILE: &str = "echo_bot.json";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let client = if let (Some(link), Some(name)) = (arguments.next(), arguments.next()) {
        let who = JoinRequest {
            name: name.parse()?,
            password: None,
            device: "bot".parse()?,
        };
        let (client, account) = Client::builder().join(&link.parse()?, who).await?;
        std::fs::write(ACCOUNT_FILE, serde_json::to_vec(&account)?)?;
        client
    } else {
        let account = serde_json::from_slice(&std::fs::read(ACCOUNT_FILE)?)?;
        Client::builder().connect(&account).await?
    };
    let (mut events, mut followed) = (client.events(), HashSet::new());
    loop {
        for conversation in client.conversations().list().await? {
            if followed.insert(conversation.id) {
                tokio::spawn(answer(client.clone(), conversation));
            }
        }
        match events.next().await {
            Some(Event::Update(Update::Removed { conversation, .. })) => {
                followed.remove(&conversation);
            }
            Some(_) => {}
            None => return Ok(()),
        }
    }
}

async fn answer(client: Client, summary: Conversation) -> Result<(), Error> {
    let (me, conversation) = (client.whoami(), client.conversation(summary.id));
    let mut timeline = conversation.follow(summary.delivered.next());
    while let Some(message) = timeline.next().await.transpose()? {
        if let Body::Text(text) = &message.body
            && message.sender != me.user
            && text.as_str().contains(me.name.as_str())
            && let Some(sender) = client.people().get(message.sender).await?
        {
            let echo = format!("{} said: {text}", sender.name);
            match conversation.send(echo).await {
                Ok(_) | Err(Error::InvalidText(_) | Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        conversation.ack(message.msgid);
    }
    Ok(())
}
