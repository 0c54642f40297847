//! The stored form of marking as unread.

use std::collections::BTreeSet;

use cairn_proto::ids::MsgId;
use serde::{Deserialize, Serialize};

/// What is remembered of a member who marked as unread what he had read, until he has read it
/// again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadMarker {
    /// How far he had read. Others are told this still.
    pub(crate) told: MsgId,
    /// How far below that his own messages lie that are above the read cursor: they are no messages
    /// of others.
    own: Vec<u16>,
}

impl UnreadMarker {
    /// The mark of a member who had read up to `told` and whose own messages these are.
    #[must_use]
    pub fn new(told: MsgId, own: &BTreeSet<MsgId>) -> Self {
        Self {
            told,
            own: own
                .iter()
                .map(|&msgid| u16::try_from(told.above(msgid)).unwrap_or(u16::MAX))
                .collect(),
        }
    }

    /// How far the member had read.
    #[must_use]
    pub const fn told(&self) -> MsgId {
        self.told
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = MsgId> {
        self.own
            .iter()
            .map(|&below| MsgId::new(self.told.get().saturating_sub(below.into())))
    }
}
