//! What users, admins and owners do about accounts.

mod invites;
mod password;
mod reset;
mod status;
