//! What a visitor may do: a dozen things, about one inquiry.

use std::collections::BTreeSet;

use cairn_client::proto::content::attachment::TransferFrame;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::{ConversationId, MsgId, UserId};
use cairn_client::proto::model::desk::VisitorState;
use cairn_client::proto::text::DeskText;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::Request;
use cairn_client::proto::wire::request::desk::{CloseInquiry, EndInquiry, MyInquiry, RateInquiry};
use cairn_client::proto::wire::request::reading::{Ack, MarkRead};
use cairn_client::proto::wire::request::session::{Focus, Pull, PullRange};

use crate::desk::Desk;
use crate::desk::people::Visitor;
use crate::hostile::attachments;
use crate::samples::Samples;
use crate::support::kinds;

#[tokio::test]
async fn every_session_of_a_visitor_learns_of_a_question() {
    let desk = Desk::open(|_| {}).await;
    let mut asking = desk.visitor().await;
    let other = Visitor::connect(&desk.server, &desk.key, asking.token);
    let mut other = other.await;
    let opened = asking.opens("hello").await.unwrap();
    let told = other.until_state("an inquiry", |_| true).await;
    assert_eq!(told.conversation, opened.conversation);
    other.pushed.message("hello").await;
}

/// What a visitor's session may ask.
const ALLOWED: [&str; 9] = [
    "Send",
    "Ack",
    "MarkRead",
    "Pull",
    "Focus",
    "OpenInquiry",
    "MyInquiry",
    "EndInquiry",
    "RateInquiry",
];

#[tokio::test]
async fn visitor_asks_and_is_answered() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    assert_eq!(visitor.welcome.inquiry, None);
    assert_eq!(visitor.welcome.desk.name.as_str(), "presale");
    assert!(visitor.welcome.desk.is_open);

    let inquiry = visitor.opens("which size fits?").await.unwrap();
    let conversation = inquiry.conversation;
    mei.gets("which size fits?").await;
    let answered = visitor
        .until_state("mei has it", |inquiry| {
            matches!(inquiry.state, VisitorState::Answered { .. })
        })
        .await;
    let VisitorState::Answered { agent, name } = answered.state else {
        unreachable!()
    };
    assert_eq!((agent, name.as_str()), (mei.user(), "mei of the shop"));

    mei.says(conversation, 1, "the blue one").await.unwrap();
    let reply = visitor.pushed.message("the blue one").await;
    assert_eq!(reply.sender, mei.user());
    let msgid = reply.msgid;
    visitor
        .ask(Ack {
            conversation,
            msgid,
        })
        .await
        .unwrap();
    visitor
        .ask(MarkRead {
            conversation,
            msgid,
        })
        .await
        .unwrap();
    visitor.says(conversation, "thanks").await.unwrap();
    let thanks = mei.pushed.message("thanks").await;
    assert_eq!(thanks.sender, UserId::VISITOR);

    let pull = Pull {
        conversation,
        range: PullRange::From(MsgId::new(1)),
        limit: 100,
    };
    let pulled = visitor.ask(pull).await.unwrap();
    let texts: Vec<_> = pulled.run.messages().unwrap();
    let texts = texts
        .iter()
        .filter(|message| matches!(message.body, Body::Text(_)));
    assert_eq!(texts.count(), 3);
    let mine = visitor.ask(MyInquiry).await.unwrap().unwrap();
    assert_eq!((mine.conversation, mine.read), (conversation, msgid.next()));

    visitor.ask(EndInquiry { conversation }).await.unwrap();
    let rate = RateInquiry {
        conversation,
        stars: 5,
        text: DeskText::none(),
    };
    visitor.ask(rate.clone()).await.unwrap();
    let changed = RateInquiry { stars: 1, ..rate };
    assert_eq!(visitor.ask(changed).await, Err(ErrorCode::AlreadyRated));
    assert_eq!(desk.counts().await, (0, 0));
}

#[tokio::test]
async fn every_other_request_is_refused() {
    let mut desk = Desk::open(|_| {}).await;
    let mut visitor = desk.visitor().await;
    let before = visitor.ask(MyInquiry).await.unwrap();
    assert_eq!(before, None);
    let requests = Samples::all().requests;
    let named: BTreeSet<_> = requests.iter().map(kinds::kind).collect();
    assert_eq!(kinds::left_out(named.iter().copied()), [""; 0]);
    for request in refused(requests) {
        let answer = visitor.pushed.raw.ask_any(request.clone()).await;
        assert_eq!(answer, Err(ErrorCode::Forbidden), "{request:?}");
    }
    desk.admin.goes_on().await;
}

/// Once there is an inquiry, nothing more is allowed, of any conversation.
#[tokio::test]
async fn visitor_with_an_inquiry_may_do_no_more() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let own = visitor.opens("hello").await.unwrap().conversation;
    mei.gets("hello").await;
    for request in refused(Samples::all().requests) {
        let answer = visitor.pushed.raw.ask_any(request.clone()).await;
        assert_eq!(answer, Err(ErrorCode::Forbidden), "{request:?}");
    }
    let mut other = desk.visitor().await;
    let theirs = other.opens("I am another one").await.unwrap().conversation;
    assert_ne!(own, theirs);
    let direct = ConversationId::direct(mei.user(), desk.owner.whoami().user).unwrap();
    for conversation in [theirs, desk.queue, direct, ConversationId::new(u64::MAX)] {
        let pull = Pull {
            conversation,
            range: PullRange::From(MsgId::new(1)),
            limit: 10,
        };
        assert_eq!(visitor.ask(pull).await, Err(ErrorCode::NotFound));
        assert_eq!(
            visitor.says(conversation, "let me in").await,
            Err(ErrorCode::NotFound)
        );
        let focus = Focus {
            conversation: Some(conversation),
        };
        assert_eq!(visitor.ask(focus).await, Err(ErrorCode::NotFound));
        let end = EndInquiry { conversation };
        assert_eq!(visitor.ask(end).await, Err(ErrorCode::NotFound));
    }
    visitor.says(own, "still here").await.unwrap();
    mei.pushed.message("still here").await;
}

fn refused(requests: Vec<Request>) -> impl Iterator<Item = Request> {
    let is_refused = |request: &Request| !ALLOWED.contains(&kinds::kind(request));
    requests.into_iter().filter(is_refused)
}

#[tokio::test]
async fn visitor_uploads_only_while_an_agent_reads() {
    let mut desk = Desk::open(|_| {}).await;
    desk.set("visitor-upload-bytes", "1KiB").await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("it is broken").await.unwrap().conversation;
    let photo = vec![7; 1024];
    let frame = upload(&visitor, &photo).await;
    assert_eq!(frame, TransferFrame::Refused(ErrorCode::Forbidden));

    let mut mei = desk.agent("mei", 5).await;
    let is_answered = |state: &VisitorState| matches!(state, VisitorState::Answered { .. });
    visitor
        .until_state("mei has it", |inquiry| is_answered(&inquiry.state))
        .await;
    let large = upload(&visitor, &[photo.as_slice(), &[7]].concat()).await;
    assert_eq!(large, TransferFrame::Refused(ErrorCode::AttachmentTooLarge));
    let stored = upload(&visitor, &photo).await;
    assert_eq!(stored, TransferFrame::Stored);
    let file = Body::File(Box::new(attachments::file(&photo)));
    let sent = visitor
        .pushed
        .raw
        .send(conversation, 50, file.clone())
        .await;
    sent.unwrap();

    // Another visitor who knows the file's hash has nothing of it.
    let mut thief = desk.visitor().await;
    let theirs = thief.opens("hello").await.unwrap().conversation;
    thief
        .until_state("mei has it too", |inquiry| is_answered(&inquiry.state))
        .await;
    let stolen = thief.pushed.raw.send(theirs, 50, file).await;
    assert_eq!(stolen, Err(ErrorCode::NoSuchAttachment));

    let close = CloseInquiry {
        conversation,
        tags: Vec::new(),
    };
    mei.ask(close).await.unwrap();
    visitor
        .until_state("it is closed", |inquiry| {
            matches!(inquiry.state, VisitorState::Closed { .. })
        })
        .await;
    let late = upload(&visitor, &photo[1..]).await;
    assert_eq!(late, TransferFrame::Refused(ErrorCode::Forbidden));
}

async fn upload(visitor: &Visitor, bytes: &[u8]) -> TransferFrame {
    let hash = attachments::hash_of(bytes);
    attachments::upload(&visitor.pushed.raw, hash, bytes.len() as u64, bytes).await
}
