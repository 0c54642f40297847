//! The bound of the store: the bytes of its entries, and which conversations to trim first.

use std::collections::HashMap;

use cairn_client::Timestamp;
use cairn_client::proto::ids::ConversationId;

use super::plan::Change;
use super::row::{Table, entry_of};

/// The entries of one conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) bytes: u64,
    /// When the user last opened it, in ms.
    pub(crate) opened: u64,
}

impl Use {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = self.bytes.to_le_bytes().to_vec();
        out.extend(self.opened.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, opened) = bytes.split_first_chunk()?;
        Some(Self {
            bytes: u64::from_le_bytes(*bytes),
            opened: u64::from_le_bytes(opened.try_into().ok()?),
        })
    }
}

/// What all conversations take.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    all: HashMap<ConversationId, Use>,
    pub(crate) total_bytes: u64,
}

impl Usage {
    pub(crate) fn insert(&mut self, id: ConversationId, used: Use) {
        self.total_bytes += used.bytes;
        self.all.insert(id, used);
    }

    pub(crate) fn get(&self, id: ConversationId) -> Use {
        self.all.get(&id).copied().unwrap_or_default()
    }

    pub(crate) fn opened(&mut self, id: ConversationId, now: Timestamp) {
        self.all.entry(id).or_default().opened = now.get();
    }

    /// Counts what is about to be written. Returns the conversations whose use changes.
    pub(crate) fn count(&mut self, changes: &[Change]) -> Vec<ConversationId> {
        let mut changed = Vec::new();
        for change in changes {
            let Some((id, _)) =
                entry_of(&change.row.key).filter(|_| change.row.table == Table::Entries)
            else {
                continue;
            };
            let size = |bytes: usize| (change.row.key.len() + bytes) as u64;
            let (old, new) = (
                change.old_bytes.map_or(0, size),
                change.new.as_ref().map_or(0, |new| size(new.len())),
            );
            let used = self.all.entry(id).or_default();
            used.bytes = (used.bytes + new).saturating_sub(old);
            self.total_bytes = (self.total_bytes + new).saturating_sub(old);
            if changed.last() != Some(&id) {
                changed.push(id);
            }
        }
        changed
    }

    /// Returns the conversation to trim: of those that hold entries, the one that was opened least
    /// recently.
    pub(crate) fn least_recent(&self) -> Option<ConversationId> {
        let held = self.all.iter().filter(|(_, used)| used.bytes > 0);
        held.min_by_key(|&(&id, used)| (used.opened, id))
            .map(|(&id, _)| id)
    }
}
