//! QUIC connections to a server whose key is pinned.

pub(crate) mod endpoint;
pub(crate) mod link;
pub(crate) mod pin;
