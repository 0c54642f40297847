//! Users: accounts, profiles, contacts and server settings.

pub(crate) mod account;
pub(crate) mod account_update;
mod audit;
mod clock;
pub(crate) mod contacts;
pub(crate) mod names;
pub(crate) mod profile;
mod rename;
mod session;
pub(crate) mod settings;
pub(crate) mod visibility;
