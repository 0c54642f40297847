//! Commands about the user and their devices, and the profile that a device keeps.

pub(crate) mod credentials;
pub(crate) mod devices;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod keywords;
pub(crate) mod login;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod whoami;
