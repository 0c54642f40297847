//! Packets without a connection, and unfinished handshakes.

use std::net::SocketAddr;

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::net::UdpSocket;

use crate::hostile::raw::endpoint;
use crate::hostile::{Stage, connect, resident_bytes};

const PACKETS: usize = 20_000;

/// Handshakes that are started and abandoned: more than the server accepts from unvalidated
/// addresses.
const HANDSHAKES: usize = 300;

/// The allowed growth in memory: less than half of the bytes sent.
const GROWTH_BYTES_MAX: u64 = 10 * 1024 * 1024;

#[tokio::test]
async fn garbage_is_dropped() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let before = resident_bytes(stage.server.data());
    let server = stage.server.addr;
    stage.meanwhile(garbage(server)).await;
    let grown = resident_bytes(stage.server.data()).saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server grew by {grown} bytes");
    connect(&account).await;
}

async fn garbage(server: SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let mut packet = [0; 1400];
    for round in 0..PACKETS {
        random.fill_bytes(&mut packet);
        let bytes = match round % 4 {
            0 => random.random_range(0..packet.len()),
            // An Initial packet: long header, version 1, minimum size.
            1 | 2 => {
                packet[0] |= 0xc0;
                packet[1..6].copy_from_slice(&[0, 0, 0, 1, 8]);
                if round % 8 == 1 {
                    // An empty token and a length that covers the packet, so that the server tries
                    // to decrypt it.
                    packet[14..18].copy_from_slice(&[0, 0, 0x44, 0x9e]);
                }
                1200
            }
            // A packet of an unknown connection.
            _ => {
                packet[0] = 0x40 | (packet[0] & 0x3f);
                1200
            }
        };
        socket.send_to(&packet[..bytes], server).await.unwrap();
        if round % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn unfinished_handshakes_do_not_block() {
    let mut stage = Stage::set().await;
    let account = stage.account("eve").await;
    let server = stage.server.addr;
    stage
        .meanwhile(async {
            let endpoint = endpoint(&[cairn_client::proto::ALPN]);
            let begun: Vec<_> = (0..HANDSHAKES)
                .map(|_| endpoint.connect(server, "cairn").unwrap())
                .collect();
            connect(&account).await;
            drop(begun);
            connect(&account).await;
        })
        .await;
}
