//! Other users: who they are, the user's relations to them, and whether they are online.

mod contacts;
mod presence;
mod users;
