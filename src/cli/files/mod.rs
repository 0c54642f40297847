//! File transfers.

pub(crate) mod attachment;
pub(crate) mod get;
pub(crate) mod picture;
pub(crate) mod upload_source;
