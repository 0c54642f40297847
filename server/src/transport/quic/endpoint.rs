//! The QUIC endpoint and its settings. Each that differs from quinn's default says why.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use cairn_proto::{ALPN, limits as wire};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{
    AckFrequencyConfig, Endpoint, EndpointConfig, IdleTimeout, ServerConfig, TokioRuntime,
    TransportConfig, VarInt,
};
use quinn_proto::HashedConnectionIdGenerator;
use ring::{hkdf, hmac};
use socket2::{Domain, Protocol, Socket, Type};

use crate::limits;
use crate::transport::identity::{Identity, IdentityError};

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("cannot listen on UDP {addr}: {source}")]
    Listen { addr: SocketAddr, source: io::Error },
    #[error("cannot use the server's key for TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

pub(super) fn open(addr: SocketAddr, identity: &Identity) -> Result<Endpoint, EndpointError> {
    let listen = |source| EndpointError::Listen { addr, source };
    let config = server_config(identity)?;
    let socket = bind(addr).map_err(listen)?;
    Endpoint::new(
        endpoint_config(identity),
        Some(config),
        socket,
        Arc::new(TokioRuntime),
    )
    .map_err(listen)
}

/// Binds a UDP socket with buffers for bursts: the system's default of 200 KiB overflows, and each
/// lost packet costs a retransmission. The system may grant less.
fn bind(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() && addr.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    let _ = socket.set_recv_buffer_size(limits::SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(limits::SOCKET_BUFFER_BYTES);
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

fn endpoint_config(identity: &Identity) -> EndpointConfig {
    let mut config = EndpointConfig::new(Arc::new(hmac::Key::new(
        hmac::HMAC_SHA256,
        &derive(identity, b"reset"),
    )));
    let [a, b, c, d, e, f, g, h, ..] = derive(identity, b"connection id");
    let cid_key = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(cid_key)));
    // After a restart, thousands of clients at once must learn that their connection is gone. quinn
    // reads the clock once for all waiting packets, so any interval would answer only one of them.
    // A reset is smaller than the packet that it answers, so it cannot amplify.
    config.min_reset_interval(Duration::ZERO);
    config
}

fn server_config(identity: &Identity) -> Result<ServerConfig, EndpointError> {
    let (certificate, key) = identity.certificate()?;
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_protocol_versions(&[&rustls::version::TLS13])?
    .with_no_client_auth()
    .with_single_cert(vec![certificate], key)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // 0-RTT data can be replayed, and nothing here gains enough from it.
    tls.max_early_data_size = 0;
    let tls = QuicServerConfig::try_from(tls)
        .map_err(|_| rustls::Error::General("no initial cipher suite".to_owned()))?;
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config.transport_config(Arc::new(transport()));
    config.token_key(Arc::new(
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&derive(identity, b"token")),
    ));
    config.max_incoming(limits::HANDSHAKES_MAX);
    config.incoming_buffer_size(limits::HANDSHAKE_BUFFER_BYTES);
    config.incoming_buffer_size_total(limits::HANDSHAKE_BUFFERS_BYTES_TOTAL);
    Ok(config)
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    // The default windows allow 250 MB for one connection.
    transport.receive_window(VarInt::from_u32(limits::STRANGER_WINDOW_BYTES));
    transport.stream_receive_window(VarInt::from_u32(limits::STREAM_WINDOW_BYTES));
    transport.send_window(limits::STRANGER_WINDOW_BYTES.into());
    // quinn allocates a table entry for every allowed stream, used or not.
    transport.max_concurrent_bidi_streams(VarInt::from_u32(limits::STREAMS_PER_CONNECTION_MAX));
    transport.max_concurrent_uni_streams(VarInt::from_u32(0));
    transport.datagram_receive_buffer_size(Some(limits::DATAGRAM_BUFFER_BYTES));
    transport.datagram_send_buffer_size(limits::DATAGRAM_BUFFER_BYTES);
    transport.max_idle_timeout(IdleTimeout::try_from(wire::IDLE_TIME_MAX).ok());
    // When many small packets are pushed to many clients, acknowledgements are half of all packets.
    let mut acks = AckFrequencyConfig::default();
    acks.ack_eliciting_threshold(VarInt::from_u32(limits::ACK_ELICITING_PACKETS));
    transport.ack_frequency_config(Some(acks));
    transport
}

/// Derives a key from the identity's secret (HKDF-SHA256, RFC 5869).
fn derive(identity: &Identity, purpose: &[u8]) -> [u8; 32] {
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"cairn").extract(identity.quic_secret());
    let mut key = [0; 32];
    let filled = prk
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key));
    debug_assert!(
        filled.is_ok(),
        "32 bytes are what HKDF-SHA256 gives in one block"
    );
    key
}
