//! Uploads that go on behind what arrived earlier: they end well also when that is not what it was.

use std::io::Cursor;

use cairn_client::proto::attachment::{AttachmentHash, TransferFrame};
use cairn_client::proto::error::ErrorCode;
use cairn_client::proto::event::StreamOpening;
use cairn_client::{Error, TransferError, Uploaded};

use crate::fake::{Fake, Peer, eager, soon};

const CONTENT: &[u8] = b"one and two";

/// Has the client send from an offset, and answers it.
async fn take(peer: &Peer, from: u64, answer: TransferFrame) {
    let mut transfer = peer.transfer().await;
    let hash = AttachmentHash::new(*blake3::hash(CONTENT).as_bytes());
    assert_eq!(transfer.opening, StreamOpening::Upload { hash, bytes: CONTENT.len() as u64 });
    transfer.say(TransferFrame::From(from)).await;
    assert_eq!(transfer.rest().await, CONTENT[from as usize..]);
    transfer.say(answer).await;
}

/// What an upload comes to over these attempts. There must be no others.
async fn uploaded(attempts: &[(u64, TransferFrame)]) -> Result<Uploaded, TransferError> {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut content = Cursor::new(CONTENT);
    let server = async {
        for &(from, answer) in attempts {
            take(&peer, from, answer).await;
        }
    };
    soon(async { tokio::join!(client.upload(&mut content, |_| {}), server) }).await.0
}

fn is_refused(answer: &Result<Uploaded, TransferError>) -> bool {
    matches!(answer, Err(TransferError::Client(Error::Refused(ErrorCode::WrongHash))))
}

#[tokio::test]
async fn an_upload_that_went_on_behind_something_else_begins_again_once() {
    let refused = TransferFrame::Refused(ErrorCode::WrongHash);
    let answer = uploaded(&[(4, refused), (0, TransferFrame::Stored)]).await;
    assert_eq!(answer.unwrap().size_bytes, CONTENT.len() as u64);
    let answer = uploaded(&[(4, refused), (7, TransferFrame::Stored)]).await;
    assert!(answer.is_ok(), "where it begins is for the server to say");
    for attempts in [&[(0, refused)][..], &[(4, refused), (0, refused)], &[(4, refused), (4, refused)]] {
        let answer = uploaded(attempts).await;
        assert!(is_refused(&answer), "{attempts:?}: {answer:?}");
    }
    let answer = uploaded(&[(4, TransferFrame::Refused(ErrorCode::WrongSize))]).await;
    assert!(!is_refused(&answer) && answer.is_err(), "{answer:?}");
}
