//! Requests about users.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::model::people::{Contact, ContactPage, Profile, RelationAct, UserPage, UserProfile};
use crate::model::user::UserInfo;
use crate::text::{Keyword, UserName};
use crate::wire::codec;
use crate::wire::request::domain::requests;
use crate::wire::request::list::List;

requests! {
    /// A request about users.
    PeopleRequest {
        /// Looks users up by name. Answered with the existing ones, in the requested order.
        FindUsers(FindUsers) -> List<UserInfo>,
        /// Looks users up by id. Answered with the existing ones, in the requested order.
        GetUsers(GetUsers) -> List<UserInfo>,
        /// Reads a page of the users whose names begin with a prefix.
        SearchUsers(SearchUsers) -> UserPage,
        /// Changes a relation. Answered with the result.
        Relate(Relate) -> Contact,
        /// Reads a page of contacts.
        ListContacts(ListContacts) -> ContactPage,
        /// Reads profiles: those of existing users, in the requested order.
        GetProfiles(GetProfiles) -> List<UserProfile>,
        /// Replaces the user's profile.
        SetProfile(SetProfile) -> (),
        /// Changes a user's name.
        RenameUser(RenameUser) -> (),
        /// Records which user an imported author is.
        ClaimImported(ClaimImported) -> (),
        /// Reads the user's keywords.
        GetKeywords(GetKeywords) -> List<Keyword>,
        /// Adds and removes keywords of the user. Answered with all of them.
        ChangeKeywords(ChangeKeywords) -> List<Keyword>,
    }
}

/// Looks users up by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindUsers {
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub names: Vec<UserName>,
}

/// Looks users up by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetUsers {
    /// At most [`crate::limits::USERS_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub ids: Vec<UserId>,
}

/// Reads a page of the users whose names begin with a prefix, compared by their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchUsers {
    /// The prefix.
    pub prefix: UserName,
    /// The last user of the previous page; `None` for the first one.
    pub after: Option<UserId>,
}

/// Changes the user's relation to another user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relate {
    /// The other user.
    pub user: UserId,
    /// The change.
    pub act: RelationAct,
}

/// Reads a page of the users to whom the user has a relation, ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListContacts {
    /// The last contact of the previous page; `None` for the first one.
    pub after: Option<UserId>,
}

/// Reads users' profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetProfiles {
    /// At most [`crate::limits::PROFILES_PER_REQUEST_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub users: Vec<UserId>,
}

/// Replaces the user's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetProfile {
    /// The new profile.
    pub profile: Profile,
}

/// Changes a user's name: the user's own, or as an owner or admin of the server that of a user with
/// a lower role. No one else can take the former name for 90 days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameUser {
    /// The user.
    pub user: UserId,
    /// The new name.
    #[serde(deserialize_with = "crate::text::new_name")]
    pub name: UserName,
}

/// Records that an imported author, who never had a device, is a user. For owners and admins of the
/// server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimImported {
    /// The imported author.
    pub imported: UserId,
    /// Who they are.
    pub user: UserId,
}

/// Reads the user's keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetKeywords;

/// Removes keywords of the user, then adds others. Keywords with the same [`Keyword::folded`] are
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeKeywords {
    /// Those to add, at most [`crate::limits::KEYWORDS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub add: Vec<Keyword>,
    /// Those to remove, at most [`crate::limits::KEYWORDS_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub remove: Vec<Keyword>,
}
