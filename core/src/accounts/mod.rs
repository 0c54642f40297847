//! What users, admins and owners do about accounts.

mod invites;
mod keywords;
mod password;
mod reset;
mod status;
