//! What clients connect from, over any transport.

use std::net::SocketAddr;

use cairn_memory::Network;
use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;

use crate::error::Error;
use crate::transport::{Connection, Link, Lost, quic};

/// A UDP socket from which any number of clients can connect.
///
/// A client creates its own unless [`crate::ClientBuilder::endpoint`] is set. Programs with many
/// clients should share a few. Clones refer to the same socket.
#[derive(Clone, Debug)]
pub struct Endpoint(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Quic(quic::Endpoint),
    Memory(Network, SocketAddr),
}

/// The server to connect to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) addr: ServerAddr,
    pub(crate) pin: Pin,
    pub(crate) ack_every_packets: Option<u32>,
}

impl Endpoint {
    /// Opens a socket on an ephemeral port, for IPv4 and, where available, IPv6.
    ///
    /// # Errors
    /// [`Error::Socket`] if the system provides no socket, or outside of a tokio runtime.
    pub fn new() -> Result<Self, Error> {
        Ok(Self(Kind::Quic(quic::Endpoint::open()?)))
    }

    /// Connects within this process, without a socket, from the address `from`. Clients reach the
    /// server of `network` whatever address and pin they are given. What they pick at random, they
    /// draw from the network.
    #[must_use]
    pub const fn in_memory(network: Network, from: SocketAddr) -> Self {
        Self(Kind::Memory(network, from))
    }

    /// Waits until all connections of this endpoint have ended and their last packets have been
    /// sent.
    pub async fn wait_idle(&self) {
        match &self.0 {
            Kind::Quic(endpoint) => endpoint.wait_idle().await,
            // What was sent has arrived.
            Kind::Memory(..) => {}
        }
    }

    /// Returns a random number.
    pub(crate) fn random(&self) -> u64 {
        match &self.0 {
            Kind::Quic(_) => rand::random(),
            Kind::Memory(network, _) => network.draw(),
        }
    }

    /// Returns a random number from 0 to 1.
    pub(crate) fn jitter(&self) -> f64 {
        self.random() as f64 / u64::MAX as f64
    }

    /// Connects, and verifies the pin where the server has to prove its identity.
    pub(crate) async fn dial(&self, target: &Target) -> Result<Link, Error> {
        let connection = match &self.0 {
            Kind::Quic(endpoint) => Connection::Quic(endpoint.dial(target).await?),
            Kind::Memory(network, from) => {
                let refused = |lost| Lost::from(lost).into_login_error(target.addr.clone());
                Connection::Memory(network.connect(*from).map_err(refused)?)
            }
        };
        Ok(Link::new(connection))
    }
}
