//! References: which messages name which attachments.

use cairn_proto::content::attachment::Attachment;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::wire::error::ErrorCode;

use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::limits::{REFS_DROPPED_MAX, REFS_DROPPED_UPLOADS_MAX};
use crate::record::AttachmentRecord;
use crate::state::State;

impl State {
    /// Checks that a user may send a message with this attachment.
    pub(crate) fn check_attachment(
        &self,
        user: UserId,
        attachment: &Attachment,
    ) -> Result<(), ErrorCode> {
        let record = self
            .attachments
            .record(attachment.hash)
            .filter(|record| record.upload_of(user).is_some());
        match record {
            Some(record) if record.bytes == attachment.size_bytes => Ok(()),
            Some(_) => Err(ErrorCode::WrongSize),
            None => Err(ErrorCode::NoSuchAttachment),
        }
    }

    /// Adds the reference of a new message.
    pub(crate) fn add_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        user: UserId,
        attachment: &Attachment,
        batch: &mut Batch,
    ) {
        let hash = attachment.hash;
        let Some(record) = self.attachments.record(hash) else {
            return;
        };
        let uses = record.uses.saturating_add(1);
        // A record with many uploaders is large, so it is written only when `is_sent` changes; the
        // count alone takes a few bytes.
        let is_first = record.upload_of(user).is_some_and(|upload| !upload.is_sent);
        let sent = is_first.then(|| {
            let mut record = AttachmentRecord {
                uses,
                ..record.clone()
            };
            record
                .uploads
                .iter_mut()
                .filter(|upload| upload.user == user)
                .for_each(|upload| upload.is_sent = true);
            Change::Attachment(hash, Some(record))
        });
        self.make(
            &Change::Attached {
                conversation,
                msgid,
                hash: Some(hash),
            },
            batch,
        );
        self.make(
            &sent.unwrap_or(Change::AttachmentRefs { hash, uses }),
            batch,
        );
    }

    /// Returns whether the references of the next messages to expire are loaded.
    pub(crate) fn knows_next_refs(&self, conversation: ConversationId) -> bool {
        let floor = self
            .conversations
            .get(&conversation)
            .map_or(MsgId::ZERO, |found| found.record.floor);
        self.attachments
            .known_through(conversation)
            .is_some_and(|known| known > floor)
    }

    /// How far the floor may move from `old` towards `wanted` in one step: as far as the references
    /// are loaded, and as far as their removal fits into one batch.
    pub(crate) fn floor_within_known_refs(
        &self,
        conversation: ConversationId,
        old: MsgId,
        wanted: MsgId,
    ) -> MsgId {
        let known = self
            .attachments
            .known_through(conversation)
            .map_or(wanted, |known| wanted.min(known).max(old));
        let mut uploads = 0;
        for (taken, (msgid, hash)) in self
            .attachments
            .refs_within(conversation, old, known)
            .enumerate()
        {
            uploads += self
                .attachments
                .record(hash)
                .map_or(0, |record| record.uploads.len());
            if taken >= REFS_DROPPED_MAX || (taken > 0 && uploads > REFS_DROPPED_UPLOADS_MAX) {
                return msgid.prev();
            }
        }
        known
    }

    /// Drops the references of the messages above `old` up to `floor`.
    pub(crate) fn drop_refs_within(
        &mut self,
        conversation: ConversationId,
        old: MsgId,
        floor: MsgId,
        batch: &mut Batch,
    ) {
        let used: Vec<_> = self
            .attachments
            .refs_within(conversation, old, floor)
            .collect();
        for (msgid, _) in used {
            self.drop_ref(conversation, msgid, batch);
        }
    }

    /// Drops the reference of a message that was recalled or expired. No-op if it has none.
    pub(crate) fn drop_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        batch: &mut Batch,
    ) {
        let Some(hash) = self.attachments.attachment_of(conversation, msgid) else {
            return;
        };
        self.make(
            &Change::Attached {
                conversation,
                msgid,
                hash: None,
            },
            batch,
        );
        if let Some(uses) = self
            .attachments
            .record(hash)
            .map(|record| record.uses.saturating_sub(1))
        {
            self.make(&Change::AttachmentRefs { hash, uses }, batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_proto::content::attachment::AttachmentHash;
    use cairn_proto::ids::Timestamp;

    use super::*;
    use crate::limits::UPLOADERS_MAX;
    use crate::record::Upload;

    #[test]
    fn step_writes_are_bounded_by_uploads() {
        let (mut state, conversation, hash) = (
            State::default(),
            ConversationId::new(1),
            AttachmentHash::new([1; 32]),
        );
        let upload = |user| Upload {
            user: UserId::new(user),
            stored_at: Timestamp::new(0),
            is_sent: true,
        };
        let uploads: Vec<_> = (0..UPLOADERS_MAX as u32).map(upload).collect();
        state.attachments.install_record(
            hash,
            Some(AttachmentRecord {
                bytes: 1,
                uses: 1_000,
                uploads,
            }),
        );
        (1..=1_000).for_each(|msgid| {
            state
                .attachments
                .install_ref(conversation, MsgId::new(msgid), Some(hash))
        });
        let step = (REFS_DROPPED_UPLOADS_MAX / UPLOADERS_MAX) as u64;
        for old in [0, 500, 999 - step] {
            let floor =
                state.floor_within_known_refs(conversation, MsgId::new(old), MsgId::new(1_000));
            assert_eq!(floor, MsgId::new(old + step));
        }
        let floor = state.floor_within_known_refs(
            conversation,
            MsgId::new(1_000 - step),
            MsgId::new(1_000),
        );
        assert_eq!(floor, MsgId::new(1_000));
    }

    #[test]
    fn further_references_write_only_the_count() {
        let (mut state, conversation, hash) = (
            State::default(),
            ConversationId::new(1),
            AttachmentHash::new([1; 32]),
        );
        let upload = |user| Upload {
            user: UserId::new(user),
            stored_at: Timestamp::new(0),
            is_sent: user > 1,
        };
        let record = AttachmentRecord {
            bytes: 1,
            uses: 0,
            uploads: (1..=UPLOADERS_MAX as u32).map(upload).collect(),
        };
        state.attachments.set_record(hash, Some(&record));
        let (name, media_type) = ("a.txt".parse().unwrap(), "text/plain".parse().unwrap());
        let attachment = Attachment {
            hash,
            size_bytes: 1,
            name,
            media_type,
            caption: "".parse().unwrap(),
        };
        let mut msgid = MsgId::ZERO;
        let mut written = |state: &mut State, user| {
            let mut batch = Batch::new(0);
            msgid = msgid.next();
            state.add_ref(
                conversation,
                msgid,
                UserId::new(user),
                &attachment,
                &mut batch,
            );
            batch.payload_bytes()
        };
        assert!(
            written(&mut state, 1) > UPLOADERS_MAX,
            "the first send is recorded"
        );
        let sent = state.attachments.record(hash).cloned().unwrap();
        assert!(sent.uploads.iter().all(|upload| upload.is_sent));
        assert!(
            [1, 2, 5_000]
                .into_iter()
                .all(|user| written(&mut state, user) < 100)
        );
        assert_eq!(
            state.attachments.record(hash),
            Some(&AttachmentRecord { uses: 4, ..sent })
        );
        let mut batch = Batch::new(0);
        state.drop_refs_within(conversation, MsgId::ZERO, MsgId::new(4), &mut batch);
        assert!(batch.payload_bytes() < 400, "{}", batch.payload_bytes());
        assert_eq!(
            state.attachments.unused_above(None).collect::<Vec<_>>(),
            [hash]
        );
    }
}
