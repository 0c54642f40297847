//! File transfers.

pub(crate) mod attachment;
pub(crate) mod get;
pub(crate) mod picture;
mod standard_output;
pub(crate) mod upload_source;
