//! Relations between users, and profiles.

use serde::{Deserialize, Serialize};

use crate::content::picture::Picture;
use crate::ids::UserId;
use crate::limits;
use crate::model::user::UserInfo;
use crate::text::{About, DisplayName};
use crate::wire::codec;

/// One user's relation to another, independent of conversations. The default is no relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The user follows the other. One-way; needs no consent.
    pub follows: bool,
    /// The state of the friendship, as seen by this user.
    pub friendship: Friendship,
    /// The user has blocked the other: neither can send the other direct messages, and the other
    /// cannot see the user's presence.
    pub blocks: bool,
}

/// The state of a friendship, as one of the two users sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Friendship {
    /// Not friends, and no request is pending.
    #[default]
    None,
    /// This user has sent a request. A request that the other declined looks the same.
    Asked,
    /// The other user has sent a request.
    Invited,
    /// Friends.
    Friends,
}

impl Friendship {
    /// Returns the lower-case name, as commands and JSON show it.
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
    /// Returns whether there is no relation.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the other user is a contact: followed, a friend, or with a friend request
    /// pending. A blocked user is not.
    #[must_use]
    pub fn is_contact(&self) -> bool {
        self.follows || self.friendship != Friendship::None
    }

    /// Returns whether this can be one side of a relation whose other side is `theirs`.
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

/// A change of a relation by one of the two users. All of them are idempotent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelationAct {
    /// Follows the other user.
    Follow,
    /// Stops following.
    Unfollow,
    /// Sends a friend request, or accepts the pending one of the other user.
    AskFriend,
    /// Accepts the pending friend request of the other user.
    AcceptFriend,
    /// Declines the pending friend request of the other user.
    DeclineFriend,
    /// Ends a friendship, or withdraws a request.
    RemoveFriend,
    /// Blocks the other user. Ends friendship, follows and requests in both directions.
    Block,
    /// Unblocks the other user.
    Unblock,
}

/// A user to whom the requesting user has a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The other user.
    pub user: UserInfo,
    /// The relation, as the requesting user sees it.
    pub relation: Relation,
}

/// A page of contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPage {
    /// Ordered by user id; at most [`crate::limits::CONTACTS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Contact>,
    /// The last user of this page if there are more, to request the next one.
    pub next_after: Option<UserId>,
}

/// A user's public profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Shown next to the user name.
    pub display_name: Option<DisplayName>,
    /// A description written by the user.
    pub about: Option<About>,
    /// Empty for none.
    pub avatar: Avatar,
}

/// A small profile picture, scaled down by the client.
pub type Avatar = Picture<{ limits::AVATAR_BYTES_MAX }>;

/// A user with profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// The user.
    pub user: UserInfo,
    /// The user's profile.
    pub profile: Profile,
}

/// The longest encoded [`UserProfile`], in bytes: all texts and the avatar at their limits, plus 32
/// bytes for lengths, id and role.
const USER_PROFILE_BYTES_MAX: usize = limits::USER_NAME_BYTES_MAX
    + limits::DISPLAY_NAME_BYTES_MAX
    + limits::ABOUT_BYTES_MAX
    + limits::AVATAR_BYTES_MAX
    + 32;

// A full response of the largest profiles must fit into one frame, with 32 bytes for what precedes
// the list.
const _: () = assert!(
    limits::PROFILES_PER_REQUEST_MAX * USER_PROFILE_BYTES_MAX + 32 <= limits::FRAME_BYTES_MAX
);

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    /// Ordered by the keys of names; at most [`crate::limits::USERS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<UserInfo>,
    /// The last user of this page if there are more, to request the next one.
    pub next_after: Option<UserId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RequestId;
    use crate::model::user::{ServerRole, UserState};
    use crate::wire::request::people::GetProfiles;
    use crate::wire::request::{Answer, List};
    use crate::wire::response::ServerFrame;

    #[test]
    fn largest_profiles_fit_into_a_frame() {
        let user = UserInfo {
            id: UserId::new(u32::MAX),
            name: "n".repeat(limits::USER_NAME_BYTES_MAX).parse().unwrap(),
            role: ServerRole::Owner,
            state: UserState::Active,
        };
        let profile = Profile {
            display_name: Some("d".repeat(limits::DISPLAY_NAME_BYTES_MAX).parse().unwrap()),
            about: Some("a".repeat(limits::ABOUT_BYTES_MAX).parse().unwrap()),
            avatar: Avatar::new(vec![0; limits::AVATAR_BYTES_MAX].into()).unwrap(),
        };
        let largest = UserProfile { user, profile };
        assert!(codec::encode(&largest).len() <= USER_PROFILE_BYTES_MAX);
        let answer = List(vec![largest; limits::PROFILES_PER_REQUEST_MAX]);
        let answer = Answer::to::<GetProfiles>(&answer);
        let bytes = codec::encode(&ServerFrame::Response(RequestId::new(u64::MAX), Ok(answer)));
        assert!(bytes.len() <= limits::FRAME_BYTES_MAX, "{}", bytes.len());
    }
}
