//! Team chat in one binary: every message is stored once, and every reader is a cursor.
//!
//! The binary is the command line ([`cli`]) over these crates:
//!
//! * `cairn-server`: QUIC, sessions, delivery, and the sequencer thread
//! * `cairn-store`: the engine and everything on disk
//! * `cairn-core`: the state machine, without any I/O
//! * `cairn-client`: the SDK; `cairn-proto`: the protocol
//! * `cairn-bench`: the load generator of `cairn bench`
//!
//! docs/ARCHITECTURE.md follows a message through all of them.

#![warn(clippy::exit)]

pub mod cli;
#[cfg(feature = "tui")]
mod tui;
mod ui;
