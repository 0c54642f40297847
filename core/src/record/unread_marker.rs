//! The marker of a member who marked messages as unread.

use std::collections::BTreeSet;

use cairn_proto::ids::MsgId;
use serde::{Deserialize, Serialize};

/// Remembers what a member had read before marking it as unread, until it is read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadMarker {
    /// The read position that others keep seeing.
    pub(crate) shown_read: MsgId,
    /// The member's own messages above the read cursor, as distances below `shown_read`. They never
    /// count as unread.
    own_offsets: Vec<u16>,
}

impl UnreadMarker {
    /// Creates the marker of a member who had read up to `shown_read`.
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
