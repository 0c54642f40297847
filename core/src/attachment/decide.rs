//! Uploads, downloads and garbage collection.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::wire::error::ErrorCode;

use super::charged_bytes;
use crate::api::actor::Actor;
use crate::api::attachment::{AttachmentCommand, AttachmentReply};
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::limits::{GC_BATCH_ATTACHMENTS_MAX, UPLOADERS_MAX};
use crate::record::{AttachmentRecord, Upload};
use crate::state::State;

const HOUR_MS: u64 = 60 * 60 * 1000;

impl State {
    pub(crate) fn attachment(
        &mut self,
        command: AttachmentCommand,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<AttachmentReply, ErrorCode> {
        match command {
            AttachmentCommand::Begin(actor, hash, bytes) => {
                self.begin_upload(actor, hash, bytes, now, batch)
            }
            AttachmentCommand::Stored(actor, hash, bytes) => {
                self.finish_upload(actor, hash, bytes, now, batch)
            }
            AttachmentCommand::Fetch {
                actor,
                conversation,
                msgid,
                hash,
            } => self.fetch(actor, conversation, msgid, hash),
            AttachmentCommand::Collect(above) => Ok(self.collect(above, now, batch)),
            AttachmentCommand::Orphans(mut hashes) => {
                hashes.retain(|&hash| self.attachments.record(hash).is_none());
                Ok(AttachmentReply::Orphans(hashes))
            }
        }
    }

    /// A user who uploaded the bytes before need not do so again. Anyone else must prove to have
    /// them: knowing a hash must not give access to the file.
    fn begin_upload(
        &mut self,
        actor: Actor,
        hash: AttachmentHash,
        bytes: u64,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<AttachmentReply, ErrorCode> {
        self.check_actor(actor)?;
        if bytes > self.settings.attachment_bytes_max.get() {
            return Err(ErrorCode::AttachmentTooLarge);
        }
        if let Some(record) = self.attachments.record(hash)
            && record.upload_of(actor.user).is_some()
        {
            if record.bytes != bytes {
                return Err(ErrorCode::WrongSize);
            }
            // Restarts the grace period: otherwise gc could remove the file between this reply and
            // the message that references it.
            let record = record.clone();
            self.note_upload(actor.user, hash, record, now, batch);
            return Ok(AttachmentReply::Stored);
        }
        Ok(AttachmentReply::Wanted {
            quota_left: self.check_quota(actor.user, bytes)?,
        })
    }

    fn finish_upload(
        &mut self,
        actor: Actor,
        hash: AttachmentHash,
        bytes: u64,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<AttachmentReply, ErrorCode> {
        self.check_actor(actor)?;
        let record = match self.attachments.record(hash) {
            Some(record) if record.bytes != bytes => return Err(ErrorCode::WrongSize),
            Some(record) => record.clone(),
            None => AttachmentRecord {
                bytes,
                uses: 0,
                uploads: Vec::new(),
            },
        };
        if record.upload_of(actor.user).is_none() {
            self.check_quota(actor.user, bytes)?;
        }
        self.note_upload(actor.user, hash, record, now, batch);
        Ok(AttachmentReply::Stored)
    }

    /// Returns the quota that is left if `bytes` fit into it.
    fn check_quota(&self, user: UserId, bytes: u64) -> Result<u64, ErrorCode> {
        let quota_left = self
            .settings
            .attachment_quota
            .get()
            .saturating_sub(self.attachments.bytes_of(user));
        if charged_bytes(bytes) > quota_left {
            Err(ErrorCode::QuotaReached)
        } else {
            Ok(quota_left)
        }
    }

    /// Makes the user the latest uploader. Beyond [`UPLOADERS_MAX`] the oldest is forgotten and may
    /// upload again.
    fn note_upload(
        &mut self,
        user: UserId,
        hash: AttachmentHash,
        mut record: AttachmentRecord,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        let bytes = record.bytes;
        let is_new = record.upload_of(user).is_none();
        record.uploads.retain(|upload| upload.user != user);
        let forgotten =
            (record.uploads.len() >= UPLOADERS_MAX).then(|| record.uploads.remove(0).user);
        record.uploads.push(Upload {
            user,
            stored_at: now,
            is_sent: false,
        });
        self.make(&Change::Attachment(hash, Some(record)), batch);
        if is_new {
            let bytes = self
                .attachments
                .bytes_of(user)
                .saturating_add(charged_bytes(bytes));
            self.make(&Change::AttachmentBytes { user, bytes }, batch);
        }
        if let Some(user) = forgotten {
            self.release_quota(user, bytes, batch);
        }
    }

    /// Returns the quota of a file to the user.
    fn release_quota(&mut self, user: UserId, bytes: u64, batch: &mut Batch) {
        let bytes = self
            .attachments
            .bytes_of(user)
            .saturating_sub(charged_bytes(bytes));
        self.make(&Change::AttachmentBytes { user, bytes }, batch);
    }

    /// Every refusal is the same [`ErrorCode::NoSuchAttachment`], so that hashes cannot be probed.
    /// Only a user who could see the message learns that it expired, as with everything else about
    /// it.
    fn fetch(
        &self,
        actor: Actor,
        conversation: ConversationId,
        msgid: MsgId,
        hash: AttachmentHash,
    ) -> Result<AttachmentReply, ErrorCode> {
        self.check_actor(actor)?;
        let Ok((found, member)) = self.membership(actor.user, conversation) else {
            return Err(ErrorCode::NoSuchAttachment);
        };
        if msgid > member.record.details.floor {
            found.check_unexpired(msgid)?;
        }
        let is_named = msgid > found.floor(&member.record)
            && self.attachments.attachment_of(conversation, msgid) == Some(hash);
        let record = self
            .attachments
            .record(hash)
            .filter(|_| is_named)
            .ok_or(ErrorCode::NoSuchAttachment)?;
        Ok(AttachmentReply::Fetch {
            bytes: record.bytes,
        })
    }

    fn collect(
        &mut self,
        above: Option<AttachmentHash>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> AttachmentReply {
        let scanned: Vec<_> = self
            .attachments
            .unused_above(above)
            .take(GC_BATCH_ATTACHMENTS_MAX)
            .collect();
        let next = scanned
            .last()
            .copied()
            .filter(|_| scanned.len() == GC_BATCH_ATTACHMENTS_MAX);
        let kept_ms = self.settings.attachment_unsent_hours.get() as u64 * HOUR_MS;
        let is_unreferenced = |record: &AttachmentRecord| {
            record.uses == 0
                && record
                    .uploads
                    .iter()
                    .all(|upload| upload.is_expired(now, kept_ms))
        };
        // Decided and removed in one command, so no upload or send can come in between. The caller
        // deletes the files only when the batch is durable: in the other order, a crash would leave
        // a record, and messages sent with it, without bytes.
        let mut collected = Vec::new();
        for hash in scanned {
            let Some(record) = self
                .attachments
                .record(hash)
                .filter(|record| is_unreferenced(record))
                .cloned()
            else {
                continue;
            };
            self.make(&Change::Attachment(hash, None), batch);
            for upload in record.uploads {
                self.release_quota(upload.user, record.bytes, batch);
            }
            collected.push(hash);
        }
        AttachmentReply::Collected {
            gone: collected,
            next,
        }
    }
}
