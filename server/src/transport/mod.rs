//! The QUIC transport: the endpoint, its identity, connections and frames.

pub(crate) mod accept;
pub(crate) mod close;
pub(crate) mod endpoint;
pub(crate) mod framing;
pub mod identity;
