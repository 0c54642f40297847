//! Commands of the operator of a server.

pub(crate) mod compact;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod serve;
pub(crate) mod stats;
