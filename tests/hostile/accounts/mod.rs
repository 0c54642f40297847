//! Bad logins, and requests about users and groups from users without the right to them.

mod logins;
mod members;
mod people;
mod sessions;
mod strangers;
