//! Check.

pub mod doctor;
pub mod verify;
