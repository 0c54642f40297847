//! Invalid first packets: each ends its own connection with the code of QUIC for it, at no cost to
//! others.

use cairn_client::proto::ALPN;
use quinn::TransportErrorCode;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::initial::{Answer, Stranger, crypto, parameter};
use crate::hostile::raw::{PATIENCE, endpoint};
use crate::hostile::{Stage, connect};
use crate::support::resident_bytes;

/// Connections that send fragments.
const STRANGERS: usize = 100;

/// Packets of each.
const PACKETS: usize = 8;

/// Fragments of one byte in a packet, each with a byte missing before it.
const FRAGMENTS: usize = 100;

/// The allowed growth in memory, for 80,000 fragments.
const GROWTH_BYTES_MAX: u64 = 24 * 1024 * 1024;

/// Handshakes of clients that hear nothing: more than a server begins for unproven addresses.
const HANDSHAKES: usize = 200;

/// What a server may send to an unproven address for each byte that it got (RFC 9000, section 8).
const AMPLIFICATION_MAX: usize = 3;

fn closed(code: TransportErrorCode) -> Answer {
    Answer::Closed(code.into())
}

#[tokio::test]
async fn malformed_transport_parameters_end_one_connection() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let truncated = |id| {
        let mut bytes = parameter(id, &[0; 8]);
        bytes.truncate(bytes.len() - 6);
        bytes
    };
    let malformed = [
        ("a value that is cut", truncated(0x04)),
        ("an id without a length", vec![0x80, 0, 0, 0x04]),
        ("an integer longer than its value", parameter(0x04, &[0xc0])),
        ("an empty integer", parameter(0x03, &[])),
        ("packets that are too small", parameter(0x03, &[0x40, 100])),
        ("an exponent that is too large", parameter(0x0a, &[21])),
        (
            "an id of a connection that is too long",
            parameter(0x0f, &[1; 21]),
        ),
        ("a token of a server", parameter(0x02, &[1; 16])),
        (
            "the same parameter twice",
            [parameter(0x04, &[1]), parameter(0x04, &[1])].concat(),
        ),
    ];
    stage
        .meanwhile(async {
            let mut honest = Stranger::of(server).await;
            let hello = honest.hello(honest.required_parameter());
            honest.send(&hello).await;
            assert_eq!(honest.answer().await, Answer::Hello, "the control");
            for (what, bytes) in malformed {
                let mut stranger = Stranger::of(server).await;
                let all = [stranger.required_parameter(), bytes].concat();
                let hello = stranger.hello(all);
                stranger.send(&hello).await;
                let expected = closed(TransportErrorCode::TRANSPORT_PARAMETER_ERROR);
                assert_eq!(stranger.answer().await, expected, "{what}");
            }
            connect(&account).await;
        })
        .await;
}

#[tokio::test]
async fn invalid_frames_end_one_connection() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let mut longer_than_the_packet = crypto(0, &[1; 64]);
    longer_than_the_packet[5..9].copy_from_slice(&0x8000_ffff_u32.to_be_bytes());
    let encoding = TransportErrorCode::FRAME_ENCODING_ERROR;
    let invalid = [
        ("an unknown frame", vec![0x21], encoding),
        ("an unknown frame of two bytes", vec![0x7f, 0xff], encoding),
        (
            "an ack of what was never sent",
            vec![0x02, 0x09, 0, 0, 0],
            TransportErrorCode::PROTOCOL_VIOLATION,
        ),
        ("longer than the packet", longer_than_the_packet, encoding),
        (
            "a stream before the handshake",
            vec![0x08, 0, 1],
            TransportErrorCode::PROTOCOL_VIOLATION,
        ),
    ];
    stage
        .meanwhile(async {
            for (what, frames, code) in invalid {
                let mut stranger = Stranger::of(server).await;
                stranger.send(&frames).await;
                assert_eq!(stranger.answer().await, closed(code), "{what}");
            }
            connect(&account).await;
        })
        .await;
}

/// Data with gaps is buffered, so its amount is bounded: by offset, and by fragment.
#[tokio::test]
async fn gapped_fragments_take_little_memory() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    let before = resident_bytes(stage.server.data());
    stage
        .meanwhile(async {
            let mut far = Stranger::of(server).await;
            far.send(&crypto(1 << 20, &[1])).await;
            let expected = closed(TransportErrorCode::CRYPTO_BUFFER_EXCEEDED);
            assert_eq!(far.answer().await, expected);
            for _ in 0..STRANGERS {
                let mut stranger = Stranger::of(server).await;
                for packet in 0..PACKETS {
                    let offset = |at| 2 * (packet * FRAGMENTS + at) + 1;
                    let fragments = (0..FRAGMENTS).map(|at| crypto(offset(at), &[1]));
                    stranger
                        .send(&fragments.flatten().collect::<Vec<u8>>())
                        .await;
                }
            }
            connect(&account).await;
        })
        .await;
    let grown = resident_bytes(stage.server.data()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
}

/// A client with a forged address hears no answer. What the server sends there is little, and once
/// many handshakes are under way, a packet that asks to prove the address.
#[tokio::test]
async fn forged_addresses_get_little() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let [front, back] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0"));
            let (front, back) = (front.await.unwrap(), back.await.unwrap());
            back.connect(server).await.unwrap();
            let endpoint = endpoint(&[ALPN]);
            let address = front.local_addr().unwrap();
            let begun: Vec<_> = (0..HANDSHAKES)
                .map(|_| endpoint.connect(address, "cairn").unwrap())
                .collect();
            let (mut sent, mut received, mut retries) = (0, 0, 0);
            let [mut request, mut answer] = [(); 2].map(|()| vec![0; 2048]);
            let mut packets = 0;
            // Answers do not reach the clients, which repeat their packets.
            while packets < 2 * HANDSHAKES || retries == 0 {
                let relayed = async {
                    tokio::select! {
                        biased;
                        bytes = back.recv(&mut answer) => {
                            let bytes = bytes.unwrap();
                            received += bytes;
                            // The type of a packet with a long header.
                            retries += usize::from(answer[0] & 0xf0 == 0xf0);
                        }
                        bytes = front.recv(&mut request) => {
                            let bytes = bytes.unwrap();
                            back.send(&request[..bytes]).await.unwrap();
                            (sent, packets) = (sent + bytes, packets + 1);
                        }
                    }
                };
                timeout(PATIENCE, relayed)
                    .await
                    .expect("the clients gave up");
                assert!(
                    received <= AMPLIFICATION_MAX * sent,
                    "{received} for {sent}"
                );
            }
            assert!(received > 0);
            connect(&account).await;
            drop(begun);
        })
        .await;
}
