//! The wire format: frames, the codec, and every value that client and server exchange.

pub mod close;
pub mod codec;
pub mod error;
pub mod event;
pub mod frame;
pub mod hello;
pub mod metrics;
pub mod overview;
pub mod request;
pub mod response;
pub mod typing;
