//! The two ends of connections: windows, ends of streams, and ends of connections.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use bytes::Bytes;
use cairn_memory::{
    ClientConnection, Direction, Limits, Lost, Network, RecvStream, SendStream, ServerConnection,
    StreamError,
};

const WINDOW_BYTES: usize = 16;

const LIMITS: Limits = Limits {
    streams_max: 2,
    to_server_bytes: WINDOW_BYTES,
    to_client_bytes: WINDOW_BYTES,
};

fn address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 7))
}

async fn connect() -> (ClientConnection, ServerConnection) {
    let network = Network::new(LIMITS);
    let mut listener = network.listen();
    let client = network.connect(address()).unwrap();
    (client, listener.accept().await.unwrap())
}

/// Opens a stream, and returns the client's halves and the server's.
async fn open(
    client: &ClientConnection,
    server: &ServerConnection,
) -> ((SendStream, RecvStream), (SendStream, RecvStream)) {
    let opened = client.open_bi().await.unwrap();
    (opened, server.accept_bi().await.unwrap())
}

/// Returns whether `future` resolves without anything else happening.
async fn is_ready(future: impl Future) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn closed_by_peer(code: u32, reason: &'static str) -> Lost {
    Lost::ClosedByPeer {
        code,
        reason: bytes(reason),
    }
}

#[tokio::test]
async fn both_directions_carry_bytes_in_order() {
    let (client, server) = connect().await;
    let ((mut to_server, mut from_server), (mut to_client, mut from_client)) =
        open(&client, &server).await;
    assert_eq!(server.remote_address(), address());
    to_server.write(bytes("abc")).await.unwrap();
    to_server.write(bytes("d")).await.unwrap();
    to_client.write(bytes("xyz")).await.unwrap();
    assert_eq!(from_client.read_chunk(2).await.unwrap().unwrap(), "ab");
    assert_eq!(from_client.read_chunk(2).await.unwrap().unwrap(), "c");
    assert_eq!(from_client.read_chunk(2).await.unwrap().unwrap(), "d");
    assert!(!is_ready(from_client.read_chunk(2)).await);
    assert_eq!(from_server.read_chunk(9).await.unwrap().unwrap(), "xyz");
}

/// The window counts bytes, so that small writes do not fill it early.
#[tokio::test]
async fn full_window_blocks_until_peer_reads() {
    let (client, server) = connect().await;
    let ((_, mut incoming), (mut send, _)) = open(&client, &server).await;
    for _ in 0..WINDOW_BYTES {
        assert!(is_ready(send.write(bytes("a"))).await);
    }
    assert!(!is_ready(send.write(bytes("b"))).await);
    incoming.read_chunk(1).await.unwrap();
    assert!(is_ready(send.write(bytes("b"))).await);

    let more = Bytes::from(vec![b'c'; 10 * WINDOW_BYTES]);
    let write = async {
        send.write(more.clone()).await.unwrap();
        send.finish().unwrap();
    };
    let read = async {
        let mut received = Vec::new();
        while let Some(chunk) = incoming.read_chunk(5).await.unwrap() {
            assert!(chunk.len() <= 5);
            received.extend_from_slice(&chunk);
        }
        received
    };
    let ((), received) = tokio::join!(write, read);
    assert_eq!(received[..WINDOW_BYTES - 1], [b'a'; WINDOW_BYTES - 1]);
    assert_eq!(received[WINDOW_BYTES - 1], b'b');
    assert_eq!(received[WINDOW_BYTES..], more);
}

#[tokio::test]
async fn finished_stream_differs_from_reset_one() {
    let (client, server) = connect().await;
    let ((mut outgoing, _incoming), (mut send, mut recv)) = open(&client, &server).await;
    outgoing.write(bytes("abc")).await.unwrap();
    assert!(!is_ready(outgoing.stopped()).await);
    outgoing.finish().unwrap();
    outgoing.stopped().await;
    assert_eq!(outgoing.finish(), Err(StreamError::Ended));
    assert_eq!(outgoing.write(bytes("d")).await, Err(StreamError::Ended));
    assert_eq!(recv.read_chunk(9).await.unwrap().unwrap(), "abc");
    assert_eq!(recv.read_chunk(9).await, Ok(None));
    assert_eq!(recv.read_chunk(9).await, Ok(None));

    // A reset discards what was not read. Neither end follows the other.
    send.write(bytes("abc")).await.unwrap();
    send.reset();
    let ((outgoing, mut incoming), (mut send, mut recv)) = open(&client, &server).await;
    send.write(bytes("abc")).await.unwrap();
    send.reset();
    assert_eq!(incoming.read_chunk(9).await, Err(StreamError::Cancelled));
    assert!(!is_ready(recv.read_chunk(9)).await);
    drop(outgoing);
    assert_eq!(recv.read_chunk(9).await, Ok(None));
}

#[tokio::test]
async fn stopped_stream_ends_writes() {
    let (client, server) = connect().await;
    let ((_, incoming), (mut send, _)) = open(&client, &server).await;
    assert!(!is_ready(send.stopped()).await);
    let full = Bytes::from(vec![0; WINDOW_BYTES + 1]);
    let (written, ()) = tokio::join!(send.write(full), async { drop(incoming) });
    assert_eq!(written, Err(StreamError::Cancelled));
    send.stopped().await;
}

#[tokio::test]
async fn streams_beyond_the_limit_wait() {
    let (client, server) = connect().await;
    let (_first, (send, recv)) = open(&client, &server).await;
    let _second = open(&client, &server).await;
    let mut third = std::pin::pin!(client.open_bi());
    assert!(!is_ready(&mut third).await);
    drop(send);
    assert!(!is_ready(&mut third).await);
    drop(recv);
    assert!(is_ready(&mut third).await);
}

#[tokio::test]
async fn close_ends_streams_with_its_code() {
    let (client, server) = connect().await;
    let ((mut outgoing, mut incoming), (mut send, mut recv)) = open(&client, &server).await;
    send.write(bytes("last")).await.unwrap();
    assert_eq!(client.close_reason(), None);
    let full = Bytes::from(vec![0; WINDOW_BYTES + 1]);
    let close = async {
        server.close(3, bytes("first"));
        server.close(4, bytes("second"));
        client.close(5, bytes("third"));
    };
    let (written, ()) = tokio::join!(outgoing.write(full), close);
    let lost = || closed_by_peer(3, "first");
    assert_eq!(written, Err(lost().into()));
    assert_eq!(client.close_reason(), Some(lost()));
    assert_eq!(client.closed().await, lost());
    assert_eq!(client.open_bi().await.unwrap_err(), lost());
    assert_eq!(incoming.read_chunk(9).await.unwrap().unwrap(), "last");
    assert_eq!(incoming.read_chunk(9).await, Err(lost().into()));
    assert_eq!(server.closed().await, Lost::ClosedLocally);
    assert_eq!(server.accept_bi().await.unwrap_err(), Lost::ClosedLocally);
    recv.read_chunk(WINDOW_BYTES).await.unwrap();
    let read = recv.read_chunk(1).await;
    assert_eq!(read, Err(Lost::ClosedLocally.into()));
    send.stopped().await;
}

#[tokio::test]
async fn connection_closes_with_its_last_handle() {
    let (client, server) = connect().await;
    let (_streams, (send, recv)) = open(&client, &server).await;
    drop((server.clone(), recv, server));
    assert_eq!(client.close_reason(), None);
    drop(send);
    assert_eq!(client.close_reason(), Some(closed_by_peer(0, "")));
}

#[tokio::test]
async fn network_outlives_its_server() {
    let network = Network::new(LIMITS);
    assert_eq!(network.connect(address()).unwrap_err(), Lost::Refused);
    let mut first = network.listen();
    let client = network.connect(address()).unwrap();
    first.refuse_new();
    assert_eq!(network.connect(address()).unwrap_err(), Lost::Refused);
    assert!(first.accept().await.is_some());
    assert!(first.accept().await.is_none());
    assert_eq!(client.close_reason(), Some(closed_by_peer(0, "")));

    let mut second = network.listen();
    let _client = network.connect(address()).unwrap();
    assert!(second.accept().await.is_some());
}

#[tokio::test]
async fn cut_connection_loses_what_was_not_read() {
    let network = Network::new(LIMITS);
    let mut listener = network.listen();
    let client = network.connect(address()).unwrap();
    let server = listener.accept().await.unwrap();
    let ((mut to_server, _), (_, mut incoming)) = open(&client, &server).await;
    to_server.write(bytes("lost")).await.unwrap();
    let links = network.links();
    assert_eq!(links[0].client(), address());
    links[0].cut();
    assert_eq!(incoming.read_chunk(9).await, Err(Lost::Cut.into()));
    assert_eq!(to_server.write(bytes("x")).await, Err(Lost::Cut.into()));
    assert_eq!(client.closed().await, Lost::Cut);
    assert_eq!(server.closed().await, Lost::Cut);
    assert!(links[0].is_over() && network.links().is_empty());
    assert_ne!(network.draw(), network.draw());
    network.unplug();
    assert_eq!(network.connect(address()).unwrap_err(), Lost::Refused);
    let _listener = network.listen();
    assert!(network.connect(address()).is_ok());
}

#[tokio::test]
async fn held_direction_delays_what_arrives() {
    let network = Network::new(LIMITS);
    let mut listener = network.listen();
    let client = network.connect(address()).unwrap();
    let server = listener.accept().await.unwrap();
    let ((mut to_server, mut from_server), (mut to_client, mut from_client)) =
        open(&client, &server).await;
    let link = network.links().pop().unwrap();
    link.hold(Direction::ToClient);
    to_client.write(bytes("late")).await.unwrap();
    to_server.write(bytes("soon")).await.unwrap();
    assert_eq!(from_client.read_chunk(9).await.unwrap().unwrap(), "soon");
    assert!(!is_ready(from_server.read_chunk(9)).await);
    link.release(Direction::ToClient);
    assert_eq!(from_server.read_chunk(9).await.unwrap().unwrap(), "late");
}

#[tokio::test]
async fn tap_sees_what_is_written_before_it_arrives() {
    let seen = Arc::<Mutex<Vec<(SocketAddr, Direction, Vec<u8>)>>>::default();
    let tap = seen.clone();
    let network = Network::new(LIMITS).tapped(move |client, direction, bytes| {
        let mut seen = tap.lock().unwrap();
        seen.push((client, direction, bytes.to_vec()));
    });
    let mut listener = network.listen();
    let client = network.connect(address()).unwrap();
    let server = listener.accept().await.unwrap();
    let ((mut to_server, _from_server), (mut to_client, _from_client)) =
        open(&client, &server).await;
    let before = seen.lock().unwrap().len();
    to_server.write(bytes("ask")).await.unwrap();
    to_client.write(bytes("tell")).await.unwrap();
    let seen = seen.lock().unwrap();
    let expected = [
        (address(), Direction::ToServer, b"ask".to_vec()),
        (address(), Direction::ToClient, b"tell".to_vec()),
    ];
    assert_eq!(seen[before..], expected);
}
