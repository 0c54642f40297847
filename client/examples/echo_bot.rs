//! A chat bot that answers every message that mentions it.
//!
//! First start: `cargo run --example echo_bot -- 'cairn://…' echo`. Later starts take no arguments;
//! the bot then logs in with its stored account and answers what it missed.

use std::collections::HashSet;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::model::conversation::Conversation;
use cairn_client::proto::text::{DeviceName, Text};
use cairn_client::{Client, Error, Event, JoinRequest, Update};

/// Contains the device token: keep it readable by the owner only.
const ACCOUNT_FILE: &str = "echo_bot.json";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let client = if let (Some(link), Some(name)) = (arguments.next(), arguments.next()) {
        let who = JoinRequest {
            name: name.parse()?,
            password: None,
            device: DeviceName::new("bot")?,
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
                followed.remove(&conversation)
            }
            Some(_) => continue,
            None => return Ok(()),
        };
    }
}

async fn answer(client: Client, conversation: Conversation) -> Result<(), Error> {
    let me = client.whoami();
    let mut timeline = client
        .conversation(conversation.id)
        .follow(conversation.delivered.next());
    while let Some(message) = timeline.next().await.transpose()? {
        if let Body::Text(text) = &message.body
            && message.sender != me.user
            && text.as_str().contains(me.name.as_str())
            && let Some(sender) = client.people().get(message.sender).await?
            && let Ok(echo) = Text::new(format!("{} said: {text}", sender.name))
        {
            client
                .conversation(conversation.id)
                .send(Body::Text(echo))
                .await?;
        }
        client.conversation(conversation.id).ack(message.msgid);
    }
    Ok(())
}
