//! The server: its transport, the sessions on it, and the sequencer that decides for all.
//!
//! # Layout, in the order a message travels
//!
//! * `transport`: connections, over QUIC or in memory, frames, and the server's identity
//! * [`principal`]: whom queues, rates, sessions and connections are accounted to
//! * `fairness`: what each of those may use
//! * `session`: login, then requests of one connection
//! * `sequencer`: the queue, the one thread that decides, and what it publishes
//! * `hub`: which sessions must learn of it, presence, typing and receipts
//! * `delivery`: replies, and unread entries from the tail or from disk
//! * `transfer`: attachments, each on its own stream
//! * `desk`: the support desk: visitors, the presence of agents, deadlines and office hours
//! * `retention`: expiry of old entries
//! * `host`: clock, random numbers, and threads for work that blocks
//! * `search`: scans of what a user may see, on threads of their own
//! * [`supervision`]: what ends the server when a part of it fails
//! * [`run`]: all of it together, from start to stop

pub(crate) mod delivery;
pub(crate) mod desk;
pub(crate) mod fairness;
pub(crate) mod history;
pub(crate) mod host;
pub(crate) mod hub;
pub mod limits;
#[cfg(test)]
mod loopback;
pub mod principal;
pub(crate) mod retention;
pub mod run;
pub(crate) mod search;
pub(crate) mod sequencer;
pub(crate) mod session;
pub(crate) mod shared;
pub mod supervision;
pub(crate) mod transfer;
mod transport;

pub use transport::identity;
