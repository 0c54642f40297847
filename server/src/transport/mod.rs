//! Transport.

pub mod accept;
pub mod endpoint;
pub mod framing;
pub mod identity;
