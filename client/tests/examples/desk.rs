//! The bot at the support desk.

use std::time::Duration;

use cairn_client::proto::model::desk::{AgentConfig, AgentQueue, Duty, QueueConfig};
use cairn_client::{
    Account, Client, ConversationId, MsgId, Question, Text, UserId, Visit, Visitor,
};

use crate::example::Example;
use crate::server::Server;
use crate::{join, text};

/// Makes a new user an agent of one queue.
async fn agent(owner: &Client, name: &str, queue: ConversationId) -> (Client, Account) {
    let link = owner
        .admin()
        .create_invite(1, Duration::from_secs(60))
        .await;
    let (client, account) = join(&link.unwrap(), name).await;
    let config = AgentConfig {
        public_name: None,
        capacity: 3,
        queues: vec![AgentQueue {
            queue,
            level: 0,
            delay_seconds: 0,
        }],
        supervises: Vec::new(),
    };
    owner.desk().set_agent(account.user, config).await.unwrap();
    (client, account)
}

/// Waits until the conversation of the visitor holds a message.
async fn reads(visitor: &Visitor, sender: UserId, expected: &str) {
    let mut log = visitor.conversation().unwrap().follow(MsgId::new(1));
    while let Some(entry) = log.next().await.transpose().unwrap() {
        if entry.sender == sender && entry.body == text(expected) {
            return;
        }
    }
    panic!("the log ends without {expected:?}");
}

#[tokio::test]
async fn desk_bot_answers_first_and_passes_on_to_people() {
    let server = Server::start();
    let (owner, _) = join(server.invite(), "owner").await;
    let queue = async |name: &str| {
        let config = QueueConfig::new(name.parse().unwrap());
        owner.desk().create_queue(config).await.unwrap()
    };
    let (first, people) = (queue("first").await, queue("people").await);
    let (bot, account) = agent(&owner, "bot", first).await;
    bot.close().await;
    let (ada, _) = agent(&owner, "ada", people).await;
    ada.desk().set_duty(Duty::On).await.unwrap();

    let link = owner.desk().create_link(first, false).await.unwrap().link;
    let visit = Visit::new(Visit::new_token());
    let visitor = Client::builder().visit(&link, visit).await.unwrap();
    let question = Text::new("Do you ship to Japan?").unwrap();
    visitor.ask(Question::new(question)).await.unwrap();

    // It came while the bot was away.
    let mut bot = Example::with_account("desk_bot", &account, &["people"]);
    let answer = "I am a bot. Write \"person\" to talk to one.";
    bot.meanwhile(reads(&visitor, account.user, answer)).await;
    let wish = Text::new("a person, please").unwrap();
    let (inquiry, _) = visitor.say(wish).await.unwrap();
    let passed = "A person will answer you.";
    bot.meanwhile(reads(&visitor, account.user, passed)).await;
    let accepted = async {
        // The offer follows the transfer.
        while ada.desk().accept(inquiry).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ada.conversation(inquiry).send("Yes, we do.").await.unwrap();
        reads(&visitor, ada.whoami().user, "Yes, we do.").await;
    };
    bot.meanwhile(accepted).await;
    let held = owner.desk().inquiry(inquiry).await.unwrap();
    assert_eq!(held.queue, people);
}
