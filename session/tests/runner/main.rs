//! Sessions against a server in the same process.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod chat;
mod files;
mod link;
mod notices;
mod outbox;
mod windows;
