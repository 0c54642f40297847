//! The vocabulary and wire format of cairn.
//!
//! Everything that a client and a server must agree on lives here and nowhere else: ids, names, messages, requests, events,
//! numbered errors, limits, frames and the codec. The crate performs no I/O.
//!
//! # Layout, in the order a message travels
//!
//! * [`ids`]: numbers that name things; one newtype each
//! * [`text`]: names and message texts, checked when they are made
//! * [`body`] and [`message`]: what a message is, and the run of messages that log, block and wire share
//! * [`attachment`]: files that messages name, and how they travel
//! * [`group`]: what is agreed on in a group, and what each member settles for himself
//! * [`hello`]: how a session begins
//! * [`request`] and [`response`]: what a client asks and what it is told
//! * [`retention`]: how long messages stay
//! * [`people`], [`presence`], [`settings`]: what users are to each other, where they are, and what a server's owner can set
//! * [`event`], [`typing`]: what the server writes on a timeline stream, and what goes by datagram
//! * [`metrics`]: how a server works, in numbers
//! * [`error`] and [`close`]: stable numbers for refusals and for the end of a connection
//! * [`codec`] and [`frame`]: bytes
//! * [`invite`]: the link that carries address, pin and a one-time token
//! * [`limits`]: every bound of the wire, with its unit in its name

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(clippy::indexing_slicing)]

pub mod attachment;
pub mod body;
pub mod close;
pub mod codec;
pub mod error;
pub mod event;
pub mod extras;
pub mod frame;
pub mod group;
pub mod hello;
pub mod ids;
pub mod invite;
pub mod limits;
pub mod message;
pub mod metrics;
pub mod overview;
pub mod people;
pub mod picture;
pub mod presence;
pub mod receipts;
pub mod request;
pub mod response;
pub mod retention;
pub mod secret;
pub mod settings;
pub mod text;
pub mod typing;

/// The ALPN protocol id of native clients.
pub const ALPN: &[u8] = b"cairn/1";

/// The version of the wire format that this crate speaks. A server refuses others with [`close::CloseCode::Version`].
pub const WIRE_VERSION: u16 = 2;
