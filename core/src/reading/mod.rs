//! Reading.

pub mod cursor;
pub mod overview;
pub mod receipts;
pub mod unread_marker;
