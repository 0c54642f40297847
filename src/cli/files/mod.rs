//! File transfers.

pub(crate) mod attachment;
pub(crate) mod get;
mod orientation;
pub(crate) mod picture;
mod shown_name;
mod standard_output;
pub(crate) mod upload_source;
