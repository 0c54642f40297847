//! Who has got a message, and who has read it: computed from cursors, never stored.

use serde::{Deserialize, Serialize};

use crate::ids::{MsgId, UserId};
use crate::wire::codec;

/// Who has got a message, and who has read it: a page of those who were members when it was said
/// and are still, but for its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptPage {
    /// In the order of their ids; at most [`crate::limits::RECEIPTS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Receipt>,
    /// How many of all there are. Of a conversation with more than
    /// [`crate::limits::RECEIPTS_COUNTED_MAX`] members they are not counted: the pages tell.
    pub counts: Option<ReceiptCounts>,
    /// Whether the asker sees what others have read. Otherwise nobody here has read anything.
    pub reads: Reads,
    /// Where the next page begins: behind this user. `None` when there is none. A page may be empty
    /// and not the last.
    pub next_after: Option<UserId>,
}

/// What has become of a message for one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Receipt {
    /// The member.
    pub user: UserId,
    /// What.
    pub state: ReceiptState,
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptState {
    /// No device of the member has it.
    Sent,
    /// A device has it.
    Delivered,
    /// The member has read it.
    Read,
}

/// For how many a message came how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCounts {
    /// All of them.
    pub of: u32,
    /// Those who have it.
    pub delivered: u32,
    /// Those who have read it.
    pub read: u32,
}

impl ReceiptCounts {
    /// Counts one more.
    pub const fn add(&mut self, state: ReceiptState) {
        self.of += 1;
        self.delivered += matches!(state, ReceiptState::Delivered | ReceiptState::Read) as u32;
        self.read += matches!(state, ReceiptState::Read) as u32;
    }

    /// What a sender is shown beside his message: how far it came for everybody. Nobody is no one
    /// who has read it.
    #[must_use]
    pub const fn ticks(&self) -> ReceiptState {
        match self {
            Self { of: 0, .. } => ReceiptState::Sent,
            Self { of, read, .. } if *read == *of => ReceiptState::Read,
            Self { of, delivered, .. } if *delivered == *of => ReceiptState::Delivered,
            _ => ReceiptState::Sent,
        }
    }
}

/// Whether a user's reads are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// Others see what he has read, and he sees what they have read.
    #[default]
    Shown,
    /// Neither.
    Hidden,
}

impl Reads {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }
}

/// How far a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCursors {
    /// The member.
    pub user: UserId,
    /// The furthest delivered cursor of his devices.
    pub delivered: MsgId,
    /// How far he has read; 0 when that is not shown.
    pub read: MsgId,
}
