//! Sends: accepted exactly once, in order, and under the same numbers across disconnects.

use std::time::Duration;

use bytes::Bytes;
use cairn_client::proto::ALPN;
use cairn_client::proto::content::body::Body;
use cairn_client::proto::content::extras::{Extra, Extras};
use cairn_client::proto::content::message::Draft;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, RequestId, SendStreamId};
use cairn_client::proto::limits::SENDS_IN_FLIGHT_MAX;
use cairn_client::proto::text::Text;
use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::{Answer, MessageRequest, Request};
use cairn_client::{Accepted, Client, Error, Reconnect, TryEnqueueError};

use crate::fake::{Fake, Identity, Peer, eager, soon};

const ONE: ConversationId = ConversationId::new(1);
const TWO: ConversationId = ConversationId::new(2);

pub(crate) fn text(text: &str) -> Body {
    Body::Text(Text::new(text).unwrap())
}

fn accepted(msgid: u64) -> Result<Answer, ErrorCode> {
    Ok(Answer::to::<Draft>(&MsgId::new(msgid)))
}

async fn draft(peer: &mut Peer) -> (RequestId, Draft) {
    match peer.request().await {
        (id, Request::Message(MessageRequest::Send(draft))) => (id, draft),
        other => panic!("no send: {other:?}"),
    }
}

/// Reads `count` drafts. Returns the request ids, and the drafts in order of arrival.
async fn drafts(
    peer: &mut Peer,
    count: usize,
) -> (Vec<RequestId>, Vec<(ConversationId, u64, Body)>) {
    let (mut ids, mut all) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (id, draft) = draft(peer).await;
        ids.push(id);
        let (body, _) = draft.content.into_parts();
        all.push((draft.conversation, draft.seq.get(), body));
    }
    (ids, all)
}

async fn enqueue(client: &Client, texts: &[(ConversationId, &str)]) -> Vec<Accepted> {
    let mut promises = Vec::new();
    for &(conversation, words) in texts {
        promises.push(
            soon(client.conversation(conversation).enqueue(text(words)))
                .await
                .unwrap(),
        );
    }
    promises
}

#[tokio::test]
async fn sends_keep_call_order() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let promises = enqueue(&client, &[(ONE, "a"), (TWO, "b"), (ONE, "c")]).await;
    let (ids, sent) = drafts(&mut peer, 3).await;
    assert_eq!(
        sent,
        [
            (ONE, 1, text("a")),
            (TWO, 1, text("b")),
            (ONE, 2, text("c"))
        ]
    );
    assert_eq!(
        promises
            .iter()
            .map(|promise| promise.seq().get())
            .collect::<Vec<_>>(),
        [1, 1, 2]
    );
    for (id, msgid) in ids.into_iter().zip([51, 61, 52]).rev() {
        peer.answer(id, accepted(msgid)).await;
    }
    for (promise, msgid) in promises.into_iter().zip([51, 61, 52]) {
        assert_eq!(soon(promise).await, Ok(MsgId::new(msgid)));
    }
}

#[tokio::test]
async fn retry_keeps_numbers_and_skips_resolved() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut promises = enqueue(&client, &[(ONE, "a"), (TWO, "b"), (ONE, "c"), (TWO, "d")])
        .await
        .into_iter();
    let stream = peer.hello.send_stream;
    let (ids, sent) = drafts(&mut peer, 4).await;
    peer.answer(ids[1], accepted(8)).await;
    let (_, second) = (promises.next().unwrap(), promises.next().unwrap());
    assert_eq!(soon(second).await, Ok(MsgId::new(8)));
    peer.close(CloseCode::GoingAway);
    // Enqueued while disconnected, so it follows all earlier sends.
    let late = soon(client.conversation(ONE).enqueue(text("e")))
        .await
        .unwrap();

    let mut peer = fake.welcomed(Vec::new()).await;
    assert_eq!(peer.hello.send_stream, stream);
    let (ids, again) = drafts(&mut peer, 4).await;
    assert_eq!(
        again,
        [
            sent[0].clone(),
            sent[2].clone(),
            sent[3].clone(),
            (ONE, 3, text("e"))
        ]
    );
    for (id, msgid) in ids.into_iter().zip([1, 2, 9, 3]) {
        peer.answer(id, accepted(msgid)).await;
    }
    assert_eq!(soon(promises.next().unwrap()).await, Ok(MsgId::new(2)));
    assert_eq!(soon(promises.next().unwrap()).await, Ok(MsgId::new(9)));
    assert_eq!(soon(late).await, Ok(MsgId::new(3)));
}

#[tokio::test]
async fn send_is_repeated_when_storage_fails() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut promises = enqueue(&client, &[(ONE, "a"), (ONE, "b"), (TWO, "c")]).await;
    let (ids, sent) = drafts(&mut peer, 3).await;
    peer.answer(ids[0], accepted(1)).await;
    assert_eq!(soon(promises.remove(0)).await, Ok(MsgId::new(1)));
    for &id in &ids[1..] {
        peer.answer(id, Err(ErrorCode::StorageFailed)).await;
    }
    peer.close(CloseCode::Internal);
    // The batch was durable up to "b": the server returns the number that it has.
    let mut peer = fake.welcomed(Vec::new()).await;
    let (ids, again) = drafts(&mut peer, 2).await;
    assert_eq!(again, sent[1..]);
    peer.answer(ids[0], accepted(2)).await;
    peer.answer(ids[1], Err(ErrorCode::NotFound)).await;
    assert_eq!(soon(promises.remove(0)).await, Ok(MsgId::new(2)));
    let refused = Err(Error::Refused(ErrorCode::NotFound));
    assert_eq!(soon(promises.remove(0)).await, refused);
}

#[tokio::test]
async fn send_without_reconnect_reports_that_storage_failed() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager().reconnect(Reconnect::Never)).await;
    let promise = enqueue(&client, &[(ONE, "a")]).await.remove(0);
    let (ids, _) = drafts(&mut peer, 1).await;
    peer.answer(ids[0], Err(ErrorCode::StorageFailed)).await;
    let refused = Err(Error::Refused(ErrorCode::StorageFailed));
    assert_eq!(soon(promise).await, refused);
}

#[tokio::test]
async fn repeated_disconnects_resolve_once() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let promises = enqueue(&client, &[(ONE, "a"), (ONE, "b")]).await;
    for _ in 0..5 {
        let (_, sent) = drafts(&mut peer, 2).await;
        assert_eq!(sent, [(ONE, 1, text("a")), (ONE, 2, text("b"))]);
        peer.close(CloseCode::Internal);
        peer = fake.welcomed(Vec::new()).await;
    }
    let (ids, _) = drafts(&mut peer, 2).await;
    for (id, msgid) in ids.into_iter().zip([1, 2]) {
        peer.answer(id, accepted(msgid)).await;
    }
    for (promise, msgid) in promises.into_iter().zip([1, 2]) {
        assert_eq!(soon(promise).await, Ok(MsgId::new(msgid)));
    }
}

#[tokio::test]
async fn restart_is_transparent() {
    let identity = Identity::new();
    let fake = Fake::start_as(&identity, ([127, 0, 0, 1], 0).into(), ALPN);
    let (client, mut peer) = fake.client(eager()).await;
    let promise = enqueue(&client, &[(ONE, "a")]).await.remove(0);
    drafts(&mut peer, 1).await;
    drop(peer);
    let addr = fake.stop().await;
    let fake = Fake::start_as(&identity, addr, ALPN);
    let mut peer = fake.welcomed(Vec::new()).await;
    let (ids, _) = drafts(&mut peer, 1).await;
    peer.answer(ids[0], accepted(1)).await;
    assert_eq!(soon(promise).await, Ok(MsgId::new(1)));
}

#[test]
fn killed_server_is_detected_by_reset() {
    let identity = Identity::new();
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let (clients, first) = (runtime(), runtime());
    let fake =
        first.block_on(async { Fake::start_as(&identity, ([127, 0, 0, 1], 0).into(), ALPN) });
    let (addr, account) = (fake.local_addr(), fake.account());
    let connecting = clients.spawn(async move { eager().connect(&account).await });
    let peer = first.block_on(fake.welcomed(Vec::new()));
    let client = clients.block_on(connecting).unwrap().unwrap();
    // Without a close: the tasks of the server end at once, and then its socket.
    drop(first);
    drop(peer);
    drop(fake);

    let second = runtime();
    let fake = second.block_on(async { Fake::start_as(&identity, addr, ALPN) });
    let sending = clients.spawn(async move { client.conversation(ONE).send(text("a")).await });
    second.block_on(async {
        let mut peer = fake.welcomed(Vec::new()).await;
        let (ids, _) = drafts(&mut peer, 1).await;
        peer.answer(ids[0], accepted(1)).await;
        assert_eq!(soon(sending).await.unwrap(), Ok(MsgId::new(1)));
    });
}

#[tokio::test]
async fn refusal_affects_one_send() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut promises = enqueue(&client, &[(ONE, "a"), (TWO, "b")]).await;
    let (ids, _) = drafts(&mut peer, 2).await;
    peer.answer(ids[0], Err(ErrorCode::NotFound)).await;
    peer.answer(ids[1], accepted(1)).await;
    assert_eq!(
        soon(promises.remove(0)).await,
        Err(Error::Refused(ErrorCode::NotFound))
    );
    assert_eq!(soon(promises.remove(0)).await, Ok(MsgId::new(1)));
}

#[tokio::test]
async fn unresolved_sends_are_bounded() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut promises = Vec::new();
    for _ in 0..SENDS_IN_FLIGHT_MAX {
        promises.push(client.conversation(ONE).try_enqueue(text("x")).unwrap());
    }
    let full = client
        .conversation(ONE)
        .try_enqueue(text("too many"))
        .unwrap_err();
    assert_eq!(full, TryEnqueueError::Full(text("too many")));
    // Resolved promises hold no permits, even if they are not awaited.
    let (ids, _) = drafts(&mut peer, SENDS_IN_FLIGHT_MAX).await;
    for (msgid, id) in (1..).zip(ids) {
        peer.answer(id, accepted(msgid)).await;
    }
    let mut more = Vec::new();
    for _ in 0..SENDS_IN_FLIGHT_MAX {
        more.push(
            soon(client.conversation(ONE).enqueue(text("y")))
                .await
                .unwrap(),
        );
    }
    for (msgid, promise) in (1..).zip(promises) {
        assert_eq!(soon(promise).await, Ok(MsgId::new(msgid)));
    }
    assert_eq!(
        more.last().unwrap().seq(),
        ClientSeq::new(2 * SENDS_IN_FLIGHT_MAX as u64)
    );
}

#[tokio::test]
async fn final_close_ends_all_waits() {
    let cases = [
        (CloseCode::Revoked, Error::Ended(CloseCode::Revoked)),
        (CloseCode::AuthFailed, Error::Ended(CloseCode::AuthFailed)),
        (CloseCode::Version, Error::VersionMismatch { server: None }),
    ];
    for (code, error) in cases {
        let fake = Fake::start();
        let (client, mut peer) = fake.client(eager()).await;
        let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
        let promise = enqueue(&client, &[(ONE, "a")]).await.remove(0);
        drafts(&mut peer, 1).await;
        let (next, ()) = tokio::join!(timeline.next(), async { peer.close(code) });
        assert_eq!(next, Some(Err(error.clone())));
        assert_eq!(soon(promise).await, Err(error.clone()));
        assert_eq!(soon(timeline.next()).await, None);
        assert_eq!(
            client.conversation(ONE).send(text("b")).await,
            Err(error.clone())
        );
        assert_eq!(client.me().devices().await, Err(error.clone()));
        assert!(!client.is_online());
    }
}

#[tokio::test]
async fn disabled_reconnect_ends_on_disconnect() {
    let fake = Fake::start();
    let (client, mut peer) = fake
        .client(Client::builder().reconnect(Reconnect::Never))
        .await;
    let promise = enqueue(&client, &[(ONE, "a")]).await.remove(0);
    drafts(&mut peer, 1).await;
    peer.close(CloseCode::GoingAway);
    assert_eq!(
        soon(promise).await,
        Err(Error::Lost {
            addr: fake.addr(),
            source: "the server is stopping".into()
        })
    );
}

#[tokio::test]
async fn close_resolves_pending_sends() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let promise = enqueue(&client, &[(ONE, "a")]).await.remove(0);
    drafts(&mut peer, 1).await;
    soon(client.close()).await;
    assert_eq!(soon(promise).await, Err(Error::Closed));
    assert_eq!(peer.closed().await, CloseCode::Normal);
}

#[tokio::test]
async fn close_does_not_wait_when_offline() {
    let fake = Fake::start();
    let backoff = cairn_client::Backoff {
        base: Duration::from_secs(3600),
        cap: Duration::from_secs(3600),
    };
    let (client, peer) = fake
        .client(Client::builder().reconnect(Reconnect::Forever(backoff)))
        .await;
    let mut events = client.events();
    peer.close(CloseCode::GoingAway);
    soon(events.next()).await;
    client.conversation(ONE).ack(MsgId::new(3));
    soon(client.close()).await;
}

#[tokio::test]
async fn oversized_send_takes_no_number() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let huge = Extras::new(vec![Extra::Unknown(Bytes::from(vec![0; 300_000]))]).unwrap();
    for _ in 0..=SENDS_IN_FLIGHT_MAX {
        let refused = soon(
            client
                .conversation(ONE)
                .enqueue_with(text("a"), huge.clone()),
        )
        .await;
        assert!(matches!(refused, Err(Error::TooLarge { .. })));
    }
    let _promise = enqueue(&client, &[(ONE, "a")]).await;
    assert_eq!(drafts(&mut peer, 1).await.1, [(ONE, 1, text("a"))]);
}

#[tokio::test]
async fn outbox_keeps_its_numbers() {
    let fake = Fake::start();
    let send_stream = Some(SendStreamId::new(77));
    let (client, mut peer) = fake.client(eager().send_stream(send_stream)).await;
    assert_eq!(Some(peer.hello.send_stream), send_stream);
    let enqueue_draft = |seq, words| {
        let content = Content::new(text(words), Extras::NONE);
        soon(
            client
                .conversation(ONE)
                .enqueue_draft(ClientSeq::new(seq), content),
        )
    };
    let _old = enqueue_draft(7, "old").await.unwrap();
    let refused = enqueue_draft(7, "again").await.unwrap_err();
    assert_eq!(
        refused,
        Error::SeqUsed {
            seq: ClientSeq::new(7),
            next: ClientSeq::new(8)
        }
    );
    assert!(matches!(
        enqueue_draft(0, "none").await,
        Err(Error::SeqUsed { .. })
    ));
    let _new = enqueue(&client, &[(ONE, "new")]).await;
    assert_eq!(
        drafts(&mut peer, 2).await.1,
        [(ONE, 7, text("old")), (ONE, 8, text("new"))]
    );
}

#[tokio::test]
async fn forwards_of_an_outbox_take_part_in_its_numbers() {
    let fake = Fake::start();
    let (client, mut peer) = fake
        .client(eager().send_stream(SendStreamId::named(0)))
        .await;
    let conversation = client.conversation(ONE);
    let forward = conversation.enqueue_forward(ClientSeq::new(7), TWO, MsgId::new(3));
    let accepted = soon(forward).await.unwrap();
    let again = conversation.enqueue_forward(ClientSeq::new(7), TWO, MsgId::new(4));
    assert!(matches!(soon(again).await, Err(Error::SeqUsed { .. })));
    let (id, request) = peer.request().await;
    let Request::Message(MessageRequest::Forward(forward)) = request else {
        panic!("no forward: {request:?}");
    };
    assert_eq!(
        (forward.to, forward.seq, forward.from, forward.msgid),
        (ONE, ClientSeq::new(7), TWO, MsgId::new(3))
    );
    peer.answer(id, Ok(Answer::to::<Draft>(&MsgId::new(9))))
        .await;
    assert_eq!(soon(accepted).await, Ok(MsgId::new(9)));
}

#[tokio::test]
async fn unsolicited_reply_is_a_protocol_error() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    peer.answer(RequestId::new(5), accepted(1)).await;
    assert_eq!(peer.closed().await, CloseCode::Protocol);
    assert!(matches!(
        client.conversation(ONE).send(text("a")).await,
        Err(Error::Protocol(_))
    ));
}

#[tokio::test]
async fn garbage_is_a_protocol_error() {
    for bytes in [&[3, 0, 0, 0, 250, 250, 250][..], &[255, 255, 255, 255]] {
        let fake = Fake::start();
        let (client, mut peer) = fake.client(eager()).await;
        peer.write_bytes(bytes).await;
        assert_eq!(peer.closed().await, CloseCode::Protocol);
        assert!(matches!(
            client.me().devices().await,
            Err(Error::Protocol(_))
        ));
    }
}
