//! Commands about other users.

pub(crate) mod contacts;
pub(crate) mod users;
pub(crate) mod watch;
