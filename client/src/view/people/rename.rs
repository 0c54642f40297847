//! Names of users, and who imported authors are.

use cairn_proto::ids::UserId;
use cairn_proto::text::UserName;
use cairn_proto::wire::request::people::{ClaimImported, RenameUser};

use super::People;
use crate::error::Error;

impl People<'_> {
    /// Changes a user's name: the user's own, or as an owner or admin of the server that of a user
    /// with a lower role. Sessions of those who may see the user receive [`crate::Update::User`].
    /// No one else can take the former name for 90 days.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NameTaken`, `Forbidden`, `NoSuchUser`, or `LimitReached` after 8
    /// changes within 90 days; or a [terminal error](Error#terminal-errors).
    pub async fn rename(self, user: UserId, name: UserName) -> Result<(), Error> {
        self.client.call(RenameUser { user, name }).await
    }

    /// Records that an imported author is a user, so that clients show that user's name. For owners
    /// and admins of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotImported` unless `imported` was created by an import and `user`
    /// was not, `Forbidden` or `NoSuchUser`; or a [terminal error](Error#terminal-errors).
    pub async fn claim(self, imported: UserId, user: UserId) -> Result<(), Error> {
        self.client.call(ClaimImported { imported, user }).await
    }
}
