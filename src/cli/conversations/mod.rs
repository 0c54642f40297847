//! Commands about conversations of any kind.

pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod receipts;
pub(crate) mod retention;
pub(crate) mod set;
pub(crate) mod unread;
