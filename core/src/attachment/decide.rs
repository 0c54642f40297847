//! Uploads, downloads and garbage collection.

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{Timestamp, UserId};
use cairn_proto::wire::error::ErrorCode;

use super::charged_bytes;
use crate::api::actor::Actor;
use crate::api::batch::Batch;
use crate::api::change::Change;
use crate::api::command::{
    BeginUpload, CollectAttachments, Collected, EndUpload, FindOrphans, GrantDownload, UploadState,
};
use crate::command::{Command, Visits};
use crate::limits::{GC_BATCH_ATTACHMENTS_MAX, UPLOADERS_MAX};
use crate::prefetch::Load;
use crate::record::{AttachmentRecord, Upload};
use crate::state::State;

const HOUR_MS: u64 = 60 * 60 * 1000;

impl Command for BeginUpload {
    type Answer = UploadState;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        loads.extend(state.record_of(self.hash));
        if self.actor.user == UserId::VISITOR {
            state.visiting(self.actor, Visits::Own, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<UploadState, ErrorCode> {
        let Self { actor, hash, bytes } = self;
        state.check_requester(actor, Visits::Own)?;
        state.check_visitor_upload(actor)?;
        if bytes > state.settings.attachment_bytes_max.get() {
            return Err(ErrorCode::AttachmentTooLarge);
        }
        // Visitors share a user id. What one uploaded is not proven for another one.
        if actor.user != UserId::VISITOR
            && let Some(record) = state.attachments.record(hash)
            && record.upload_of(actor.user).is_some()
        {
            if record.bytes != bytes {
                return Err(ErrorCode::WrongSize);
            }
            // Restarts the grace period: otherwise gc could remove the file between this reply and
            // the message that references it.
            let record = record.clone();
            state.note_upload(actor.user, hash, record, now, batch);
            return Ok(UploadState::Stored);
        }
        Ok(UploadState::Wanted {
            quota_left: state.check_quota(actor, bytes)?,
        })
    }
}

impl Command for EndUpload {
    type Answer = ();
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        loads.extend(state.record_of(self.hash));
        if self.actor.user == UserId::VISITOR {
            state.visiting(self.actor, Visits::Own, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), ErrorCode> {
        let Self { actor, hash, bytes } = self;
        state.check_requester(actor, Visits::Own)?;
        state.check_visitor_upload(actor)?;
        let record = match state.attachments.record(hash) {
            Some(record) if record.bytes != bytes => return Err(ErrorCode::WrongSize),
            Some(record) => record.clone(),
            None => AttachmentRecord {
                bytes,
                uses: 0,
                uploads: Vec::new(),
            },
        };
        if actor.user == UserId::VISITOR || record.upload_of(actor.user).is_none() {
            state.check_quota(actor, bytes)?;
        }
        state.note_upload(actor.user, hash, record, now, batch);
        if actor.user == UserId::VISITOR {
            state.note_visitor_upload(actor, hash, bytes, batch);
        }
        Ok(())
    }
}

impl Command for GrantDownload {
    type Answer = u64;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        if self.actor.user == UserId::VISITOR {
            state.visiting(self.actor, Visits::In(self.conversation), loads);
        }
        let own = state.own_membership(self.conversation, self.actor.user, loads);
        if own.is_some_and(|(found, member)| found.shows(&member.record, self.msgid)) {
            state.reference(self.conversation, self.msgid, loads);
        }
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<u64, ErrorCode> {
        let Self {
            actor,
            conversation,
            msgid,
            hash,
        } = self;
        let visits = Visits::In(conversation);
        state.check_requester(actor, visits).map_err(|refusal| {
            match actor.user == UserId::VISITOR {
                true => ErrorCode::NoSuchAttachment,
                false => refusal,
            }
        })?;
        let Ok((found, member)) = state.membership(actor.user, conversation) else {
            return Err(ErrorCode::NoSuchAttachment);
        };
        if msgid > member.record.details.floor {
            found.check_unexpired(msgid)?;
        }
        let is_named = msgid > found.floor(&member.record)
            && state.attachments.attachment_of(conversation, msgid) == Some(hash);
        let record = state
            .attachments
            .record(hash)
            .filter(|_| is_named)
            .ok_or(ErrorCode::NoSuchAttachment)?;
        Ok(record.bytes)
    }
}

impl Command for CollectAttachments {
    type Answer = Collected;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        let unused = state
            .attachments
            .unused_above(self.0)
            .take(GC_BATCH_ATTACHMENTS_MAX);
        loads.extend(unused.filter_map(|hash| state.record_of(hash)));
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Collected, ErrorCode> {
        let above = self.0;
        let scanned: Vec<_> = state
            .attachments
            .unused_above(above)
            .take(GC_BATCH_ATTACHMENTS_MAX)
            .collect();
        let next = scanned
            .last()
            .copied()
            .filter(|_| scanned.len() == GC_BATCH_ATTACHMENTS_MAX);
        let kept_ms = state.settings.attachment_unsent_hours.get() as u64 * HOUR_MS;
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
            let Some(record) = state
                .attachments
                .record(hash)
                .filter(|record| is_unreferenced(record))
                .cloned()
            else {
                continue;
            };
            state.make(&Change::Attachment(hash, None), batch);
            for upload in record.uploads {
                state.release_quota(upload.user, record.bytes, batch);
            }
            collected.push(hash);
        }
        Ok(Collected {
            gone: collected,
            next,
        })
    }
}

impl Command for FindOrphans {
    type Answer = Vec<AttachmentHash>;
    type Found = ();

    fn prefetch(&self, state: &State, loads: &mut Vec<Load>) {
        loads.extend(self.0.iter().filter_map(|&hash| state.record_of(hash)));
    }

    fn execute(
        self,
        (): (),
        state: &mut State,
        _: Timestamp,
        _: &mut Batch,
    ) -> Result<Self::Answer, ErrorCode> {
        let Self(mut hashes) = self;
        hashes.retain(|&hash| state.attachments.record(hash).is_none());
        Ok(hashes)
    }
}

impl State {
    /// Returns the quota that is left if `bytes` fit into it. Visitors share that of one user, of
    /// which each inquiry has a part.
    fn check_quota(&self, actor: Actor, bytes: u64) -> Result<u64, ErrorCode> {
        let quota_left = self
            .settings
            .attachment_quota
            .get()
            .saturating_sub(self.attachments.bytes_of(actor.user))
            .min(self.inquiry_quota_left(actor));
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
}
