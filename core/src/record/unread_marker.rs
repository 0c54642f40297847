//! The stored form of marking as unread.

use std::collections::BTreeSet;

use cairn_proto::ids::MsgId;
use serde::{Deserialize, Serialize};

/// What is remembered of a member who marked as unread what he had read, until he has read it
/// again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadMarker {
    /// How far he had read. Others are told this still.
    pub(crate) shown_read: MsgId,
    /// How far below that his own messages lie that are above the read cursor: they are no messages
    /// of others.
    own_offsets: Vec<u16>,
}

impl UnreadMarker {
    /// The marker of a member who had read up to `shown_read` and whose own messages these are.
    #[must_use]
    pub fn new(shown_read: MsgId, own: &BTreeSet<MsgId>) -> Self {
        Self {
            shown_read,
            own_offsets: own
                .iter()
                .map(|&msgid| u16::try_from(shown_read.above(msgid)).unwrap_or(u16::MAX))
                .collect(),
        }
    }

    /// How far the member had read.
    #[must_use]
    pub const fn shown_read(&self) -> MsgId {
        self.shown_read
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = MsgId> {
        self.own_offsets
            .iter()
            .map(|&below| MsgId::new(self.shown_read.get().saturating_sub(below.into())))
    }
}
