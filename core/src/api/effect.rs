//! Effects: what sessions must learn once a batch is durable, apart from its new entries.
//!
//! The hub publishes the effects of a batch in this order, and all of them before its entries.
//! Were an entry pushed before the [`Effect::Left`] of the same batch, a former member would read
//! it.

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Joined {
        conversation: ConversationId,
        user: UserId,
    },
    Left {
        conversation: ConversationId,
        user: UserId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The member's role or settings changed.
    Changed {
        conversation: ConversationId,
        user: UserId,
    },
    /// A device moved the member's read cursor. May be published before the move is durable,
    /// because the move itself is acknowledged early as well.
    Read {
        conversation: ConversationId,
        user: UserId,
    },
    /// A member's delivered or read position advanced. May be published early, like
    /// [`Effect::Read`].
    Moved {
        conversation: ConversationId,
        user: UserId,
    },
    /// A device was revoked: its sessions end.
    Revoked {
        user: UserId,
        device: DeviceId,
    },
    Related {
        /// The side's user.
        user: UserId,
        other: UserId,
    },
    /// Something about the user's account changed.
    AccountUpdate {
        user: UserId,
        part: AccountPart,
    },
    RetentionSet {
        conversation: ConversationId,
    },
    FloorRaised {
        conversation: ConversationId,
        /// The last expired entry.
        floor: MsgId,
    },
    SettingSet,
}

/// A part of a user's account that all their devices show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountPart {
    Profile,
    /// Whether read receipts are shared.
    Reads,
    Role,
}
