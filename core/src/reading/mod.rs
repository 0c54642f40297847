//! Reading.

pub(crate) mod cursor;
pub(crate) mod overview;
pub(crate) mod receipts;
pub(crate) mod unread_marker;
