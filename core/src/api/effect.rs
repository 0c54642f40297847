//! Effects: what sessions must learn when a batch is durable, apart from its new entries.

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, UserId};

/// What sessions must learn of when the batch is durable, beside new entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The user is a member from now on.
    Joined {
        /// The conversation.
        conversation: ConversationId,
        /// The new member.
        user: UserId,
    },
    /// The user is no member any more.
    Left {
        /// The conversation.
        conversation: ConversationId,
        /// The former member.
        user: UserId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The member's role, or what he settled for himself, is another.
    Changed {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
    },
    /// A device of the member moved the read cursor. It may be told before the move is durable, as
    /// the move itself may be answered.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// Whose it is.
        user: UserId,
    },
    /// A device of the member acked or read something: he is further than he was. As
    /// [`Effect::Read`], it may be told at once.
    Moved {
        /// The conversation.
        conversation: ConversationId,
        /// The member.
        user: UserId,
    },
    /// The device is no more: its sessions end.
    Revoked {
        /// Whose it was.
        user: UserId,
        /// The device.
        device: DeviceId,
    },
    /// The user's side of a relation changed.
    Related {
        /// Whose side.
        user: UserId,
        /// The other one.
        other: UserId,
    },
    /// Something of the user's own is another now.
    AccountUpdate {
        /// Whose it is.
        user: UserId,
        /// What.
        part: AccountPart,
    },
    /// Another policy of retention holds.
    RetentionSet {
        /// The conversation.
        conversation: ConversationId,
    },
    /// Entries are gone on purpose.
    FloorRaised {
        /// The conversation.
        conversation: ConversationId,
        /// The last entry that is gone.
        floor: MsgId,
    },
    /// A setting of the server is another.
    SettingSet,
}

/// A part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountPart {
    /// How he presents himself.
    Profile,
    /// Whether his reads are shown.
    Reads,
    /// His role on the server.
    Role,
}
