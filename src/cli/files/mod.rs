//! File transfers.

pub(crate) mod attachment;
pub(crate) mod get;
pub(crate) mod picture;
mod shown_name;
pub(crate) mod upload_source;
