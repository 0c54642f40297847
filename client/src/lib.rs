//! The client SDK of cairn.

#![forbid(unsafe_code)]

mod account;
mod acks;
mod backoff;
mod client;
mod driver;
mod endpoint;
mod error;
mod events;
mod follow;
pub mod limits;
mod link;
mod login;
mod options;
mod people;
mod pin;
mod requests;
mod shared;
mod slots;
mod timeline;

pub use account::Account;
pub use backoff::Backoff;
pub use cairn_proto as proto;
pub use client::{Accepted, Client, WhoAmI};
pub use endpoint::Endpoint;
pub use error::{Error, TryEnqueueError};
pub use events::{Event, Events};
pub use options::{JoinRequest, Options, Reconnect};
pub use requests::{Imported, Page};
pub use timeline::Timeline;
