//! Search, over the real binary: what is found, in which order, by whom, and at which cost.

pub mod command;
mod generated;
mod hostile;
mod leaks;
mod results;
mod visibility;

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId};
use cairn_client::proto::model::group::{Access, GroupSettings, JoinerHistory};
use cairn_client::proto::model::search::Query;
use cairn_client::proto::text::{GroupName, SettingName, SettingValue, Text};
use cairn_client::{Account, Client, FoundMessage};

use crate::support::soon;

fn text(words: &str) -> Body {
    Body::Text(Text::new(words).unwrap())
}

async fn group(owner: &Client, name: &str, members: &[&Account]) -> ConversationId {
    let members = members.iter().map(|account| account.user).collect();
    let name = GroupName::new(name).unwrap();
    let created = owner.conversations().create_group(name, members);
    created.await.unwrap()
}

/// A group that every user may join.
async fn open_group(owner: &Client, name: &str, history: JoinerHistory) -> ConversationId {
    let team = group(owner, name, &[]).await;
    let settings = GroupSettings {
        access: Access::Open,
        history,
        ..GroupSettings::default()
    };
    let view = owner.conversation(team);
    view.set_group_settings(settings).await.unwrap();
    team
}

/// Messages of one millisecond have no order across conversations.
async fn next_millisecond() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let before = now().as_millis();
    while now().as_millis() <= before {
        tokio::task::yield_now().await;
    }
}

async fn say(client: &Client, to: ConversationId, words: &str) -> MsgId {
    client.conversation(to).send(text(words)).await.unwrap()
}

/// Sends texts without waiting for each.
async fn say_all<T: AsRef<str>>(client: &Client, to: ConversationId, all: &[T]) -> Vec<MsgId> {
    let mut accepted = Vec::new();
    for words in all {
        let sent = client.conversation(to).enqueue(text(words.as_ref()));
        accepted.push(sent.await.unwrap());
    }
    let mut msgids = Vec::new();
    for sent in accepted {
        msgids.push(sent.await.unwrap());
    }
    msgids
}

/// Lifts the limits of rates, as the owner of the server.
async fn lift_rates(owner: &Client) {
    for name in ["messages-per-second", "memberships-per-second"] {
        let (name, off) = (
            SettingName::new(name).unwrap(),
            SettingValue::new("0").unwrap(),
        );
        owner.admin().set_setting(name, off).await.unwrap();
    }
}

async fn query(client: &Client, words: &str) -> Query {
    let now = jiff::Zoned::now();
    let query = client.parse_query(words, &now).await;
    query.unwrap_or_else(|error| panic!("{words}: {error}"))
}

/// Everything that a query finds, asking for `hits` at a time.
async fn found_by(client: &Client, query: Query, hits: u32) -> Vec<FoundMessage> {
    let mut search = client.search(query).hits_per_page(hits);
    let mut found = Vec::new();
    while let Some(message) = soon("a search goes on", search.next()).await {
        found.push(message.unwrap());
    }
    found
}

/// The places of everything that a query finds.
async fn find(client: &Client, words: &str) -> Vec<(ConversationId, MsgId)> {
    let found = found_by(client, query(client, words).await, 50).await;
    let messages = found.iter().map(|found| &found.message);
    messages
        .map(|message| (message.conversation, message.msgid))
        .collect()
}
