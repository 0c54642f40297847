//! One logical session with a server: the driver task, and what it shares with the handles.

pub(crate) mod answers;
pub(crate) mod backoff;
pub(crate) mod driver;
pub(crate) mod handle;
pub(crate) mod login;
pub(crate) mod reconnect;
pub(crate) mod shared;
pub(crate) mod state;
pub(crate) mod typing;
