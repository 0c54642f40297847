//! Api.

pub mod actor;
pub mod attachment;
pub mod batch;
pub mod change;
pub mod command;
pub mod effect;
