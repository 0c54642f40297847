//! Which messages name which attachments.

use cairn_proto::attachment::Attachment;
use cairn_proto::error::ErrorCode;
use cairn_proto::ids::{ConversationId, MsgId, UserId};

use super::AttachmentRecord;
use crate::core::batch::Batch;
use crate::core::change::Change;
use crate::core::state::State;

impl State {
    /// Whether a user may send a message that names this attachment.
    pub(in crate::core) fn check_attachment(&self, user: UserId, attachment: &Attachment) -> Result<(), ErrorCode> {
        let record = self.attachments.record(attachment.hash).filter(|record| record.upload_of(user).is_some());
        match record {
            Some(record) if record.bytes == attachment.size_bytes => Ok(()),
            Some(_) => Err(ErrorCode::WrongSize),
            None => Err(ErrorCode::NoSuchAttachment),
        }
    }

    /// A new message of `user` names an attachment.
    pub(in crate::core) fn begin_use(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        user: UserId,
        attachment: &Attachment,
        batch: &mut Batch,
    ) {
        let hash = attachment.hash;
        let Some(mut record) = self.attachments.record(hash).cloned() else { return };
        record.uses = record.uses.saturating_add(1);
        record.uploads.iter_mut().filter(|upload| upload.user == user).for_each(|upload| upload.is_sent = true);
        self.make(&Change::Attached { conversation, msgid, hash: Some(hash) }, batch);
        self.make(&Change::Attachment(hash, Some(record)), batch);
    }

    /// How far the floor of a conversation can go up to `floor` at once: as far as it is known which attachments that takes.
    pub(in crate::core) fn floor_within_known_uses(&self, conversation: ConversationId, floor: MsgId) -> MsgId {
        self.attachments.known_through(conversation).map_or(floor, |known| floor.min(known))
    }

    /// The messages up to the floor of a conversation name nothing any more.
    pub(in crate::core) fn end_uses_through(&mut self, conversation: ConversationId, floor: MsgId, batch: &mut Batch) {
        for msgid in self.attachments.used_through(conversation, floor) {
            self.end_use(conversation, msgid, batch);
        }
    }

    /// A message names its attachment no more, if it ever named one: it was recalled, or is gone.
    pub(in crate::core) fn end_use(&mut self, conversation: ConversationId, msgid: MsgId, batch: &mut Batch) {
        let Some(hash) = self.attachments.used(conversation, msgid) else { return };
        self.make(&Change::Attached { conversation, msgid, hash: None }, batch);
        if let Some(record) = self.attachments.record(hash) {
            let record = AttachmentRecord { uses: record.uses.saturating_sub(1), ..record.clone() };
            self.make(&Change::Attachment(hash, Some(record)), batch);
        }
    }
}
