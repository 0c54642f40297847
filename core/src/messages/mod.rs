//! Messages.

pub mod amend;
pub mod forward;
pub mod import;
pub mod mention;
pub mod pin;
pub mod retention;
pub mod send;
