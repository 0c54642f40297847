//! The interface of the state machine: commands in, changes and updates out.

pub mod actor;
pub mod batch;
pub mod change;
pub mod command;
pub mod desk;
pub mod kinds;
pub mod update;
