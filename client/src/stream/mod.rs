//! Stream.

pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod timeline;
