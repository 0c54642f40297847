//! Transport.

pub(crate) mod endpoint;
pub(crate) mod link;
pub(crate) mod pin;
