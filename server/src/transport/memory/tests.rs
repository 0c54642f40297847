use std::task::Poll;

use super::*;
use crate::loopback::{CLIENT_WINDOW_BYTES, Loopback, soon};
use crate::transport;

/// Returns whether `future` resolves without anything else happening.
async fn is_ready(future: impl Future) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

async fn open(
    loopback: &Loopback,
) -> (
    (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>),
    (transport::SendStream, transport::RecvStream),
) {
    (
        loopback.open().await,
        soon(loopback.server.accept_bi()).await.unwrap(),
    )
}

#[tokio::test]
async fn full_window_blocks_until_client_reads() {
    let loopback = Loopback::connect().await;
    let ((_outgoing, mut incoming), (mut send, _)) = open(&loopback).await;
    let bytes = Bytes::from(vec![7; CLIENT_WINDOW_BYTES]);
    let mut write = std::pin::pin!(send.write(bytes.clone()));
    assert!(!is_ready(&mut write).await);
    let mut received = Vec::new();
    let read = async {
        while received.len() < bytes.len() {
            received.extend_from_slice(&incoming.recv().await.unwrap());
        }
    };
    let (written, ()) = soon(async { tokio::join!(write, read) }).await;
    written.unwrap();
    assert_eq!(received, bytes);
}

#[tokio::test]
async fn finished_stream_differs_from_reset_one() {
    let loopback = Loopback::connect().await;
    let ((outgoing, mut incoming), (mut send, mut recv)) = open(&loopback).await;
    outgoing.send(Bytes::from_static(b"abc")).await.unwrap();
    outgoing.send(Bytes::new()).await.unwrap();
    drop(outgoing);
    assert_eq!(recv.read_chunk(2).await.unwrap().unwrap(), "ab");
    assert_eq!(recv.read_chunk(2).await.unwrap().unwrap(), "c");
    assert_eq!(recv.read_chunk(2).await, Ok(None));
    assert_eq!(recv.read_chunk(2).await, Ok(None));
    send.finish().unwrap();
    assert!(!is_ready(send.stopped()).await);
    assert_eq!(incoming.recv().await.unwrap(), Bytes::new());
    drop(incoming);
    soon(send.stopped()).await;
    assert_eq!(send.finish(), Err(StreamError::Finished));

    let ((outgoing, mut incoming), (mut send, mut recv)) = open(&loopback).await;
    drop(outgoing);
    assert_eq!(recv.read_chunk(1).await, Err(StreamError::Cancelled));
    send.reset();
    assert_eq!(incoming.recv().await, None);

    let ((_, mut incoming), (send, _)) = open(&loopback).await;
    drop(send);
    assert_eq!(incoming.recv().await.unwrap(), Bytes::new());

    let ((outgoing, incoming), (mut send, recv)) = open(&loopback).await;
    drop((incoming, recv));
    soon(send.stopped()).await;
    let written = send.write(Bytes::from_static(b"abc")).await;
    assert_eq!(written, Err(StreamError::Cancelled));
    assert!(outgoing.is_closed());
}

#[tokio::test]
async fn close_ends_streams_with_its_code() {
    let loopback = Loopback::connect().await;
    let ((outgoing, _incoming), (mut send, mut recv)) = open(&loopback).await;
    outgoing.send(Bytes::from_static(b"last")).await.unwrap();
    loopback.server.close(CloseCode::GoingAway);
    loopback.server.close(CloseCode::Revoked);
    assert_eq!(
        *loopback.closed.borrow(),
        Some(CloseCode::GoingAway.number())
    );
    let lost = || Lost::Closed(CloseCode::GoingAway);
    assert_eq!(soon(loopback.server.closed()).await, lost());
    assert_eq!(loopback.server.accept_bi().await.unwrap_err(), lost());
    assert_eq!(recv.read_chunk(9).await.unwrap().unwrap(), "last");
    assert_eq!(recv.read_chunk(9).await, Err(lost().into()));
    assert_eq!(
        send.write(Bytes::from_static(b"a")).await,
        Err(lost().into())
    );
    soon(send.stopped()).await;
}

#[tokio::test]
async fn connection_closes_with_its_last_handle() {
    let loopback = Loopback::connect().await;
    let (_client, (send, recv)) = open(&loopback).await;
    let Loopback { server, closed, .. } = loopback;
    drop((server, recv));
    assert_eq!(*closed.borrow(), None);
    drop(send);
    assert_eq!(*closed.borrow(), Some(CloseCode::Normal.number()));
}
