//! The server: one QUIC endpoint, the sessions on it, and the sequencer behind them.
//!
//! # Layout, in the order a message travels
//!
//! * [`transport::endpoint`], [`transport::identity`]: the socket, its settings, and who the server
//!   is
//! * [`transport::accept`]: connections, no more than there is room for
//! * [`session::login`], [`session::password`], [`session::login_rate_limiter`]: who may come in
//! * [`session`], [`transport::framing`], [`session::requests`], [`session::rate_limiter`]: what a
//!   client asks, and how often
//! * [`sequencer::intake`]: the one queue
//! * [`sequencer`]: the one thread that decides
//! * [`hub`], `registry`: the sessions, and who must learn of what
//! * [`delivery::outbox`]: answers to the senders
//! * [`delivery::push`], [`delivery`]: news to everybody
//! * `presence`, `activity`, `typing`, [`hub::receipts`]: who is there, who types and who has read
//!   what, and who is told of it
//! * [`transfer`]: attachments, each on a stream of its own
//! * [`retention`]: what lets messages go when their time is over
//! * [`run`]: all of it together, from start to stop

pub(crate) mod clock;
pub(crate) mod delivery;
pub(crate) mod history;
pub(crate) mod hub;
pub mod limits;
#[cfg(test)]
mod loopback;
pub(crate) mod retention;
pub mod run;
pub(crate) mod sequencer;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod transfer;
pub(crate) mod transport;
