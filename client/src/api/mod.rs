//! The client, how it is built, and unread totals.

pub(crate) mod builder;
pub(crate) mod client;
pub(crate) mod totals;
