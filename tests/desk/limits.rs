//! Strangers in numbers: what one address and one visitor may use, while others chat.

use cairn_client::proto::content::attachment::TransferFrame;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::model::desk::RouteEntry;
use cairn_client::proto::model::desk::{RouteStep, VisitorState};
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::hello::Credentials;
use cairn_client::proto::wire::request::desk::EndInquiry;
use cairn_client::proto::wire::request::session::{GetMetrics, Pull, PullRange};

use crate::desk::Desk;
use crate::desk::people::{self, token};
use crate::hostile::attachments;
use crate::hostile::bystanders::Bystanders;
use crate::hostile::raw::Raw;

/// Openings of the default settings per minute.
const OPENINGS: usize = 5;

#[tokio::test]
async fn ten_thousand_openings_from_one_address_make_few_inquiries() {
    const VISITORS: usize = 20;
    const TRIES: usize = 500;
    let mut desk = Desk::open(|_| {}).await;
    desk.set("visitor-messages-per-minute", "0").await;
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        visitors.push(desk.visitor().await);
    }
    let mut bystanders = Bystanders::join(&desk.owner).await;
    let attack = async {
        let (mut opened, mut refused) = (0, 0);
        for _ in 0..TRIES {
            for visitor in &mut visitors {
                match visitor.opens("buy my things").await {
                    Ok(inquiry) => {
                        opened += 1;
                        let conversation = inquiry.conversation;
                        visitor.ask(EndInquiry { conversation }).await.unwrap();
                        visitor
                            .until_state("it is closed", |inquiry| {
                                matches!(inquiry.state, VisitorState::Closed { .. })
                            })
                            .await;
                    }
                    Err(ErrorCode::RateLimited) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        (opened, refused)
    };
    let begun = tokio::time::Instant::now();
    let (opened, refused) = bystanders.chat_meanwhile(attack).await;
    let minutes = 1 + begun.elapsed().as_secs() as usize / 60;
    // Without requests, its session may have timed out.
    desk.reconnect_admin().await;
    assert!(
        opened <= OPENINGS * minutes,
        "{opened} in {minutes} minutes"
    );
    assert_eq!(opened + refused, VISITORS * TRIES);
    assert_eq!(opened, openings_in_the_log(&mut desk).await);
    let metrics = desk.admin.ask(GetMetrics).await.unwrap();
    assert_eq!(metrics.desk.openings_refused, refused as u64);
    assert_eq!(metrics.desk.visitors, VISITORS as u64);
}

async fn openings_in_the_log(desk: &mut Desk) -> usize {
    let pull = Pull {
        conversation: desk.queue,
        range: PullRange::From(MsgId::new(1)),
        limit: 500,
    };
    let run = desk.admin.ask(pull).await.unwrap().run;
    let is_opening = |body: &Body| {
        let Body::System(entry) = body else {
            return false;
        };
        matches!(
            entry,
            cairn_client::proto::content::body::SystemEntry::Route(RouteEntry {
                step: RouteStep::Opened { .. } | RouteStep::Reopened,
                ..
            })
        )
    };
    let messages = run.messages().unwrap();
    messages
        .iter()
        .filter(|message| is_opening(&message.body))
        .count()
}

#[tokio::test]
async fn visitors_leave_connections_to_users() {
    let mut desk = Desk::open(|_| {}).await;
    desk.set("visitor-connections-per-address", "3").await;
    let mut visitors = Vec::new();
    for _ in 0..3 {
        visitors.push(desk.visitor().await);
    }
    let (server, key) = (desk.server.addr, desk.key.clone());
    let refused = || {
        let credentials = people::credentials(&key, token());
        let credentials = Credentials::Visitor(Box::new(credentials));
        Raw::refused(server, credentials)
    };
    let expected = (ErrorCode::TooManySessions, CloseCode::Rate);
    assert_eq!(refused().await, expected);
    let (user, _) = crate::support::invite(&desk.owner, "ada").await;
    user.close().await;
    visitors.pop();
    // The end of a connection is noticed a moment later.
    crate::support::until("a visitor may connect", async || {
        let credentials = people::credentials(&desk.key, token());
        people::visit(&desk.server, credentials, people::FIRST)
            .await
            .is_ok()
    })
    .await;
    desk.set("visitor-connections", "0").await;
    assert_eq!(refused().await, expected);
}

#[tokio::test]
async fn visitor_who_sends_too_fast_is_refused() {
    let mut desk = Desk::open(|_| {}).await;
    desk.set("visitor-messages-per-minute", "4").await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    let mut accepted = 1;
    let refusal = loop {
        match visitor.says(conversation, "spam").await {
            Ok(_) => accepted += 1,
            Err(code) => break code,
        }
    };
    assert_eq!(refusal, ErrorCode::TooFast);
    assert!(accepted <= 5, "{accepted}");
    let mut other = desk.visitor().await;
    other.opens("I am not affected").await.unwrap();
}

#[tokio::test]
async fn text_of_a_visitor_is_short() {
    use cairn_client::proto::limits::VISITOR_TEXT_BYTES_MAX;
    let desk = Desk::open(|_| {}).await;
    let mut visitor = desk.visitor().await;
    let (fits, too_long) = (
        "x".repeat(VISITOR_TEXT_BYTES_MAX),
        "x".repeat(VISITOR_TEXT_BYTES_MAX + 1),
    );
    assert_eq!(visitor.opens(&too_long).await, Err(ErrorCode::BadRequest));
    let conversation = visitor.opens(&fits).await.unwrap().conversation;
    let refused = visitor.says(conversation, &too_long).await;
    assert_eq!(refused, Err(ErrorCode::BadRequest));
    visitor.says(conversation, &fits).await.unwrap();
}

#[tokio::test]
async fn full_queue_refuses_the_next_visitor() {
    let mut desk = Desk::open(|config| {
        config.waiting_max = 2;
        config.takes_messages = false;
    })
    .await;
    desk.open_the_doors().await;
    let mut visitors = Vec::new();
    for _ in 0..2 {
        let mut visitor = desk.visitor().await;
        visitor.opens("hello").await.unwrap();
        visitors.push(visitor);
    }
    let mut third = desk.visitor().await;
    assert_eq!(third.opens("hello").await, Err(ErrorCode::QueueFull));
    let first = visitors[0].welcome.inquiry.clone();
    assert_eq!(first, None);
    let mut mei = desk.agent("mei", 1).await;
    mei.gets("hello").await;
    third.opens("hello again").await.unwrap();
}

/// A key that was revoked, or never existed, opens nothing.
#[tokio::test]
async fn unknown_key_is_refused() {
    use cairn_client::proto::secret::DeskKey;
    use cairn_client::proto::wire::request::desk::RevokeDeskKey;
    let mut desk = Desk::open(|_| {}).await;
    let mut unknown = people::credentials(&desk.key, token());
    unknown.key = DeskKey::new([7; 16]);
    let refused = people::visit(&desk.server, unknown, people::FIRST).await;
    assert_eq!(refused.err(), Some(ErrorCode::NoSuchQueue));
    let id = desk.key.id;
    desk.admin.ask(RevokeDeskKey { id }).await.unwrap();
    let revoked = people::credentials(&desk.key, token());
    let refused = people::visit(&desk.server, revoked, people::FIRST).await;
    assert_eq!(refused.err(), Some(ErrorCode::NoSuchQueue));
}

/// A visitor who begins as many uploads as they can, and fills what they may.
#[tokio::test]
async fn files_of_one_visitor_do_not_block_another() {
    const FILE_BYTES: usize = 1024;
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    desk.set("visitor-upload-bytes", "1KiB").await;
    // What 16 files take: one visitor may use less of it.
    desk.set("attachment-quota", "80KiB").await;
    let mut mei = desk.agent("mei", 5).await;
    let mut greedy = desk.visitor().await;
    greedy.opens("I am greedy").await.unwrap();
    mei.gets("I am greedy").await;
    let mut neighbour = desk.visitor().await;
    neighbour.opens("I am a neighbour").await.unwrap();
    mei.gets("I am a neighbour").await;
    let is_answered = |state: &VisitorState| matches!(state, VisitorState::Answered { .. });
    for visitor in [&mut greedy, &mut neighbour] {
        visitor
            .until_state("mei has it", |inquiry| is_answered(&inquiry.state))
            .await;
    }
    let file = |n: usize| vec![n as u8; FILE_BYTES];
    let upload = async |raw: &Raw, bytes: &[u8]| {
        let hash = attachments::hash_of(bytes);
        attachments::upload(raw, hash, bytes.len() as u64, bytes).await
    };
    let mut stored = 0;
    let refusal = loop {
        match upload(&greedy.pushed.raw, &file(stored)).await {
            TransferFrame::Stored => stored += 1,
            refusal => break refusal,
        }
    };
    assert_eq!(
        (stored, refusal),
        (10, TransferFrame::Refused(ErrorCode::QuotaReached))
    );
    let bytes = file(200);
    assert_eq!(
        upload(&neighbour.pushed.raw, &bytes).await,
        TransferFrame::Stored
    );

    // Uploads that never end, by another visitor whose quota is not used up.
    let mut slow = desk.visitor().await;
    slow.opens("I am slow").await.unwrap();
    mei.gets("I am slow").await;
    slow.until_state("mei has it", |inquiry| is_answered(&inquiry.state))
        .await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let credentials = people::credentials(&desk.key, slow.token);
        let again = people::visit(&desk.server, credentials, people::FIRST).await;
        sessions.push(again.unwrap().0);
    }
    let mut begun = Vec::new();
    for (at, raw) in sessions.iter().enumerate() {
        for n in 0..2 {
            let hash = attachments::hash_of(&file(100 + 2 * at + n));
            let uploads = attachments::announce(raw, hash, FILE_BYTES as u64);
            let wait = std::time::Duration::from_millis(200);
            begun.push(tokio::time::timeout(wait, uploads).await);
        }
    }
    let running = begun.iter().filter(|begun| begun.is_ok()).count();
    assert_eq!(running, 2, "uploads of one visitor at once");
    let bytes = file(201);
    assert_eq!(
        upload(&neighbour.pushed.raw, &bytes).await,
        TransferFrame::Stored
    );
    // The same file, which the slow one holds: nobody waits for another visitor's upload.
    let bytes = file(100);
    assert_eq!(
        upload(&neighbour.pushed.raw, &bytes).await,
        TransferFrame::Stored
    );
}
