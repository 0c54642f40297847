//! What keys do.

pub(crate) mod compose;
pub(crate) mod covered;
pub(crate) mod navigate;
pub(crate) mod select;
pub(crate) mod slash;
