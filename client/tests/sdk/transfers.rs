//! Transfers: what a client does when the server has no room for one, and when it is given up.

use std::future::poll_fn;
use std::io::Cursor;
use std::pin::pin;

use cairn_client::proto::attachment::{AttachmentHash, TransferFrame};
use cairn_client::proto::error::ErrorCode;
use cairn_client::proto::event::StreamOpening;

use crate::fake::{Fake, eager, soon};

fn opening(bytes: &[u8]) -> StreamOpening {
    StreamOpening::Upload { hash: AttachmentHash::new(*blake3::hash(bytes).as_bytes()), bytes: bytes.len() as u64 }
}

#[tokio::test]
async fn an_upload_for_which_there_is_no_room_yet_is_tried_again() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    let mut file = Cursor::new(b"a file");
    let server = async {
        for said in [TransferFrame::Refused(ErrorCode::TooManyTransfers), TransferFrame::Stored] {
            let mut transfer = peer.transfer().await;
            assert_eq!(transfer.opening().await, opening(b"a file"));
            transfer.say(said).await;
        }
    };
    let (uploaded, ()) = soon(async { tokio::join!(client.upload(&mut file, |_| {}), server) }).await;
    assert_eq!(uploaded.unwrap().size_bytes, 6);
}

/// Otherwise the server would take what has arrived for all there is.
#[tokio::test]
async fn an_upload_that_is_given_up_does_not_end_its_stream() {
    let fake = Fake::start();
    let (client, peer) = fake.client(eager()).await;
    // More than may be under way.
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
