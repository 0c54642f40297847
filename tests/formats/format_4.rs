//! Format 4. Its directory is made by the server itself: `CAIRN_WRITE_FORMAT=1 cargo test
//! --test main format_4` replaces it after a change of the format that is not released yet. Once it
//! is, the directory stays as it is.

use std::fs::{self, File};
use std::path::Path;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::group::MemberSettings;
use cairn_client::proto::model::notification::{NotificationLevel, Notifications};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::text::{Caption, EmojiName, MediaType};
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Attachment, Client, ConversationId};

use tempfile::TempDir;

use super::{fixture, fixtures, version};
use crate::support::{Server, cairn, invite};

const NAME: &str = "format-4";

/// Files that a server needs only while it runs, or can create again.
fn is_left_out(name: &str) -> bool {
    name == "lock" || name.starts_with("spare-") || name == "blobs"
}

/// Compresses each file of a data directory by itself.
fn pack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if is_left_out(&name) {
            continue;
        }
        if path.is_dir() {
            pack(&path, &to.join(name));
        } else {
            let packed = File::create(to.join(format!("{name}.zst"))).unwrap();
            zstd::stream::copy_encode(File::open(&path).unwrap(), packed, 19).unwrap();
        }
    }
}

async fn send_file(client: &Client, conversation: ConversationId, dir: &Path) {
    let path = dir.join("notes.txt");
    fs::write(&path, "a small file").unwrap();
    let uploaded = client.upload_file(&path, |_| {}).await.unwrap();
    let file = Attachment {
        hash: uploaded.hash,
        name: "notes.txt".parse().unwrap(),
        media_type: MediaType::new("text/plain").unwrap(),
        size_bytes: uploaded.size_bytes,
        caption: Caption::new("").unwrap(),
    };
    client.conversation(conversation).send(file).await.unwrap();
}

/// Makes the directory: some of it was stored in the trees by a stop, the rest is in the log of a
/// server that was killed.
async fn write() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (bob, of_bob) = invite(&ada, "bob").await;
    let group = ada
        .conversations()
        .create_group("team".parse().unwrap(), vec![bob.whoami().user])
        .await
        .unwrap();
    let team = ada.conversation(group);
    let first = team.send("one").await.unwrap();
    team.send("@bob two").await.unwrap();
    team.react(first, EmojiName::new("heart").unwrap())
        .await
        .unwrap();
    team.pin(first).await.unwrap();
    bob.conversation(group).mark_read(first).await.unwrap();
    let settings = MemberSettings {
        notifications: Notifications {
            level: NotificationLevel::Mentions,
            until: None,
        },
        ..MemberSettings::default()
    };
    team.set_member_settings(settings).await.unwrap();
    ada.close().await;
    bob.close().await;
    assert!(server.stop().success());

    server.restart();
    let ada = Client::builder().connect(&account).await.unwrap();
    let bob = Client::builder().connect(&of_bob).await.unwrap();
    let team = ada.conversation(group);
    team.edit(first, "one, edited".parse().unwrap())
        .await
        .unwrap();
    team.set_retention(Some(Retention::Days(300)))
        .await
        .unwrap();
    let recalled = team.send("three").await.unwrap();
    team.recall(recalled).await.unwrap();
    send_file(&ada, group, server.data().parent().unwrap()).await;
    let chat = ConversationId::direct(ada.whoami().user, bob.whoami().user).unwrap();
    bob.conversation(chat).send("hello").await.unwrap();
    ada.close().await;
    bob.close().await;
    server.kill();

    let place = fixtures().join(NAME);
    let _ = fs::remove_dir_all(&place);
    pack(server.data(), &place);
    let account = serde_json::to_vec_pretty(&account).unwrap();
    fs::write(place.with_file_name("format-4-account.json"), account).unwrap();
}

fn account(name: &str) -> Account {
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
    if std::env::var_os("CAIRN_WRITE_FORMAT").is_some() {
        write().await;
    }
    let dir = fixture(NAME);
    assert_eq!(version(dir.path()), "cairn 4\n");
    let output = cairn(&["doctor", "--full", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    check_served(&dir, NAME, NotificationLevel::Mentions).await;
}

#[tokio::test]
async fn converted_directory_is_served() {
    check_served(&fixture("format-3"), "format-3", NotificationLevel::All).await;
}

async fn check_served(dir: &TempDir, name: &str, level: NotificationLevel) {
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
