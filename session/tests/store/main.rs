//! The store: what it keeps, what it refuses, and what leaves its file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

mod bounds;
mod damage;
mod erase;
mod keep;
mod values;
