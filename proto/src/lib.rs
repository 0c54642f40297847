//! The vocabulary and wire format of cairn.
//!
//! Everything that a client and a server must agree on lives here and nowhere else: ids, names,
//! messages, requests, events, numbered errors, limits, frames and the codec. The crate performs no
//! I/O.
//!
//! # Layout, in the order a message travels
//!
//! * [`ids`]: numbers that name things; one newtype each
//! * [`text`]: names and message texts, checked when they are made
//! * [`content::body`] and [`content::message`]: what a message is, and the run of messages that
//!   log, block and wire share
//! * [`content::attachment`]: files that messages name, and how they travel
//! * [`model::group`]: what is agreed on in a group, and what each member settles for himself
//! * [`wire::hello`]: how a session begins
//! * [`wire::request`] and [`wire::response`]: what a client asks and what it is told
//! * [`model::retention`]: how long messages stay
//! * [`model::people`], [`model::presence`], [`model::settings`]: what users are to each other,
//!   where they are, and what a server's owner can set
//! * [`wire::event`], [`wire::typing`]: what the server writes on a timeline stream, and what goes
//!   by datagram
//! * [`wire::metrics`]: how a server works, in numbers
//! * [`wire::error`] and [`wire::close`]: stable numbers for refusals and for the end of a
//!   connection
//! * [`wire::codec`] and [`wire::frame`]: bytes
//! * [`invite`]: the link that carries address, pin and a one-time token
//! * [`limits`]: every bound of the wire, with its unit in its name

#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(clippy::indexing_slicing)]

pub mod content;
pub mod ids;
pub mod invite;
pub mod limits;
pub mod model;
pub mod secret;
pub mod text;
pub mod wire;

/// The ALPN protocol id of native clients.
pub const ALPN: &[u8] = b"cairn/1";

/// The version of the wire format that this crate speaks. A server refuses others with
/// [`wire::close::CloseCode::Version`].
pub const WIRE_VERSION: u16 = 2;
