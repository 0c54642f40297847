//! The methods of [`crate::Client`], by subject.

pub(crate) mod client;
mod devices;
mod groups;
pub(crate) mod import;
pub(crate) mod messages;
pub(crate) mod overview;
mod people;
pub(crate) mod receipts;
mod retention;
pub(crate) mod send;
mod server;
pub(crate) mod totals;
