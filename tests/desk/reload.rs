//! Pages that are loaded again, opened twice, or clicked twice: one visitor has one inquiry.

use std::collections::BTreeSet;

use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::desk::VisitorState;
use cairn_client::proto::wire::request::desk::MyInquiry;
use cairn_client::proto::wire::request::session::{Pull, PullRange};

use crate::desk::Desk;
use crate::desk::people::{Process, Visitor, token};

/// Reported of several systems: the chat is lost when the page is loaded again.
#[tokio::test]
async fn visitor_who_reloads_keeps_the_place_in_line() {
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let mut first = desk.visitor().await;
    let mine = first.opens("I was first").await.unwrap();
    let mut second = desk.visitor().await;
    second.opens("I was second").await.unwrap();
    for _ in 0..3 {
        first = first.reload(&desk.server, &desk.key).await;
        let known = first.welcome.inquiry.clone().unwrap();
        assert_eq!(known.conversation, mine.conversation);
        assert!(matches!(
            known.state,
            VisitorState::Waiting { place: 1, .. }
        ));
        first.pushed.message("I was first").await;
    }
    let mut mei = desk.agent("mei", 1).await;
    mei.gets("I was first").await;
    first
        .until_state("the first has mei", |inquiry| {
            matches!(inquiry.state, VisitorState::Answered { .. })
        })
        .await;
    let second = second.ask(MyInquiry).await.unwrap().unwrap();
    assert!(matches!(
        second.state,
        VisitorState::Waiting { place: 1, .. }
    ));
}

/// Reported: one visitor has two open chats from a double click.
#[tokio::test]
async fn opening_twice_makes_one_inquiry() {
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let mut visitor = desk.visitor().await;
    let first = visitor.opens_as(1, "hello").await.unwrap();
    // The answer was lost, so the client repeats it.
    let again = visitor.opens_as(1, "hello").await.unwrap();
    assert_eq!(first.conversation, again.conversation);
    assert_eq!(first.head, again.head, "it is said once");
    // A second click is a second message.
    let click = visitor.opens_as(2, "hello?").await.unwrap();
    assert_eq!(first.conversation, click.conversation);
    assert_eq!(click.head, first.head.next());
    assert_eq!(desk.counts().await, (1, 0));
}

/// Two tabs with one token, each a process with a send stream of its own.
#[tokio::test]
async fn two_processes_on_one_token_share_one_inquiry() {
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let token = token();
    let mut tabs = Vec::new();
    for stream in 0..2 {
        let process = Process {
            stream,
            is_resumed: false,
        };
        let tab = Visitor::connect_as(&desk.server, &desk.key, token, process).await;
        tabs.push(tab);
    }
    let [one, other] = &mut tabs[..] else {
        unreachable!()
    };
    let (first, second) = tokio::join!(one.opens("from one"), other.opens("from the other"));
    let conversation = first.unwrap().conversation;
    assert_eq!(second.unwrap().conversation, conversation);
    for n in 0..20 {
        let (left, right) = (format!("left {n}"), format!("right {n}"));
        let (left, right) = tokio::join!(
            one.says(conversation, &left),
            other.says(conversation, &right)
        );
        left.unwrap();
        right.unwrap();
    }
    for tab in [one, other] {
        tab.pushed.message("left 19").await;
        tab.pushed.message("right 19").await;
        let pull = Pull {
            conversation,
            range: PullRange::From(MsgId::new(1)),
            limit: 100,
        };
        let run = tab.ask(pull).await.unwrap().run;
        let messages = run.messages().unwrap().into_iter();
        let texts: Vec<String> = messages
            .filter_map(|message| match message.body {
                Body::Text(text) => Some(text.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(texts.len(), 42);
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 42);
    }
    assert_eq!(desk.counts().await, (1, 0));
}

/// Reported: a visitor goes on typing into a closed chat that no one sees.
#[tokio::test]
async fn message_in_a_closed_inquiry_opens_it_again() {
    use cairn_client::proto::wire::request::desk::CloseInquiry;
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    mei.gets("hello").await;
    let tags = vec!["solved".parse().unwrap()];
    let close = CloseInquiry { conversation, tags };
    mei.ask(close).await.unwrap();
    visitor
        .until_state("it is closed", |inquiry| {
            matches!(inquiry.state, VisitorState::Closed { may_rate: true })
        })
        .await;
    assert_eq!(desk.counts().await, (0, 0));
    visitor.says(conversation, "one more thing").await.unwrap();
    mei.gets("one more thing").await;
    assert_eq!(desk.counts().await, (0, 1));
}
