//! Stored memberships.

use cairn_proto::ids::{DeviceId, MsgId, Revision, Timestamp, UserId};
use cairn_proto::model::group::Role;
use cairn_proto::model::notification::Notifications;
use serde::{Deserialize, Serialize};

use super::{MsgIdSet, UnreadMarker};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    pub role: Role,
    /// The entry that added the member.
    pub joined: MsgId,
    pub read: MsgId,
    pub details: MemberDetails,
    /// Set while read messages are marked as unread.
    pub marker: Option<Box<UnreadMarker>>,
    /// When it last changed, apart from what the member's own sends move.
    pub changed: Revision,
}

impl MemberRecord {
    /// The read position that the member's own devices get: what was said before they joined counts
    /// as read, so that a device that has these entries counts what the server counts.
    #[must_use]
    pub fn own_read(&self) -> MsgId {
        self.read.max(self.joined.prev())
    }

    /// The read position that others see.
    #[must_use]
    pub fn shown_read(&self) -> MsgId {
        self.marker
            .as_ref()
            .map_or(self.read, |marker| self.read.max(marker.shown_read))
    }
}

/// An entry of a user's list of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecord {
    pub owns: bool,
}

/// What the group and the member set for this membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetails {
    /// Entries up to here predate the member's access.
    pub floor: MsgId,
    /// The end of a mute by an admin.
    pub muted_until: Timestamp,
    pub notifications: Notifications,
    /// Whether the conversation is listed first.
    pub favourite: bool,
    /// The head when the member hid the conversation.
    pub hidden_at: Option<MsgId>,
}

impl Default for MemberDetails {
    fn default() -> Self {
        Self {
            floor: MsgId::ZERO,
            muted_until: Timestamp::new(0),
            notifications: Notifications::default(),
            favourite: false,
            hidden_at: None,
        }
    }
}

/// A member with the delivered cursors of their devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMember {
    pub user: UserId,
    pub record: MemberRecord,
    /// Only devices that acked something.
    pub delivered: Vec<(DeviceId, MsgId)>,
}

/// The messages that mention a user. Stored in chunks of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMentions {
    /// [`UserId::SERVER`] for messages that mention everyone.
    pub user: UserId,
    pub mentions: MsgIdSet,
}

/// A row of members: users with adjacent ids. Users who join the server together tend to talk to
/// each other, so a busy conversation writes few rows, and a large group is read in few pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberChunk(u32);

impl MemberChunk {
    /// With the maximum of devices each, a chunk fits into one value of the trees.
    pub(crate) const MEMBERS: u32 = 16;

    #[must_use]
    pub const fn of(user: UserId) -> Self {
        Self(user.get() / Self::MEMBERS)
    }

    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// All ids that fall into the chunk.
    pub fn users(self) -> impl Iterator<Item = UserId> {
        let first = self.0.saturating_mul(Self::MEMBERS);
        (first..=first.saturating_add(Self::MEMBERS - 1)).map(UserId::new)
    }
}
