//! The transport: QUIC connections to a server with a pinned key.

pub(crate) mod endpoint;
pub(crate) mod link;
pub(crate) mod pin;
