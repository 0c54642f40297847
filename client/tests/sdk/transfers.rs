//! Transfers: retries when the server is busy, cancellation, and resumption of a partial file that
//! does not match.

use std::future::poll_fn;
use std::io::Cursor;
use std::pin::pin;

use cairn_client::proto::content::attachment::{AttachmentHash, TransferFrame};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::event::StreamOpening;
use cairn_client::{Error, TransferError, Uploaded};

use crate::fake::{Fake, Peer, eager, soon};

fn opening(bytes: &[u8]) -> StreamOpening {
    StreamOpening::Upload {
        hash: AttachmentHash::new(*blake3::hash(bytes).as_bytes()),
        bytes: bytes.len() as u64,
    }
}

#[tokio::test]
async fn upload_is_retried_when_busy() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut file = Cursor::new(b"a file");
    let server = async {
        for said in [
            TransferFrame::Refused(ErrorCode::TooManyTransfers),
            TransferFrame::Stored,
        ] {
            let mut transfer = peer.transfer().await;
            assert_eq!(transfer.opening().await, opening(b"a file"));
            transfer.say(said).await;
        }
    };
    let (uploaded, ()) =
        soon(async { tokio::join!(client.upload(&mut file, |_| {}), server) }).await;
    assert_eq!(uploaded.unwrap().size_bytes, 6);
}

/// If the client finished the stream, the server would take the partial file for the whole.
#[tokio::test]
async fn cancelled_upload_keeps_its_stream() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    // More than fits into the flow-control window.
    let bytes = vec![7; 8 << 20];
    let mut transfer = {
        let mut file = Cursor::new(&bytes);
        let mut upload = pin!(client.upload(&mut file, |_| {}));
        let server = async {
            let mut transfer = peer.transfer().await;
            assert_eq!(transfer.opening().await, opening(&bytes));
            transfer.say(TransferFrame::From(1)).await;
            transfer.some().await;
            transfer
        };
        let mut server = pin!(server);
        soon(poll_fn(|context| {
            assert!(upload.as_mut().poll(context).is_pending());
            server.as_mut().poll(context)
        }))
        .await
    };
    assert!(transfer.is_broken_off().await);
}

const CONTENT: &[u8] = b"one and two";

/// Answers an upload: requests it from this offset, and replies.
async fn take(peer: &Peer, from: u64, answer: TransferFrame) {
    let mut transfer = peer.transfer().await;
    assert_eq!(transfer.opening().await, opening(CONTENT));
    transfer.say(TransferFrame::From(from)).await;
    assert_eq!(transfer.rest().await, CONTENT[from as usize..]);
    transfer.say(answer).await;
}

/// The result of an upload with exactly these attempts.
async fn uploaded(attempts: &[(u64, TransferFrame)]) -> Result<Uploaded, TransferError> {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut content = Cursor::new(CONTENT);
    let server = async {
        for &(from, answer) in attempts {
            take(&peer, from, answer).await;
        }
    };
    soon(async { tokio::join!(client.upload(&mut content, |_| {}), server) })
        .await
        .0
}

fn is_refused(answer: &Result<Uploaded, TransferError>) -> bool {
    matches!(
        answer,
        Err(TransferError::Client(Error::Refused(ErrorCode::WrongHash)))
    )
}

#[tokio::test]
async fn mismatched_resume_restarts_once() {
    let refused = TransferFrame::Refused(ErrorCode::WrongHash);
    let answer = uploaded(&[(4, refused), (0, TransferFrame::Stored)]).await;
    assert_eq!(answer.unwrap().size_bytes, CONTENT.len() as u64);
    let answer = uploaded(&[(4, refused), (7, TransferFrame::Stored)]).await;
    assert!(answer.is_ok(), "where it begins is for the server to say");
    for attempts in [
        &[(0, refused)][..],
        &[(4, refused), (0, refused)],
        &[(4, refused), (4, refused)],
    ] {
        let answer = uploaded(attempts).await;
        assert!(is_refused(&answer), "{attempts:?}: {answer:?}");
    }
    let answer = uploaded(&[(4, TransferFrame::Refused(ErrorCode::WrongSize))]).await;
    assert!(!is_refused(&answer) && answer.is_err(), "{answer:?}");
}
