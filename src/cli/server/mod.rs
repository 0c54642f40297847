//! Commands for whoever runs a server.

pub(crate) mod compact;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod serve;
pub(crate) mod stats;
