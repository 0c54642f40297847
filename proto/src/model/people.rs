//! What users are to each other, how they present themselves, and whether they are there.

use serde::{Deserialize, Serialize};

use crate::content::picture::Picture;
use crate::ids::UserId;
use crate::limits;
use crate::model::user::UserInfo;
use crate::text::{About, DisplayName};
use crate::wire::codec;

/// What another user is to the one who asks. Independent of conversations; the default is nothing
/// at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The asker follows the other: one way, without asking.
    pub follows: bool,
    /// Whether the two are friends, or may become it.
    pub friendship: Friendship,
    /// The asker has blocked the other: neither writes to the other directly, and the other sees
    /// the asker's presence no more.
    pub blocks: bool,
}

/// Whether two users are friends, as one of them sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Friendship {
    /// They are not, and neither has asked.
    #[default]
    None,
    /// This user has asked, and has no answer. It looks the same whether the other hesitates or
    /// does not want to be asked.
    Asked,
    /// The other has asked.
    Invited,
    /// They are.
    Friends,
}

impl Friendship {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Asked => "asked",
            Self::Invited => "invited",
            Self::Friends => "friends",
        }
    }
}

impl Relation {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the other is a contact: followed, or a friend or about to become one. Somebody who
    /// is blocked is none.
    #[must_use]
    pub fn is_contact(&self) -> bool {
        self.follows || self.friendship != Friendship::None
    }

    /// Whether this can be one side of a relation whose other side is `theirs`.
    #[must_use]
    pub fn fits(&self, theirs: Self) -> bool {
        let is_severed = !self.blocks || (self.friendship == Friendship::None && !self.follows);
        is_severed
            && matches!(
                (self.friendship, theirs.friendship),
                (Friendship::None, Friendship::None | Friendship::Asked)
                    | (Friendship::Asked, Friendship::None | Friendship::Invited)
                    | (Friendship::Invited, Friendship::Asked)
                    | (Friendship::Friends, Friendship::Friends)
            )
    }
}

/// A change to a relation, by one of the two. Each can be repeated without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelationAct {
    /// Follow the other.
    Follow,
    /// Follow the other no more.
    Unfollow,
    /// Ask to be friends; or become friends, when the other has asked.
    AskFriend,
    /// Become friends: the other has asked.
    AcceptFriend,
    /// Turn down what the other asked.
    DeclineFriend,
    /// End a friendship, or take back what was asked.
    RemoveFriend,
    /// Block the other. It ends a friendship and following, and what either asked.
    Block,
    /// Block the other no more.
    Unblock,
}

/// Somebody to whom the asker has a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Who it is.
    pub user: UserInfo,
    /// The relation, as the asker sees it.
    pub relation: Relation,
}

/// A page of contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPage {
    /// In the order of their ids; at most [`crate::limits::CONTACTS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Contact>,
    /// Where the next page begins: behind this user. `None` when there is none.
    pub next_after: Option<UserId>,
}

/// How a user presents himself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What others are shown beside the user's name.
    pub display_name: Option<DisplayName>,
    /// What the user says of himself.
    pub about: Option<About>,
    /// What others are shown of the user; empty for nothing.
    pub avatar: Avatar,
}

/// A small picture by which a user is known. His client makes it small.
pub type Avatar = Picture<{ limits::AVATAR_BYTES_MAX }>;

/// A user, as he presents himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// Who it is.
    pub user: UserInfo,
    /// How.
    pub profile: Profile,
}

/// The longest encoded [`UserProfile`], in bytes: its texts and its picture, and room for their
/// lengths, for the id and the role.
const USER_PROFILE_BYTES_MAX: usize = limits::USER_NAME_BYTES_MAX
    + limits::DISPLAY_NAME_BYTES_MAX
    + limits::ABOUT_BYTES_MAX
    + limits::AVATAR_BYTES_MAX
    + 32;

// Whatever users say of themselves, one frame holds a whole answer, with what stands before the
// profiles.
const _: () = assert!(
    limits::PROFILES_PER_REQUEST_MAX * USER_PROFILE_BYTES_MAX + 32 <= limits::FRAME_BYTES_MAX
);

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    /// In the order of their names, upper and lower case alike; at most
    /// [`crate::limits::USERS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<UserInfo>,
    /// Where the next page begins: behind this user. `None` when there is none.
    pub next_after: Option<UserId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::model::user::ServerRole;
    use crate::wire::response::{Response, ServerFrame};

    #[test]
    fn the_largest_profiles_fit_into_one_frame() {
        let user = UserInfo {
            id: UserId::new(u32::MAX),
            name: "n".repeat(limits::USER_NAME_BYTES_MAX).parse().unwrap(),
            role: ServerRole::Owner,
        };
        let profile = Profile {
            display_name: Some("d".repeat(limits::DISPLAY_NAME_BYTES_MAX).parse().unwrap()),
            about: Some("a".repeat(limits::ABOUT_BYTES_MAX).parse().unwrap()),
            avatar: Avatar::new(vec![0; limits::AVATAR_BYTES_MAX].into()).unwrap(),
        };
        let largest = UserProfile { user, profile };
        assert!(codec::encode(&largest).len() <= USER_PROFILE_BYTES_MAX);
        let answer = Response::Profiles(vec![largest; limits::PROFILES_PER_REQUEST_MAX]);
        let bytes = codec::encode(&ServerFrame::Response(RequestId::new(u64::MAX), Ok(answer)));
        assert!(bytes.len() <= limits::FRAME_BYTES_MAX, "{}", bytes.len());
    }
}
