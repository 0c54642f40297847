//! Texts of messages.

pub(crate) mod content;
pub(crate) mod mentioning;
pub(crate) mod routing;
pub(crate) mod terminal;
