//! Files on their way to the server and back.

pub(crate) mod attachment;
pub(crate) mod get;
pub(crate) mod picture;
pub(crate) mod upload_source;
