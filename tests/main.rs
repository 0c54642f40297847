//! The integration tests: one binary, one module for each subject.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are tests, and no library"
)]

mod bench;
mod commands;
mod convergence;
mod crash;
mod damage;
mod desk;
mod faults;
mod formats;
mod fuzz;
mod groups;
mod hostile;
mod ioerrors;
mod log_cost;
mod lossy;
mod messaging;
mod metrics;
mod model;
mod operating;
mod outbox;
mod overview;
mod people;
mod permissions;
mod powercut;
mod receipts;
mod retention;
#[path = "../proto/tests/samples/mod.rs"]
#[allow(dead_code, reason = "the tests of the wire use the remainder")]
mod samples;
mod schemes;
mod search;
mod support;
mod text;
mod tidy;
#[cfg(feature = "tui")]
mod tui;
mod year;
