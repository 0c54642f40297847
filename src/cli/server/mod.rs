//! Commands of the operator of a server.

pub(crate) mod audit;
pub(crate) mod compact;
pub(crate) mod config;
pub(crate) mod doctor;
mod machine;
mod open_files;
pub(crate) mod selftest;
pub(crate) mod serve;
mod sound;
pub(crate) mod stats;
