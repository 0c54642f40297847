//! cairn

pub mod core;
pub mod limits;
