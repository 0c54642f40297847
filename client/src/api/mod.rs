//! Api.

pub(crate) mod client;
pub(crate) mod contacts;
pub(crate) mod groups;
pub(crate) mod overview;
pub(crate) mod paused_push;
pub(crate) mod people;
pub(crate) mod receipts;
pub(crate) mod requests;
pub(crate) mod retention;
pub(crate) mod totals;
pub(crate) mod typing;
