//! Format 5, with a support desk. Its directory is made by the server itself:
//! `CAIRN_WRITE_FORMAT=1 cargo test --test main format_5` replaces it after a change of the format
//! that is not released yet. Once it is, the directory stays as it is.

use std::fs::{self, File};
use std::path::Path;

use cairn_client::proto::ids::UserId;
use cairn_client::proto::invite::DeskLink;
use cairn_client::proto::model::desk::{
    AgentConfig, AgentQueue, AnswerMode, DaySpan, Duty, InquiryFilter, InquiryState, OfficeHours,
    QueueConfig, RouteCondition, RouteRule, VisitorState,
};
use cairn_client::proto::model::group::MemberSettings;
use cairn_client::proto::model::notification::{NotificationLevel, Notifications};
use cairn_client::proto::model::retention::Retention;
use cairn_client::proto::secret::VisitorToken;
use cairn_client::proto::text::{Caption, DeskText, EmojiName, MediaType};
use cairn_client::{Account, Attachment, Client, ConversationId, Question, Visit};
use serde::{Deserialize, Serialize};

use super::format_4::{account, check_served};
use super::{check_sound, fixture, fixtures, version};
use crate::support::{Server, invite};

const NAME: &str = "format-5";

/// What a visitor keeps.
#[derive(Serialize, Deserialize)]
struct Desk {
    link: String,
    token: Vec<u8>,
}

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
    let (visitor, link) = open_desk(&ada, bob.whoami().user).await;
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
    leave_open(&ada, &visitor, &link).await;
    ada.close().await;
    bob.close().await;
    server.kill();

    let place = fixtures().join(NAME);
    let _ = fs::remove_dir_all(&place);
    pack(server.data(), &place);
    let account = serde_json::to_vec_pretty(&account).unwrap();
    fs::write(place.with_file_name("format-5-account.json"), account).unwrap();
    let desk = Desk {
        link: link.to_string(),
        token: visitor.as_bytes().to_vec(),
    };
    let desk = serde_json::to_vec_pretty(&desk).unwrap();
    fs::write(place.with_file_name("format-5-desk.json"), desk).unwrap();
}

/// Makes a desk, with an inquiry that was answered, rated and closed. Returns its visitor.
async fn open_desk(ada: &Client, bob: UserId) -> (VisitorToken, DeskLink) {
    let desk = ada.desk();
    let queue = |name: &str| {
        let mut config = QueueConfig::new(name.parse().unwrap());
        config.answer = AnswerMode::Assign;
        config
    };
    let mut later = queue("later");
    later.hours = Some(OfficeHours {
        zone: "Asia/Shanghai".parse().unwrap(),
        weekly: Vec::new(),
        days: vec![DaySpan {
            year: 2026,
            month: 1,
            day: 1,
            from: 540,
            to: 1080,
        }],
    });
    let later = desk.create_queue(later).await.unwrap();
    let sales = desk.create_queue(queue("sales")).await.unwrap();
    let rule = RouteRule {
        when: vec![RouteCondition::Topic("returns".parse().unwrap())],
        queue: later,
        priority: 7,
    };
    desk.set_rules(vec![rule]).await.unwrap();
    let hello = Some(DeskText::new("Hello!").unwrap());
    let name = "hello".parse().unwrap();
    desk.set_canned(name, hello).await.unwrap();
    let link = desk.create_link(sales, false).await.unwrap().link;
    let agent = |supervises| AgentConfig {
        public_name: Some("Mei".parse().unwrap()),
        capacity: 3,
        queues: vec![AgentQueue {
            queue: sales,
            level: 0,
            delay_seconds: 0,
        }],
        supervises,
    };
    desk.set_agent(bob, agent(Vec::new())).await.unwrap();
    let user = ada.whoami().user;
    desk.set_agent(user, agent(vec![sales])).await.unwrap();
    desk.set_duty(Duty::On).await.unwrap();

    let mut visit = Visit::new(Visit::new_token());
    visit.name = Some("Li".parse().unwrap());
    let token = visit.token;
    let visitor = Client::builder().visit(&link, visit).await.unwrap();
    let mut question = Question::new("do you ship?".parse().unwrap());
    question.page = Some("https://shop.example/basket".parse().unwrap());
    let inquiry = visitor.ask(question).await.unwrap().conversation;
    desk.take(inquiry).await.unwrap();
    ada.conversation(inquiry).send("we do").await.unwrap();
    desk.note(inquiry, "a good customer").await.unwrap();
    let tags = vec!["shipping".parse().unwrap()];
    desk.close(inquiry, tags).await.unwrap();
    let thanks = DeskText::new("thanks").unwrap();
    visitor.rate(5, thanks).await.unwrap();
    visitor.close().await;
    (token, link)
}

/// A second visitor waits, and the first one asks outside the hours. None of it is in the trees.
async fn leave_open(ada: &Client, first: &VisitorToken, link: &DeskLink) {
    let (addr, _) = ada.server();
    let link = DeskLink {
        addr,
        ..link.clone()
    };
    ada.desk().set_duty(Duty::Break).await.unwrap();
    let other = Visit::new(Visit::new_token());
    let other = Client::builder().visit(&link, other).await.unwrap();
    let question = Question::new("anybody there?".parse().unwrap());
    other.ask(question).await.unwrap();
    other.close().await;
    let again = Client::builder().visit(&link, Visit::new(*first)).await;
    let again = again.unwrap();
    again.say("one more thing".parse().unwrap()).await.unwrap();
    again.close().await;
}

#[tokio::test]
async fn directory_is_opened_and_served() {
    if std::env::var_os("CAIRN_WRITE_FORMAT").is_some() {
        write().await;
    }
    let dir = fixture(NAME);
    assert_eq!(version(dir.path()), "cairn 5\n");
    check_sound(dir.path());
    check_served(&dir, NAME, NotificationLevel::Mentions).await;
    check_desk(dir.path()).await;
}

async fn check_desk(dir: &Path) {
    let server = Server::start_in(dir);
    let account = Account {
        addr: server.server_addr(),
        ..account(NAME)
    };
    let ada = Client::builder().connect(&account).await.unwrap();
    let desk = ada.desk();
    let queues = desk.queues().await.unwrap();
    let names: Vec<&str> = queues
        .iter()
        .map(|info| info.config.name.as_str())
        .collect();
    assert_eq!(names, ["later", "sales"]);
    assert!(queues[0].config.hours.is_some());
    let sales = queues[1].counts.queue;
    let agents = desk.agents(Some(sales)).await.unwrap();
    let duties: Vec<Duty> = agents.iter().map(|agent| agent.duty).collect();
    assert_eq!(duties, [Duty::Break, Duty::Off]);
    assert_eq!(desk.rules().await.unwrap().len(), 1);
    assert_eq!(desk.canned(None).await.unwrap().len(), 1);
    assert_eq!(desk.links().await.unwrap().len(), 1);
    let open = desk.inquiries(sales, InquiryFilter::Open, None, 10).await;
    let open = open.unwrap().items;
    let states: Vec<InquiryState> = open.iter().map(|info| info.state).collect();
    assert_eq!(states, [InquiryState::Waiting; 2]);
    assert_eq!(open[0].visitor.name.as_ref().unwrap().as_str(), "Li");
    assert!(open[0].back.is_some() && open[0].first_reply_at.is_some());

    let kept = fs::read(fixtures().join("format-5-desk.json")).unwrap();
    let kept: Desk = serde_json::from_slice(&kept).unwrap();
    let link: DeskLink = kept.link.parse().unwrap();
    let link = DeskLink {
        addr: server.server_addr(),
        ..link
    };
    let token = VisitorToken::new(kept.token.try_into().unwrap());
    let visitor = Client::builder().visit(&link, Visit::new(token)).await;
    let visitor = visitor.unwrap();
    let own = visitor.inquiry().unwrap();
    assert_eq!(own.conversation, open[0].conversation);
    assert!(matches!(own.state, VisitorState::Waiting { .. }));
    visitor.end().await.unwrap();
    let closed = desk.inquiries(sales, InquiryFilter::Closed, None, 10).await;
    assert_eq!(closed.unwrap().items.len(), 1);
    visitor.close().await;
    ada.close().await;
}
