//! Clients that pause their pushes.

use cairn_client::Client;
use cairn_client::proto::ids::MsgId;
use cairn_client::proto::wire::event::TimelineFrame;

use crate::fake::{Fake, Peer, eager, soon};
use crate::follow::{Log, ONE, reads};

/// Messages, each with a text of [`TEXT_BYTES`]: together more than the client's window and the
/// server's buffers.
const PUSHES: u64 = 2_000;

const TEXT_BYTES: usize = 16_000;

async fn push(peer: &mut Peer, messages: u64) {
    let log = Log {
        head: messages,
        floor: 0,
        text_bytes: TEXT_BYTES,
    };
    for msgid in 1..=messages {
        peer.push(TimelineFrame::Run(log.run(msgid, 1))).await;
    }
}

#[tokio::test]
async fn paused_client_receives_no_pushes() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let (_other, mut others_peer) = fake.client(Client::builder()).await;
    let (first, second) = (client.pause_push(), client.pause_push());
    let mut held = std::pin::pin!(push(&mut peer, PUSHES));
    // A client that reads gets twice as many pushes in the same time.
    tokio::select! {
        () = &mut held => panic!("the client has read what was pushed"),
        () = async {
            push(&mut others_peer, PUSHES).await;
            push(&mut others_peer, PUSHES).await;
        } => {}
    }
    drop(first);
    tokio::select! {
        biased;
        () = &mut held => panic!("one pause_push was dropped, and the other one was forgotten"),
        () = push(&mut others_peer, PUSHES) => {}
    }
    drop(second);
    soon(held).await;
}

#[tokio::test]
async fn timeline_resumes_after_pause() {
    let fake = Fake::start();
    let (client, mut peer) = fake.client(eager()).await;
    let mut timeline = client.conversation(ONE).follow(MsgId::new(1));
    let log = Log {
        head: 3,
        floor: 0,
        text_bytes: 0,
    };
    let pause_push = client.pause_push();
    // Replies are read although pushes are not.
    tokio::join!(reads(&mut timeline, 1..=3), log.answer_pull(&mut peer));
    peer.push(TimelineFrame::Run(log.run(4, 5))).await;
    drop(pause_push);
    reads(&mut timeline, 4..=8).await;
}
