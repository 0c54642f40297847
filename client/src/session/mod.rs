//! Session.

pub(crate) mod acks;
pub(crate) mod answers;
pub(crate) mod backoff;
pub(crate) mod content;
pub(crate) mod driver;
pub(crate) mod login;
pub(crate) mod shared;
pub(crate) mod slots;
pub(crate) mod subscriptions;
