//! The vocabulary and wire format of cairn.
//!
//! This crate holds everything that a client and a server must agree on: ids, names, messages,
//! requests, answers, error codes, limits, frames and the codec. It performs no I/O.
//! `docs/PROTOCOL.md` in the repository describes how these values travel over QUIC.
//!
//! # Modules
//!
//! * [`ids`]: one newtype for each kind of number
//! * [`text`]: names and message texts, validated on construction
//! * [`content`]: message bodies, attachments, extras, and the packed run that log, block and wire
//!   share
//! * [`model`]: users, conversations, groups, contacts, presence, receipts, retention and settings
//! * [`wire`]: handshake, requests, answers, pushed frames, datagrams, error codes and the codec
//! * [`secret`]: device tokens, invite tokens and the server's pin
//! * [`invite`]: the links that carry a server's address, its pin and a one-time token
//! * [`limits`]: every limit of the wire, with its unit in its name
//!
//! # Compatibility
//!
//! An enum variant's position is its number on the wire, so enums grow at the end only. Any other
//! change to the encoding raises [`WIRE_VERSION`].

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

/// The wire version of this crate. A server closes connections of any other version with
/// [`wire::close::CloseCode::Version`].
pub const WIRE_VERSION: u16 = 6;
