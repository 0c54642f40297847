//! The interface of the state machine: commands in, changes and effects out.

pub mod actor;
pub mod attachment;
pub mod batch;
pub mod change;
pub mod command;
pub mod effect;
