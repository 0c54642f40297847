//! The stored form of memberships.

use cairn_proto::ids::{DeviceId, MsgId, Revision, Timestamp, UserId};
use cairn_proto::model::group::Role;
use serde::{Deserialize, Serialize};

use super::{MsgIdSet, UnreadMarker};

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// What the member may do.
    pub role: Role,
    /// The entry that made the user a member.
    pub joined: MsgId,
    /// The read cursor.
    pub read: MsgId,
    /// What else holds.
    pub details: MemberDetails,
    /// What he marked as unread although he had read it.
    pub marker: Option<Box<UnreadMarker>>,
    /// When it last changed, but for what the member's sends move.
    pub changed: Revision,
}

impl MemberRecord {
    /// How far the member has read, for others.
    #[must_use]
    pub fn shown_read(&self) -> MsgId {
        self.marker
            .as_ref()
            .map_or(self.read, |marker| self.read.max(marker.shown_read))
    }
}

/// What a user's list of conversations says of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRecord {
    /// Whether the user owns it.
    pub owns: bool,
}

/// What holds for one member: what the group settled for him, and what he settled for himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetails {
    /// Everything up to here was said before the member could see it.
    pub floor: MsgId,
    /// Until when the member can say nothing.
    pub muted_until: Timestamp,
    /// News of the conversation shall not ring.
    pub muted: bool,
    /// The conversation stands before others.
    pub favourite: bool,
    /// The head when the member hid the conversation.
    pub hidden_at: Option<MsgId>,
}

impl Default for MemberDetails {
    fn default() -> Self {
        Self {
            floor: MsgId::ZERO,
            muted_until: Timestamp::new(0),
            muted: false,
            favourite: false,
            hidden_at: None,
        }
    }
}

/// A member of a conversation, with the delivered cursors of the member's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMember {
    /// Who it is.
    pub user: UserId,
    /// The membership.
    pub record: MemberRecord,
    /// How far each device is that has acked anything.
    pub delivered: Vec<(DeviceId, MsgId)>,
}

/// The messages of a conversation that mention a user, as they are loaded: they are stored in
/// chunks of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMentions {
    /// Who it is; [`UserId::SERVER`] stands for everybody.
    pub user: UserId,
    /// The messages.
    pub mentions: MsgIdSet,
}

/// The members of a conversation that one row holds: those whose ids differ in the last bits only.
/// People who join a server together talk to each other, so a busy conversation has few rows to
/// write, and a large group is read in few pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberChunk(u32);

impl MemberChunk {
    /// Members in one chunk at most. With as many devices each as a user may have, they fit into
    /// one value of the trees.
    pub(crate) const MEMBERS: u32 = 16;

    /// The chunk that a member is in.
    #[must_use]
    pub const fn of(user: UserId) -> Self {
        Self(user.get() / Self::MEMBERS)
    }

    /// The chunk with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Who may be in it.
    pub fn users(self) -> impl Iterator<Item = UserId> {
        let first = self.0.saturating_mul(Self::MEMBERS);
        (first..=first.saturating_add(Self::MEMBERS - 1)).map(UserId::new)
    }
}
