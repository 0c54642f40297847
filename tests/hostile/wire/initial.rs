//! The first packet of a QUIC connection, written by hand (RFC 9000, RFC 9001): with any frames,
//! and a client hello with any transport parameters.

use std::net::SocketAddr;
use std::sync::Arc;

use cairn_client::proto::ALPN;
use rustls::Side;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::ServerName;
use rustls::quic::{self, Keys, Version};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::hostile::raw::{PATIENCE, any_server};

const ID_BYTES: usize = 8;
const NUMBER_BYTES: usize = 4;
const TAG_BYTES: usize = 16;

/// What a server takes as a first packet, at least.
const DATAGRAM_BYTES_MIN: usize = 1200;

const CRYPTO: u8 = 0x06;
const ACK: u8 = 0x02;
const CONNECTION_CLOSE: u8 = 0x1c;

/// A client whose connection never gets beyond its first packets.
pub(super) struct Stranger {
    socket: UdpSocket,
    keys: Keys,
    /// The connection id that the client gives to the server, and its own.
    ids: [[u8; ID_BYTES]; 2],
    packets: u32,
}

/// How a server answers the first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It continues the handshake.
    Hello,
    /// It closes the connection with this code.
    Closed(u64),
}

impl Stranger {
    pub(super) async fn of(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server).await.unwrap();
        let ids: [[u8; ID_BYTES]; 2] = [rand::random(), rand::random()];
        let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
        let suite = suite.quic_suite().unwrap();
        Self {
            socket,
            keys: suite.keys(&ids[0], Side::Client, Version::V1),
            ids,
            packets: 0,
        }
    }

    /// The parameter that a server requires: the connection id of the client.
    pub(super) fn required_parameter(&self) -> Vec<u8> {
        parameter(0x0f, &self.ids[1])
    }

    /// A CRYPTO frame with a client hello that has these transport parameters.
    pub(super) fn hello(&self, parameters: Vec<u8>) -> Vec<u8> {
        let config = Arc::new(any_server(&[ALPN]));
        let name = ServerName::try_from("cairn").unwrap();
        let mut tls = quic::ClientConnection::new(config, Version::V1, name, parameters).unwrap();
        let mut hello = Vec::new();
        assert!(tls.write_hs(&mut hello).is_none());
        crypto(0, &hello)
    }

    /// Sends a packet with these frames.
    pub(super) async fn send(&mut self, frames: &[u8]) {
        let packet = self.packet(frames);
        // A full buffer of the socket may refuse it, as a network may lose it.
        let _ = self.socket.send(&packet).await;
    }

    fn packet(&mut self, frames: &[u8]) -> Vec<u8> {
        let number = self.packets;
        self.packets += 1;
        let mut packet = vec![0xc0 | (NUMBER_BYTES as u8 - 1), 0, 0, 0, 1];
        for id in &self.ids {
            packet.push(ID_BYTES as u8);
            packet.extend(id);
        }
        // No token, and the length of all that follows, in two bytes.
        packet.push(0);
        let before_number = packet.len() + 2;
        let padded = DATAGRAM_BYTES_MIN - before_number - NUMBER_BYTES - TAG_BYTES;
        let mut payload = frames.to_vec();
        payload.resize(padded.max(frames.len()), 0);
        let bytes = NUMBER_BYTES + payload.len() + TAG_BYTES;
        packet.extend((0x4000 | bytes as u16).to_be_bytes());
        packet.extend(number.to_be_bytes());
        let key = &self.keys.local;
        let sealed = key
            .packet
            .encrypt_in_place(number.into(), &packet, &mut payload);
        let tag = sealed.unwrap();
        packet.extend(payload);
        packet.extend(tag.as_ref());
        let (head, rest) = packet.split_at_mut(before_number);
        let (number, protected) = rest.split_at_mut(NUMBER_BYTES);
        let sample = &protected[..key.header.sample_len()];
        key.header
            .encrypt_in_place(sample, &mut head[0], number)
            .unwrap();
        packet
    }

    /// Waits for the answer to the first packet.
    pub(super) async fn answer(&self) -> Answer {
        let mut buffer = vec![0; 2048];
        let received = timeout(PATIENCE, self.socket.recv(&mut buffer)).await;
        let bytes = received.expect("no answer").unwrap();
        let frames = self.open(&mut buffer[..bytes]);
        closed_with(&frames).map_or(Answer::Hello, Answer::Closed)
    }

    /// Decrypts the first packet of a datagram, which must be an Initial packet.
    fn open(&self, datagram: &mut [u8]) -> Vec<u8> {
        assert_eq!(datagram[0] & 0xb0, 0x80, "an Initial packet");
        let mut at = 5;
        for _ in 0..2 {
            at += 1 + usize::from(datagram[at]);
        }
        let token = integer(datagram, &mut at) as usize;
        at += token;
        let bytes = integer(datagram, &mut at) as usize;
        let key = &self.keys.remote;
        let (head, rest) = datagram[..at + bytes].split_at_mut(at);
        let (number, sampled) = rest.split_at_mut(NUMBER_BYTES);
        let sample = &sampled[..key.header.sample_len()];
        key.header
            .decrypt_in_place(sample, &mut head[0], number)
            .unwrap();
        let number_bytes = usize::from(head[0] & 3) + 1;
        let number = number[..number_bytes]
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let header = datagram[..at + number_bytes].to_vec();
        let sealed = &mut datagram[at + number_bytes..at + bytes];
        let frames = key.packet.decrypt_in_place(number, &header, sealed);
        frames.unwrap().to_vec()
    }
}

/// The code of the CONNECTION_CLOSE among the frames of an Initial packet.
fn closed_with(frames: &[u8]) -> Option<u64> {
    let mut at = 0;
    while at < frames.len() {
        at += 1;
        match frames[at - 1] {
            ACK => {
                let [_, _, ranges, _] = [(); 4].map(|()| integer(frames, &mut at));
                for _ in 0..2 * ranges {
                    integer(frames, &mut at);
                }
            }
            CRYPTO => {
                integer(frames, &mut at);
                let bytes = integer(frames, &mut at);
                at += bytes as usize;
            }
            CONNECTION_CLOSE => return Some(integer(frames, &mut at)),
            // PADDING and PING.
            _ => {}
        }
    }
    None
}

/// Reads an integer of variable length.
fn integer(bytes: &[u8], at: &mut usize) -> u64 {
    let first = bytes[*at];
    let length = 1 << (first >> 6);
    let rest = bytes[*at + 1..*at + length].iter();
    *at += length;
    rest.fold(u64::from(first & 0x3f), |value, byte| {
        value << 8 | u64::from(*byte)
    })
}

/// Writes an integer in four bytes.
fn write_integer(value: usize, to: &mut Vec<u8>) {
    to.extend((0x8000_0000 | u32::try_from(value).unwrap()).to_be_bytes());
}

/// A CRYPTO frame.
pub(super) fn crypto(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![CRYPTO];
    write_integer(offset, &mut frame);
    write_integer(bytes.len(), &mut frame);
    frame.extend(bytes);
    frame
}

/// A transport parameter.
pub(super) fn parameter(id: usize, value: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    write_integer(id, &mut encoded);
    write_integer(value.len(), &mut encoded);
    encoded.extend(value);
    encoded
}
