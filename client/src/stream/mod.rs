//! Receiving: timelines of messages, and events.

pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod paused_push;
pub(crate) mod search;
pub(crate) mod timeline;
