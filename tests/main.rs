//! The integration tests: one binary, one module for each subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests are tests")]

mod model;
mod tidy;
