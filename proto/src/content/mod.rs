//! What messages carry: bodies, attachments, extras, and the packed form that log and wire share.

pub mod attachment;
pub mod body;
pub mod extras;
pub mod message;
pub mod packed;
pub mod picture;
