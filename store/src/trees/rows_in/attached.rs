//! Loading attachments and the messages that refer to them.

use cairn_core::State;
use cairn_core::limits::REFS_DROPPED_MAX;
use cairn_core::record::AttachmentRecord;
use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId};

use super::Loader;
use crate::trees::db::TreesError;
use crate::trees::{RowKey, RowPrefix, parse};

impl Loader {
    pub(super) fn attachment(
        &self,
        state: &mut State,
        hash: AttachmentHash,
    ) -> Result<(), TreesError> {
        let record = self
            .trees
            .read::<AttachmentRecord>(&RowKey::attachment(hash))?;
        state.attachments.install_record(hash, record);
        Ok(())
    }

    /// Loads the reference of a message, and its attachment.
    pub(super) fn attached(
        &self,
        state: &mut State,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Result<(), TreesError> {
        let stored = self
            .trees
            .read::<AttachmentHash>(&RowKey::attached(conversation, msgid))?;
        state.attachments.install_ref(conversation, msgid, stored);
        // The reference in memory may be newer.
        state
            .attachments
            .attachment_of(conversation, msgid)
            .map_or(Ok(()), |hash| self.attachment(state, hash))
    }

    /// Loads the first references above the floor of a conversation, and their attachments. Rows
    /// below the floor may remain.
    pub(super) fn first_attached(
        &self,
        state: &mut State,
        conversation: ConversationId,
    ) -> Result<(), TreesError> {
        let mut last = state
            .conversation(conversation)
            .map_or(MsgId::ZERO, |found| found.record.floor);
        let after = RowKey::attached(conversation, last);
        let stored = self.trees.scan::<AttachmentHash>(
            &RowPrefix::attached_in(conversation),
            Some(&after),
            REFS_DROPPED_MAX,
        )?;
        let is_all = stored.len() < REFS_DROPPED_MAX;
        for (key, hash) in stored {
            let Some((_, msgid)) = parse::attached(key.bytes()) else {
                continue;
            };
            state
                .attachments
                .install_ref(conversation, msgid, Some(hash));
            last = msgid;
        }
        let known = if is_all { MsgId::new(u64::MAX) } else { last };
        state.attachments.install_known_through(conversation, known);
        for hash in state.attachments.hashes_through(conversation, known) {
            if !state.attachments.knows(hash) {
                self.attachment(state, hash)?;
            }
        }
        Ok(())
    }
}
