//! Receipts: who received and who read a message. Computed from cursors, never stored.

use serde::{Deserialize, Serialize};

use crate::ids::{MsgId, UserId};
use crate::wire::codec;

/// A page of a message's receipts. Covers everyone who was a member when the message was sent and
/// still is, except its sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptPage {
    /// Ordered by user id; at most [`crate::limits::RECEIPTS_PER_PAGE_MAX`].
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<Receipt>,
    /// Totals over all pages. `None` in conversations with more than
    /// [`crate::limits::RECEIPTS_COUNTED_MAX`] members: add up the pages.
    pub counts: Option<ReceiptCounts>,
    /// Whether the requesting user sees what others have read. With [`Reads::Hidden`], no receipt
    /// is [`ReceiptState::Read`].
    pub reads: Reads,
    /// The last user of this page if there are more, to request the next one. A page may be empty
    /// without being the last.
    pub next_after: Option<UserId>,
}

/// A message's state for one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Receipt {
    /// The member.
    pub user: UserId,
    /// How far the message got.
    pub state: ReceiptState,
}

/// How far a message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptState {
    /// None of the member's devices has received it.
    Sent,
    /// At least one device has received it.
    Delivered,
    /// The member has read it.
    Read,
}

/// A message's receipts, counted by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCounts {
    /// All receipts.
    pub of: u32,
    /// Members who received it, including those who read it.
    pub delivered: u32,
    /// Members who read it.
    pub read: u32,
}

impl ReceiptCounts {
    /// Counts one more receipt.
    pub const fn add(&mut self, state: ReceiptState) {
        self.of += 1;
        self.delivered += matches!(state, ReceiptState::Delivered | ReceiptState::Read) as u32;
        self.read += matches!(state, ReceiptState::Read) as u32;
    }

    /// Returns the state to show next to a message: the least that holds for every member.
    /// [`ReceiptState::Sent`] if there are no receipts.
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

/// Whether a user shares read receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// Others see what the user has read, and the user sees what they have read.
    #[default]
    Shown,
    /// Neither.
    Hidden,
}

impl Reads {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }
}

/// A member's cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCursors {
    /// The member.
    pub user: UserId,
    /// The furthest delivered cursor over all of the member's devices.
    pub delivered: MsgId,
    /// The furthest position read; 0 if hidden.
    pub read: MsgId,
}
