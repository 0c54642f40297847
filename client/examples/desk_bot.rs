//! A bot at the support desk: it answers every visitor first, and passes who wants a person on to
//! another queue.
//!
//! Its user is an agent of a queue of its own, where visitors arrive. Start it with its account,
//! which is `profile.json` in the folder of its profile, and the name of the queue of people:
//! `cargo run -p cairn-client --example desk_bot -- ./bot/profile.json after-sale`.

use std::collections::HashSet;
use std::io::Write as _;

use cairn_client::proto::model::desk::{DeskUpdate, Duty};
use cairn_client::proto::text::{DeskText, GroupName};
use cairn_client::proto::wire::request::desk::TransferTarget;
use cairn_client::{Body, Client, ConversationId, Error, Event, Update, UserId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let account = arguments.next().ok_or("no account file")?;
    let people = GroupName::new(arguments.next().ok_or("no queue")?)?;
    let account = serde_json::from_slice(&std::fs::read(account)?)?;
    let client = Client::builder().connect(&account).await?;
    let mut events = client.events();
    client.desk().set_duty(Duty::On).await?;
    writeln!(std::io::stdout(), "on duty")?;
    let mut known = HashSet::new();
    loop {
        // Offers are state: what came while the bot was away is still there, if its time is not
        // over.
        let mine = client.desk().mine().await?;
        for offer in mine.offers {
            accept(&client, offer.info.conversation).await?;
        }
        for held in client.desk().mine().await?.held {
            if known.insert(held.conversation) {
                tokio::spawn(talk(client.clone(), held.conversation, people.clone()));
            }
        }
        let has_news = loop {
            match events.next().await {
                Some(Event::Update(Update::Desk(DeskUpdate::Inquiry(info)))) => {
                    if !info.state.is_open() {
                        known.remove(&info.conversation);
                    }
                }
                Some(
                    Event::Update(Update::Desk(DeskUpdate::Offer(_)))
                    | Event::Reconnected
                    | Event::Lagged(_),
                ) => break true,
                Some(_) => {}
                None => break false,
            }
        };
        if !has_news {
            return Ok(());
        }
    }
}

/// Accepts an offer, unless another agent was faster or the visitor has left.
async fn accept(client: &Client, inquiry: ConversationId) -> Result<(), Error> {
    match client.desk().accept(inquiry).await {
        Err(Error::Refused(_)) => Ok(()),
        accepted => accepted,
    }
}

/// Answers a visitor until they want a person, or the bot no longer holds the inquiry.
async fn talk(
    client: Client,
    inquiry: ConversationId,
    people: GroupName,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let conversation = client.conversation(inquiry);
    let listed = client.conversations().list().await?;
    let delivered = listed.iter().find(|listed| listed.id == inquiry);
    let first = delivered.map(|listed| listed.delivered).unwrap_or_default();
    let mut log = conversation.follow(first.next());
    while let Some(entry) = log.next().await.transpose()? {
        if let Body::Text(text) = &entry.body
            && entry.sender == UserId::VISITOR
        {
            if text.as_str().contains("person") {
                conversation.send("A person will answer you.").await?;
                let note = DeskText::new("asked the bot for a person")?;
                let to = TransferTarget::QueueNamed(people);
                client.desk().transfer(inquiry, to, note).await?;
                return Ok(());
            }
            let answer = "I am a bot. Write \"person\" to talk to one.";
            conversation.send(answer).await?;
        }
        conversation.ack(entry.msgid);
    }
    Ok(())
}
