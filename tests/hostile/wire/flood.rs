//! Packets that belong to no connection, and connections that nobody goes on with.

use std::net::SocketAddr;

use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::net::UdpSocket;

use crate::hostile::raw::endpoint;
use crate::hostile::{Stage, connect, resident_bytes};

const PACKETS: usize = 20_000;

/// Handshakes that are begun and left alone: more than the server takes from addresses that are not proven.
const HANDSHAKES: usize = 300;

/// What the server may have grown by: less than half of what it was sent.
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
            // As a first packet: long header, version 1, of the least size for one.
            1 | 2 => {
                packet[0] |= 0xc0;
                packet[1..6].copy_from_slice(&[0, 0, 0, 1, 8]);
                if round % 8 == 1 {
                    // With an empty token and a length that covers the packet, so that it is looked into.
                    packet[14..18].copy_from_slice(&[0, 0, 0x44, 0x9e]);
                }
                1200
            }
            // As a packet of a connection that there is not.
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
