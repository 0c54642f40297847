//! The client, against a server that is scripted by the tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of tests are tests"
)]

mod fake;
mod follow;
mod login;
mod login_overview;
mod overtaken;
mod overview;
mod paused_push;
mod pushes;
mod requests;
mod sends;
mod transfers;
mod world;
