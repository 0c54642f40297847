//! Api.

pub mod batch;
pub mod change;
pub mod command;
