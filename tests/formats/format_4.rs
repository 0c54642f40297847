//! Formats 3 and 4, which are converted and then served.

use std::fs;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::notification::NotificationLevel;
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, ConversationId};
use tempfile::TempDir;

use super::{check_sound, fixture, fixtures, version};
use crate::support::Server;

const NAME: &str = "format-4";

pub(super) fn account(name: &str) -> Account {
    let text = fs::read(fixtures().join(format!("{name}-account.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn texts(messages: &[cairn_client::proto::content::message::Message]) -> Vec<String> {
    let text = |body: &Body| match body {
        Body::Text(text) => Some(text.to_string()),
        other => other.attachment().map(|file| file.name.to_string()),
    };
    messages
        .iter()
        .filter_map(|message| text(&message.body))
        .collect()
}

#[tokio::test]
async fn directory_is_opened_and_served() {
    let dir = fixture(NAME);
    assert_eq!(version(dir.path()), "cairn 4\n");
    check_sound(dir.path());
    check_served(&dir, NAME, NotificationLevel::Mentions).await;
}

#[tokio::test]
async fn converted_directory_is_served() {
    check_served(&fixture("format-3"), "format-3", NotificationLevel::All).await;
}

pub(super) async fn check_served(dir: &TempDir, name: &str, level: NotificationLevel) {
    let server = Server::start_in(dir.path());
    let account = Account {
        addr: server.server_addr(),
        ..account(name)
    };
    let ada = Client::builder().connect(&account).await.unwrap();
    let group = ConversationId::new(1);
    let everything = PullRange::From(MsgId::new(1));
    let page = ada.conversation(group).pull(everything, 100).await.unwrap();
    let expected = ["one, edited", "@bob two", "notes.txt"];
    assert_eq!(texts(&page.messages), expected);
    let retention = ada.conversation(group).retention().await.unwrap();
    assert_eq!(retention.set, Some(Retention::Days(300)));
    assert_eq!(ada.conversation(group).pins().await.unwrap().len(), 1);
    let list = ada.conversations().list().await.unwrap();
    let team = list.iter().find(|found| found.id == group).unwrap();
    assert_eq!(team.settings.notifications.level, level);
    ada.close().await;
}
