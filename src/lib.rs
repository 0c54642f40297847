//! Team chat in one binary: every message is stored once, and every reader is a cursor.
//!
//! # Layout, from the network to the disk
//!
//! * [`cli`]: the commands
//! * [`server`]: QUIC, sessions, delivery, and the sequencer thread
//! * [`store`]: the engine, with everything on disk behind it
//! * [`core`]: the state machine that decides, without any I/O
//! * [`mod@bench`]: the load generator
//! * [`limits`]: every bound that is not part of the wire
//!
//! What both sides of the wire agree on is the crate `cairn-proto`; the SDK for clients is `cairn-client`. docs/ARCHITECTURE.md follows a
//! message through all of it.

pub mod cli;
