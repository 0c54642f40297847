//! Starts without a connection, and sends every line of the standard input: now, if there is a
//! connection, or else as soon as there is one.
//!
//! `cargo run --example reconnect -- account.json 17` with an account as `echo_bot` stores it, and
//! the number of a conversation. Stop the server and start it again meanwhile: every line is stored
//! once, in order.

use std::io::Write as _;
use std::time::Duration;

use cairn_client::{Account, Backoff, Client, ConversationId, ErrorKind, Event, Reconnect};
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(account), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err("usage: reconnect ACCOUNT-FILE CONVERSATION".into());
    };
    let account: Account = serde_json::from_slice(&std::fs::read(account)?)?;

    // For a person who waits, more impatient than the default.
    let backoff = Backoff {
        base: Duration::from_millis(100),
        cap: Duration::from_secs(2),
    };
    let client = Client::builder()
        .reconnect(Reconnect::Forever(backoff))
        .connect_offline(&account)?;
    tokio::spawn(show_connection(client.clone()));

    let conversation = client.conversation(ConversationId::new(id.parse()?));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut accepted = Vec::new();
    while let Some(line) = lines.next_line().await? {
        // Its place among the messages is fixed now, whenever it is sent.
        accepted.push(conversation.enqueue(line).await?);
    }
    for accepted in accepted {
        match accepted.await {
            Ok(msgid) => writeln!(std::io::stdout(), "accepted as message {msgid}")?,
            // The account was revoked, so that no attempt to connect will succeed.
            Err(error) if error.kind() == ErrorKind::LogIn => {
                return Err(format!("log in again: {error}").into());
            }
            Err(error) => writeln!(std::io::stdout(), "not accepted: {error}")?,
        }
    }
    client.close().await;
    Ok(())
}

async fn show_connection(client: Client) -> std::io::Result<()> {
    let mut events = client.events();
    while let Some(event) = events.next().await {
        match event {
            Event::Reconnected => writeln!(std::io::stdout(), "online")?,
            Event::Disconnected { reason } => writeln!(std::io::stdout(), "offline: {reason}")?,
            _ => {}
        }
    }
    Ok(())
}
