//! Reading: cursors, receipts, overviews and marking as unread.

pub(crate) mod cursor;
pub(crate) mod overview;
pub(crate) mod publish;
pub(crate) mod receipts;
pub(crate) mod search;
pub(crate) mod unread_marker;
