//! Checking what is stored, offline: `cairn doctor`.

pub mod doctor;
pub mod repair;
pub mod verify;
