//! Commands about other users.

pub(crate) mod contacts;
mod supervise;
pub(crate) mod users;
pub(crate) mod watch;
