//! Exactly-once sends, with any number of other sessions of the device before a retry.

use cairn_client::proto::content::extras::Extras;
use cairn_client::proto::content::packed::Content;
use cairn_client::proto::ids::{ClientSeq, ConversationId, MsgId, SendStreamId};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::PullRange;
use cairn_client::{Account, Client, Error};

use super::{group, text};
use crate::support::{Server, invite, soon};

/// Continues the device's stream in a new session, and sends under this number.
async fn send_on(
    stream: SendStreamId,
    account: &Account,
    to: ConversationId,
    seq: u64,
) -> Result<MsgId, Error> {
    let session = Client::builder().push(false).send_stream(stream);
    let session = session.connect(account).await.unwrap();
    let content = Content::new(text(&format!("number {seq}")), Extras::NONE);
    let sent = session.conversation(to);
    let sent = sent.enqueue_draft(ClientSeq::new(seq), content).await?;
    let answer = soon("the send is answered", sent).await;
    session.close().await;
    answer
}

/// Opens other sessions of the device in turn.
async fn others(account: &Account, to: ConversationId, sessions: usize, sends: bool) {
    for _ in 0..sessions {
        let session = Client::builder()
            .push(false)
            .connect(account)
            .await
            .unwrap();
        if sends {
            session.conversation(to).send(text("other")).await.unwrap();
        } else {
            session.conversations().list().await.unwrap();
        }
        session.close().await;
    }
}

/// How often a text occurs in the conversation.
async fn count(client: &Client, to: ConversationId, words: &str) -> usize {
    let pulled = client
        .conversation(to)
        .pull(PullRange::From(MsgId::new(1)), 500)
        .await
        .unwrap();
    let messages = pulled.messages.iter();
    messages
        .filter(|message| message.body == text(words))
        .count()
}

fn is_too_old(answer: &Result<MsgId, Error>) -> bool {
    matches!(answer, Err(Error::Refused(ErrorCode::RetryTooOld)))
}

#[tokio::test]
async fn retry_on_a_forgotten_stream_is_refused() {
    let server = Server::start();
    let (ada, _) = server.owner().await;
    for (name, sessions) in [("u31", 31), ("u32", 32), ("u100", 100)] {
        let (client, account) = invite(&ada, name).await;
        let team = group(&ada, &account).await;
        let stream = SendStreamId::new(1000);
        let first = send_on(stream, &account, team, 1).await.unwrap();
        others(&account, team, sessions, true).await;
        let retry = send_on(stream, &account, team, 1).await;
        if sessions < 32 {
            assert_eq!(retry.unwrap(), first);
        } else {
            assert!(is_too_old(&retry), "{retry:?}");
            let later = send_on(stream, &account, team, 2).await;
            assert!(is_too_old(&later), "{later:?}");
        }
        assert_eq!(count(&client, team, "number 1").await, 1);
    }
}

#[tokio::test]
async fn sessions_that_send_nothing_forget_nothing() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (_, other) = invite(&ada, "bob").await;
    let team = group(&ada, &other).await;
    let stream = SendStreamId::new(1000);
    let first = send_on(stream, &account, team, 1).await.unwrap();
    others(&account, team, 40, false).await;
    assert!(server.stop().success());
    server.restart();
    others(&account, team, 40, false).await;
    assert_eq!(send_on(stream, &account, team, 1).await.unwrap(), first);
    server.kill();
    server.restart();
    others(&account, team, 31, true).await;
    assert_eq!(send_on(stream, &account, team, 1).await.unwrap(), first);
    others(&account, team, 1, true).await;
    let retry = send_on(stream, &account, team, 1).await;
    assert!(is_too_old(&retry), "{retry:?}");
}

#[tokio::test]
async fn named_stream_lives_as_long_as_the_device() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (_, other) = invite(&ada, "bob").await;
    let team = group(&ada, &other).await;
    let stream = SendStreamId::named(7).unwrap();
    let first = send_on(stream, &account, team, 1).await.unwrap();
    others(&account, team, 40, true).await;
    server.kill();
    server.restart();
    assert_eq!(send_on(stream, &account, team, 1).await.unwrap(), first);
    assert!(send_on(stream, &account, team, 2).await.is_ok());
    assert_eq!(SendStreamId::named(8), None);
}

/// A long-lived client is not cut off by short sessions of its device: it continues on another
/// stream.
#[tokio::test]
async fn idle_client_sends_after_its_stream_was_forgotten() {
    let mut server = Server::start();
    let (ada, account) = server.owner().await;
    let (_, other) = invite(&ada, "bob").await;
    let team = group(&ada, &other).await;
    let stream = ada.send_stream();
    ada.conversation(team).send(text("early")).await.unwrap();
    others(&account, team, 33, true).await;
    let mut enqueued = Vec::new();
    for words in ["late", "later", "latest"] {
        enqueued.push(ada.conversation(team).enqueue(text(words)).await.unwrap());
    }
    let mut sent = Vec::new();
    for accepted in enqueued {
        sent.push(soon("it is accepted", accepted).await.unwrap());
    }
    assert_eq!(sent[2], sent[0].plus(2));
    assert_ne!(ada.send_stream(), stream);
    server.kill();
    server.restart();
    let last = soon("it reconnects", ada.conversation(team).send(text("last"))).await;
    assert_eq!(last.unwrap(), sent[2].next());
    for words in ["early", "late", "later", "latest", "last"] {
        assert_eq!(count(&ada, team, words).await, 1, "{words}");
    }
}
