//! Content.

pub mod attachment;
pub mod body;
pub mod extras;
pub mod message;
pub mod picture;
