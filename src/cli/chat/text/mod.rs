//! Texts of messages.

pub(crate) mod mentioning;
