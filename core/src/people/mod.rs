//! People.

pub mod account;
pub mod account_update;
pub mod contacts;
pub mod profile;
pub mod settings;
