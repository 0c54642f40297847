//! Other users: who they are, the user's relations to them, and whether they are online.

mod contacts;
mod presence;
mod rename;
mod shown;
mod users;

use crate::api::client::Client;

/// The calls that concern other users. Created by [`Client::people`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct People<'a> {
    pub(crate) client: &'a Client,
}
