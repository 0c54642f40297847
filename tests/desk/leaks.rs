//! Nothing internal reaches a visitor: all bytes that a visitor's session receives are searched
//! for what agents say among themselves, and for what is of others.

use std::time::Duration;

use cairn_client::proto::ids::MsgId;
use cairn_client::proto::limits::DATAGRAM_BYTES_MAX;
use cairn_client::proto::model::desk::{AgentConfig, AnswerMode, Duty, VisitorState};
use cairn_client::proto::wire::codec;
use cairn_client::proto::wire::request::desk::{
    AcceptInquiry, CloseInquiry, MyInquiry, OpenBack, RefuseInquiry, SetAgent, SetDuty, TagInquiry,
    TransferInquiry, TransferTarget,
};
use cairn_client::proto::wire::request::message::React;
use cairn_client::proto::wire::request::session::{Focus, Pull, PullRange};
use cairn_client::proto::wire::typing::{ClientDatagram, ServerDatagram};
use tokio::time::timeout;

use crate::desk::Desk;
use crate::desk::people::Agent;

const NOTE: &str = "note-0b1c: wants a refund, do not give in";
const TRANSFER_NOTE: &str = "note-77aa: you know them from last time";
const TAG: &str = "tag-f00d-difficult";
const OTHER_VISITOR: &str = "visitor-5e1f has a secret order";

#[tokio::test]
async fn notes_and_data_of_others_never_reach_a_visitor() {
    let mut desk = Desk::open(|config| config.answer = AnswerMode::Offer { seconds: 60 }).await;
    desk.open_the_doors().await;
    // One after the other, so that it is known who gets it first.
    let mut quiet = desk.agent("bob-9d2e", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    quiet.offer().await;
    let mut mei = desk.agent("mei", 5).await;
    quiet.ask(RefuseInquiry { conversation }).await.unwrap();
    mei.offer().await;
    mei.ask(AcceptInquiry { conversation }).await.unwrap();
    mei.gets("hello").await;

    let back = mei.ask(OpenBack { conversation }).await.unwrap();
    mei.says(back, 1, NOTE).await.unwrap();
    let tag = TagInquiry {
        conversation,
        add: vec![TAG.parse().unwrap()],
        remove: Vec::new(),
    };
    mei.ask(tag).await.unwrap();
    let mut other = desk.visitor().await;
    quiet.ask(SetDuty { duty: Duty::Off }).await.unwrap();
    let theirs = other.opens(OTHER_VISITOR).await.unwrap().conversation;
    mei.offer().await;
    mei.ask(AcceptInquiry {
        conversation: theirs,
    })
    .await
    .unwrap();
    mei.gets(OTHER_VISITOR).await;
    mei.says(conversation, 1, "how can I help?").await.unwrap();

    // A supervisor looks on, and reacts to nothing that the visitor would see.
    let mut watcher = overseer(&mut desk).await;
    let pull = Pull {
        conversation,
        range: PullRange::From(MsgId::new(1)),
        limit: 100,
    };
    watcher.ask(pull).await.unwrap();
    let focus = Focus {
        conversation: Some(conversation),
    };
    visitor.ask(focus).await.unwrap();
    assert!(
        watcher.ask(focus).await.is_err(),
        "they would be seen typing"
    );

    let transfer = TransferInquiry {
        conversation,
        to: TransferTarget::Agent(quiet.user()),
        note: TRANSFER_NOTE.parse().unwrap(),
    };
    quiet.ask(SetDuty { duty: Duty::On }).await.unwrap();
    mei.ask(transfer).await.unwrap();
    quiet.gets("how can I help?").await;
    let close = CloseInquiry {
        conversation,
        tags: vec![TAG.parse().unwrap()],
    };
    quiet.ask(close).await.unwrap();
    let is_closed = |state: &VisitorState| matches!(state, VisitorState::Closed { .. });
    visitor
        .until_state("it is closed", |inquiry| is_closed(&inquiry.state))
        .await;
    visitor.pushed.message("how can I help?").await;
    visitor.ask(pull).await.unwrap();
    visitor.ask(MyInquiry).await.unwrap();
    let visitor = visitor.reload(&desk.server, &desk.key).await;
    let mut visitor = visitor;
    visitor.ask(pull).await.unwrap();
    visitor.pushed.listen(Duration::from_secs(1)).await;

    // The control: agents see all of it in the same form.
    let pull_back = Pull {
        conversation: back,
        ..pull
    };
    mei.ask(pull_back).await.ok();
    quiet.ask(pull_back).await.unwrap();
    quiet.pushed.listen(Duration::from_millis(200)).await;
    mei.pushed.listen(Duration::from_millis(200)).await;
    for word in [NOTE, TRANSFER_NOTE] {
        let seen = [&mei, &quiet].map(|agent| agent.pushed.has_received(word));
        assert!(seen.contains(&true), "no agent saw {word:?}");
    }
    for word in [TAG, OTHER_VISITOR] {
        assert!(mei.pushed.has_received(word), "mei did not see {word:?}");
    }
    assert!(visitor.pushed.has_received("how can I help?"));
    assert!(visitor.pushed.has_received("mei of the shop"));
    for word in [
        NOTE,
        TRANSFER_NOTE,
        TAG,
        OTHER_VISITOR,
        "supervisor-31c4",
        "owner",
    ] {
        assert!(
            !visitor.pushed.has_received(word),
            "the visitor saw {word:?}"
        );
    }
}

/// A supervisor of the queue, who is connected and serves none.
async fn overseer(desk: &mut Desk) -> Agent {
    let watcher = desk.agent_account("supervisor-31c4", 5).await;
    let config = AgentConfig {
        supervises: vec![desk.queue],
        queues: Vec::new(),
        ..desk.config("supervisor-31c4", 5)
    };
    let set = SetAgent {
        user: watcher.user,
        config,
    };
    desk.admin.ask(set).await.unwrap();
    Agent::connect(&desk.server, &watcher).await
}

/// The visitor and the holder see each other typing; no one else is seen.
#[tokio::test]
async fn typing_is_seen_by_the_holder_and_the_visitor() {
    let mut desk = Desk::open(|_| {}).await;
    let mut mei = desk.agent("mei", 5).await;
    let mut visitor = desk.visitor().await;
    let conversation = visitor.opens("hello").await.unwrap().conversation;
    mei.gets("hello").await;
    let focus = Focus {
        conversation: Some(conversation),
    };
    mei.ask(focus).await.unwrap();
    visitor.ask(focus).await.unwrap();
    let typing = codec::encode(&ClientDatagram::Typing { conversation });
    let connections = [&mei.pushed.raw.connection, &visitor.pushed.raw.connection];
    let users = [mei.user(), cairn_client::proto::ids::UserId::VISITOR];
    for (from, to, user) in [(0, 1, users[0]), (1, 0, users[1])] {
        let types = async {
            let mut clock = tokio::time::interval(Duration::from_millis(100));
            loop {
                clock.tick().await;
                let sent = connections[from].send_datagram(typing.clone().into());
                sent.unwrap();
            }
        };
        let seen = tokio::select! {
            () = types => unreachable!(),
            seen = timeout(crate::hostile::raw::PATIENCE, connections[to].read_datagram()) => seen,
        };
        let seen: ServerDatagram =
            codec::decode(&seen.unwrap().unwrap(), DATAGRAM_BYTES_MAX).unwrap();
        assert_eq!(seen, ServerDatagram::Typing { conversation, user });
    }
    // Reactions of agents are no part of what visitors see or do.
    let react = React {
        conversation,
        msgid: MsgId::new(2),
        emoji: "heart".parse().unwrap(),
    };
    assert!(visitor.ask(react).await.is_err());
}
