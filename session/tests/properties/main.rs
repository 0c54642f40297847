//! Random sequences of inputs: whatever the order, the model ends in the state of the server, and
//! what it has the store do as well.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod outbox;
mod rollback;
mod server;
mod store;
mod timeline;
mod views;

use proptest::prelude::ProptestConfig;

/// Runs this many cases, or as many as `PROPTEST_CASES` says if that is more.
fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let more = std::env::var("PROPTEST_CASES").is_ok();
    ProptestConfig {
        cases: if more {
            default.cases.max(cases)
        } else {
            cases
        },
        failure_persistence: None,
        ..default
    }
}
