//! The UDP socket and its QUIC configuration.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::Arc;

use cairn_proto::ALPN;
use cairn_proto::invite::ServerAddr;
use cairn_proto::limits::IDLE_TIME_MAX;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    AckFrequencyConfig, ClientConfig, ConnectionError, EndpointConfig, TransportConfig,
    TransportErrorCode, VarInt,
};
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::sleep;

use super::connection::Connection;
use super::pin::PinVerifier;
use crate::error::{Cause, Error};
use crate::limits;
use crate::transport::Lost;
use crate::transport::endpoint::Target;

/// The TLS alert `no_application_protocol` (RFC 8446, section 6).
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// A UDP socket, shared by its clones.
#[derive(Clone)]
pub(crate) struct Endpoint {
    quinn: quinn::Endpoint,
    provider: Arc<CryptoProvider>,
}

impl Endpoint {
    /// Opens a socket on an ephemeral port, for IPv4 and, where available, IPv6.
    pub(crate) fn open() -> Result<Self, Error> {
        let open = || -> io::Result<quinn::Endpoint> {
            let runtime =
                quinn::default_runtime().ok_or_else(|| io::Error::other("no tokio runtime"))?;
            quinn::Endpoint::new(EndpointConfig::default(), None, socket()?, runtime)
        };
        let quinn = open().map_err(|error| Error::Socket {
            source: Cause::of(error),
        })?;
        Ok(Self {
            quinn,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        })
    }

    pub(crate) async fn wait_idle(&self) {
        self.quinn.wait_idle().await;
    }

    /// Connects and verifies the pin. If the host has addresses of both families, the second one is
    /// tried in parallel after [`limits::FAMILY_HEAD_START`].
    pub(crate) async fn dial(&self, target: &Target) -> Result<Connection, Error> {
        let (first, second) = resolve(&target.addr).await?;
        let mut preferred = pin!(self.handshake(target, first));
        let Some(second) = second else {
            return preferred.await;
        };
        let failed = tokio::select! {
            done = &mut preferred => match done {
                Ok(connection) => return Ok(connection),
                Err(error) => Some(error),
            },
            () = sleep(limits::FAMILY_HEAD_START) => None,
        };
        let mut other = pin!(self.handshake(target, second));
        if failed.is_some() {
            return other.await;
        }
        tokio::select! {
            done = &mut preferred => match done {
                Ok(connection) => Ok(connection),
                Err(_) => other.await,
            },
            done = &mut other => match done {
                Ok(connection) => Ok(connection),
                Err(_) => preferred.await,
            },
        }
    }

    async fn handshake(&self, target: &Target, to: SocketAddr) -> Result<Connection, Error> {
        let verifier = Arc::new(PinVerifier::new(target.pin, Arc::clone(&self.provider)));
        let broken = |source: Cause| Error::Broken {
            addr: target.addr.clone(),
            source,
        };
        let config = client_config(
            Arc::clone(&verifier),
            &self.provider,
            target.ack_every_packets,
        )
        .map_err(&broken)?;
        let connecting = self
            .quinn
            .connect_with(config, to, target.addr.host())
            .map_err(|error| broken(Cause::of(error)))?;
        match connecting.await {
            Ok(connection) => Ok(Connection::new(connection)),
            Err(error) => Err(match verifier.presented() {
                Some(shown) => Error::WrongPin {
                    addr: target.addr.clone(),
                    shown: Box::new(shown),
                },
                None => handshake_error(&target.addr, error),
            }),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("local", &self.quinn.local_addr().ok())
            .finish_non_exhaustive()
    }
}

fn handshake_error(addr: &ServerAddr, error: ConnectionError) -> Error {
    let addr = addr.clone();
    let no_protocol = TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL);
    match error {
        ConnectionError::VersionMismatch => Error::NotCairn { addr },
        ConnectionError::TransportError(error) if error.code == no_protocol => {
            Error::NotCairn { addr }
        }
        ConnectionError::ConnectionClosed(close) if close.error_code == no_protocol => {
            Error::NotCairn { addr }
        }
        ConnectionError::TimedOut => Error::NoAnswer { addr },
        other => Lost::from(other).into_login_error(addr),
    }
}

/// Returns the host's first address, and its first one of the other family.
async fn resolve(addr: &ServerAddr) -> Result<(SocketAddr, Option<SocketAddr>), Error> {
    let failed = |source: Cause| Error::Resolve {
        addr: addr.clone(),
        source,
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((addr.host(), addr.port()))
        .await
        .map_err(|error| failed(Cause::of(error)))?
        .collect();
    let &first = found
        .first()
        .ok_or_else(|| failed("no address found".into()))?;
    Ok((
        first,
        found
            .into_iter()
            .find(|other| other.is_ipv4() != first.is_ipv4()),
    ))
}

fn socket() -> io::Result<UdpSocket> {
    let both = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_only_v6(false)?;
        socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let v4_only = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let socket = both().or_else(|_| v4_only())?;
    // The kernel's default buffers lose packets in bursts. Best effort: smaller ones still work.
    let _ = socket.set_recv_buffer_size(limits::SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(limits::SOCKET_BUFFER_BYTES);
    Ok(socket.into())
}

fn client_config(
    verifier: Arc<PinVerifier>,
    provider: &Arc<CryptoProvider>,
    ack_every_packets: Option<u32>,
) -> Result<ClientConfig, Cause> {
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(Cause::of)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![ALPN.to_vec()];
    // Resumed sessions skip certificate verification, and with it the pin.
    tls.resumption = Resumption::disabled();
    let quic = QuicClientConfig::try_from(tls).map_err(Cause::of)?;
    let mut config = ClientConfig::new(Arc::new(quic));
    config.transport_config(Arc::new(transport(ack_every_packets)));
    Ok(config)
}

fn transport(ack_every_packets: Option<u32>) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(limits::STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(limits::CONNECTION_WINDOW_BYTES))
        .send_window(limits::SEND_WINDOW_BYTES)
        .datagram_receive_buffer_size(Some(limits::DATAGRAM_BUFFER_BYTES))
        .datagram_send_buffer_size(limits::DATAGRAM_BUFFER_BYTES)
        .keep_alive_interval(Some(limits::KEEP_ALIVE_INTERVAL))
        .initial_rtt(limits::RTT_ASSUMED)
        .enable_segmentation_offload(true);
    if let Ok(idle) = IDLE_TIME_MAX.try_into() {
        transport.max_idle_timeout(Some(idle));
    }
    if let Some(packets) = ack_every_packets {
        let mut config = AckFrequencyConfig::default();
        config.ack_eliciting_threshold(VarInt::from_u32(packets));
        transport.ack_frequency_config(Some(config));
    }
    transport
}
