//! Updates: what sessions must learn once a batch is durable, apart from its new entries.
//!
//! They are listed in the order of the decisions. The hub publishes all of them before the entries
//! of the batch: were an entry pushed before the [`Update::Left`] of the same batch, a former
//! member would read it.

use cairn_proto::ids::{ConversationId, DeviceId, MsgId, Revision, UserId, VisitorId};
use cairn_proto::model::conversation::Conversation;
use cairn_proto::model::desk::{DeskUpdate, VisitorInquiry};
use cairn_proto::model::people::Contact;
use cairn_proto::model::user::UserInfo;
use cairn_proto::wire::event::AccountUpdate;

use crate::api::command::Feed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    Joined {
        user: UserId,
        /// The last entry before the membership.
        position: MsgId,
        summary: Box<Conversation>,
    },
    Left {
        user: UserId,
        conversation: ConversationId,
        /// The entry that ended the membership.
        last: MsgId,
    },
    /// The member's role or settings changed.
    Changed {
        user: UserId,
        /// Summaries differ by device, as each has its own delivered cursor.
        device: DeviceId,
        summary: Box<Conversation>,
    },
    /// A device moved the user's read cursor. Published before the move is durable, because the
    /// move itself is acknowledged early as well. The same device is notified too: replies and
    /// pushed frames come on separate streams, so it could not otherwise order its own move against
    /// that of another device.
    Read {
        user: UserId,
        conversation: ConversationId,
        read: MsgId,
        /// The head at that time.
        head: MsgId,
    },
    /// A member's delivered or read position advanced. Published early, like [`Update::Read`].
    Moved {
        user: UserId,
        conversation: ConversationId,
    },
    FloorRaised {
        conversation: ConversationId,
        /// The last expired entry.
        floor: MsgId,
    },
    SettingSet,
    /// A device was revoked: its sessions end.
    Revoked {
        user: UserId,
        device: DeviceId,
    },
    /// The user's side of a relation changed.
    Related {
        user: UserId,
        contact: Box<Contact>,
    },
    Account {
        user: UserId,
        update: Box<AccountUpdate>,
    },
    /// A user's name or state changed.
    User {
        info: Box<UserInfo>,
        seen_by: SeenBy,
    },
    /// A device has seen more than there is. Only the operator is notified.
    Ahead {
        user: UserId,
        device: DeviceId,
        seen: Ahead,
    },
    /// Something changed for an agent.
    Desk {
        user: UserId,
        update: Box<DeskUpdate>,
    },
    /// Sessions of a visitor follow their inquiry from here on. Published before its entries.
    VisitorFollows {
        visitor: VisitorId,
        feed: Feed,
    },
    /// A visitor's inquiry changed.
    Visitor {
        visitor: VisitorId,
        inquiry: Box<VisitorInquiry>,
    },
    /// A visitor was erased: their sessions end.
    VisitorErased {
        visitor: VisitorId,
    },
    /// What a queue has to do changed, or the places of those who wait in it.
    DeskChanged {
        queue: ConversationId,
    },
    /// The settings of a queue changed. It may want its hours.
    QueueChanged {
        queue: ConversationId,
    },
    /// A user became an agent, or is no agent any more.
    AgentChanged {
        user: UserId,
    },
}

/// The users whose sessions learn of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeenBy {
    Everyone,
    Users(Vec<UserId>),
}

/// What a device has seen that the data lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// A revision after the end of a start of the server that the data knows.
    Revision { seen: Revision, last: Revision },
    /// A start of the server that the data does not know: a backup was restored.
    Epoch { seen: Revision, last: Revision },
    /// A message after the last one of a conversation.
    Message {
        conversation: ConversationId,
        seen: MsgId,
        last: MsgId,
    },
}
