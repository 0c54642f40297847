//! Messages: sending, forwarding, importing, amending, pinning and expiry.

pub(crate) mod amend;
pub(crate) mod edit;
pub(crate) mod forward;
pub(crate) mod import;
pub(crate) mod mention;
pub(crate) mod pin;
pub mod retention;
pub(crate) mod send;
mod stream;
