//! Model.

pub mod group;
pub mod people;
pub mod presence;
pub mod receipts;
pub mod retention;
pub mod settings;
