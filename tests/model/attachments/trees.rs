//! The trees of attachments.

use std::collections::BTreeMap;

use cairn_core::State;
use cairn_core::prefetch::Load;
use cairn_core::record::{AttachmentRecord, Row};
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_store::trees::Tree;

use crate::model::trees::mix;

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::model) struct AttachmentTrees {
    pub(in crate::model) records: BTreeMap<AttachmentHash, AttachmentRecord>,
    pub(in crate::model) unused: BTreeMap<AttachmentHash, ()>,
    pub(in crate::model) uses: BTreeMap<(ConversationId, MsgId), AttachmentHash>,
    pub(in crate::model) bytes: BTreeMap<UserId, u64>,
}

fn set<K: Ord, V>(tree: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(tree.insert(key, value)),
        None => drop(tree.remove(&key)),
    }
}

impl AttachmentTrees {
    /// Stores a row, if it belongs to one of these trees.
    pub(in crate::model) fn put(&mut self, row: Row) {
        match row {
            Row::Attachment(hash, record) => {
                let is_unused = record.as_ref().is_some_and(|record| record.uses == 0);
                set(&mut self.unused, hash, is_unused.then_some(()));
                set(&mut self.records, hash, record);
            }
            Row::Attached(conversation, msgid, hash) => {
                set(&mut self.uses, (conversation, msgid), hash)
            }
            Row::AttachmentBytes(user, bytes) => {
                set(&mut self.bytes, user, (bytes > 0).then_some(bytes))
            }
            other => panic!("{other:?} is no row of attachments"),
        }
    }

    /// Loads what a starting server loads.
    pub(in crate::model) fn open(&self, state: &mut State) {
        self.bytes
            .iter()
            .for_each(|(&user, &bytes)| state.attachments.install_bytes(user, bytes));
        self.unused
            .keys()
            .for_each(|&hash| state.attachments.install_unused(hash));
    }

    /// Loads what the state requires about attachments.
    pub(in crate::model) fn load(&self, state: &mut State, need: Load) {
        match need {
            Load::Attachment(hash) => state
                .attachments
                .install_record(hash, self.records.get(&hash).cloned()),
            Load::Attached(conversation, msgid) => {
                state.attachments.install_ref(
                    conversation,
                    msgid,
                    self.uses.get(&(conversation, msgid)).copied(),
                );
                if let Some(hash) = state.attachments.attachment_of(conversation, msgid) {
                    self.load(state, Load::Attachment(hash));
                }
            }
            Load::FirstAttached(conversation) => {
                let here: Vec<_> = self
                    .uses
                    .keys()
                    .filter(|key| key.0 == conversation)
                    .copied()
                    .collect();
                here.into_iter()
                    .for_each(|(_, msgid)| self.load(state, Load::Attached(conversation, msgid)));
                state
                    .attachments
                    .install_known_through(conversation, MsgId::new(u64::MAX));
            }
            _ => {}
        }
    }

    /// The trees after a crash during a checkpoint.
    pub(in crate::model) fn mixed(
        older: &Self,
        newer: &Self,
        pick: &mut impl FnMut(Tree) -> bool,
    ) -> Self {
        Self {
            records: mix(&older.records, &newer.records, || pick(Tree::Attachments)),
            unused: mix(&older.unused, &newer.unused, || pick(Tree::Unused)),
            uses: mix(&older.uses, &newer.uses, || pick(Tree::Attached)),
            bytes: mix(&older.bytes, &newer.bytes, || pick(Tree::AttachmentBytes)),
        }
    }
}
