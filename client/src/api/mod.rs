//! The client, how it is built, unread totals, and what notifies.

pub(crate) mod builder;
pub(crate) mod client;
pub(crate) mod notifier;
pub(crate) mod totals;
