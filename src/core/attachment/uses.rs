//! Which messages name which attachments.

use cairn_proto::attachment::Attachment;
use cairn_proto::error::ErrorCode;
use cairn_proto::ids::{ConversationId, MsgId, UserId};

use super::AttachmentRecord;
use crate::core::batch::Batch;
use crate::core::change::Change;
use crate::core::state::State;
use crate::limits::{USES_ENDED_MAX, USES_ENDED_UPLOADS_MAX};

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

    /// Whether it is known what the next messages name that go from a conversation.
    pub(in crate::core) fn knows_next_uses(&self, conversation: ConversationId) -> bool {
        let floor = self.conversations.get(&conversation).map_or(MsgId::ZERO, |found| found.record.floor);
        self.attachments.known_through(conversation).is_some_and(|known| known > floor)
    }

    /// How far the floor of a conversation can go from `old` up to `wanted` at once: as far as it is known which attachments that takes,
    /// and as what is written of them fits into one batch.
    pub(in crate::core) fn floor_within_known_uses(&self, conversation: ConversationId, old: MsgId, wanted: MsgId) -> MsgId {
        let known = self.attachments.known_through(conversation).map_or(wanted, |known| wanted.min(known).max(old));
        let mut uploads = 0;
        for (taken, (msgid, hash)) in self.attachments.used_within(conversation, old, known).enumerate() {
            uploads += self.attachments.record(hash).map_or(0, |record| record.uploads.len());
            if taken >= USES_ENDED_MAX || (taken > 0 && uploads > USES_ENDED_UPLOADS_MAX) {
                return msgid.prev();
            }
        }
        known
    }

    /// The messages of a conversation above `old` and up to `floor` name nothing any more.
    pub(in crate::core) fn end_uses_within(&mut self, conversation: ConversationId, old: MsgId, floor: MsgId, batch: &mut Batch) {
        let used: Vec<_> = self.attachments.used_within(conversation, old, floor).collect();
        for (msgid, _) in used {
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

#[cfg(test)]
mod tests {
    use cairn_proto::attachment::AttachmentHash;
    use cairn_proto::ids::Timestamp;

    use super::*;
    use crate::core::attachment::Upload;
    use crate::limits::UPLOADERS_MAX;

    #[test]
    fn what_a_step_writes_is_bounded_however_many_uploaded_what_goes() {
        let (mut state, conversation, hash) = (State::default(), ConversationId::new(1), AttachmentHash::new([1; 32]));
        let upload = |user| Upload { user: UserId::new(user), stored_at: Timestamp::new(0), is_sent: true };
        let uploads: Vec<_> = (0..UPLOADERS_MAX as u32).map(upload).collect();
        state.attachments.install_record(hash, Some(AttachmentRecord { bytes: 1, uses: 1_000, uploads }));
        (1..=1_000).for_each(|msgid| state.attachments.install_use(conversation, MsgId::new(msgid), Some(hash)));
        let step = (USES_ENDED_UPLOADS_MAX / UPLOADERS_MAX) as u64;
        for old in [0, 500, 999 - step] {
            let floor = state.floor_within_known_uses(conversation, MsgId::new(old), MsgId::new(1_000));
            assert_eq!(floor, MsgId::new(old + step));
        }
        let floor = state.floor_within_known_uses(conversation, MsgId::new(1_000 - step), MsgId::new(1_000));
        assert_eq!(floor, MsgId::new(1_000));
    }
}
