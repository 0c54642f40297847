//! cairn

mod bench;
pub mod cli;
pub mod core;
pub mod limits;
pub mod server;
pub mod store;
