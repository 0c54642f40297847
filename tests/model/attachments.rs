//! Attachments in the model: their steps, answers, and expected trees.

mod trees;

use std::collections::{BTreeMap, BTreeSet};

use cairn_core::api::actor::Actor;
use cairn_core::api::command::{BeginUpload, Collected, EndUpload, GrantDownload, UploadState};
use cairn_core::prefetch::Load;
use cairn_core::record::{AttachmentRecord, Upload};
use cairn_core::{Batch, State};
use cairn_proto::content::attachment::{Attachment, AttachmentHash, Media, Preview, Video};
use cairn_proto::content::body::Body;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::text::{Caption, FileName, MediaType};
use cairn_proto::wire::error::ErrorCode;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};

pub(super) use self::trees::AttachmentTrees;
use super::commands::Command;
use super::naive::Naive;
use super::steps::Place;

const QUOTA_BYTES: u64 = 20 << 30;

/// The default retention of unsent files.
const KEPT_HOURS: u64 = 24;

const HOUR_MS: u64 = 60 * 60 * 1000;

pub(super) const DAY_MS: u64 = 24 * HOUR_MS;

const FILES: u8 = 8;

/// With `lies`, the announced length is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum FileStep {
    /// Begins an upload.
    Begin { by: u8, file: u8, lies: bool },
    /// Completes an upload.
    Store { by: u8, file: u8, lies: bool },
    /// Sends a message with a file that the user may have uploaded.
    Attach {
        by: u8,
        to: Place,
        file: u8,
        lies: bool,
    },
    /// Downloads the attachment of the message this far below the head.
    Fetch { by: u8, to: Place, at: i8, file: u8 },
    /// Collects garbage.
    Collect,
    /// Finds files without a record.
    Orphans,
    /// Lets enough time pass for unsent files to expire.
    Day,
}

pub(super) fn file_step(
    place: fn() -> proptest::strategy::BoxedStrategy<Place>,
) -> impl Strategy<Value = FileStep> {
    // Few of each, so that most files are uploaded before they are sent.
    let (by, file) = (|| 0..4_u8, || prop_oneof![4 => 0..2_u8, 1 => 0..FILES]);
    let lies = || prop::bool::weighted(0.1);
    prop_oneof![
        2 => (by(), file(), lies()).prop_map(|(by, file, lies)| FileStep::Begin { by, file, lies }),
        6 => (by(), file(), lies()).prop_map(|(by, file, lies)| FileStep::Store { by, file, lies }),
        8 => (by(), place(), file(), lies())
            .prop_map(|(by, to, file, lies)| FileStep::Attach { by, to, file, lies }),
        4 => (by(), place(), -4..2_i8, file())
            .prop_map(|(by, to, at, file)| FileStep::Fetch { by, to, at, file }),
        3 => Just(FileStep::Collect),
        1 => Just(FileStep::Orphans),
        2 => Just(FileStep::Day),
    ]
}

pub(super) fn hash(file: u8) -> AttachmentHash {
    AttachmentHash::new([file; 32])
}

/// The last two are large: two of them fill a user's quota.
const fn size_bytes(file: u8) -> u64 {
    if file < FILES - 2 {
        file as u64 * 1000
    } else {
        QUOTA_BYTES / 2 - 10_000
    }
}

pub(super) fn said_bytes(file: u8, lies: bool) -> u64 {
    size_bytes(file) + u64::from(lies)
}

/// The size charged for a file: whole blocks, plus the overhead.
fn charge(bytes: u64) -> u64 {
    bytes.div_ceil(4096) * 4096 + 1024
}

/// A message with a file, of any kind.
pub(super) fn body(file: u8, lies: bool, number: u64) -> Body {
    let (name, media_type) = (
        FileName::new("a file").unwrap(),
        MediaType::new("text/plain").unwrap(),
    );
    let caption = Caption::new(format!("message {number}")).unwrap();
    let file = Attachment {
        hash: hash(file),
        name,
        media_type,
        size_bytes: said_bytes(file, lies),
        caption,
    };
    let media = |file| Media {
        file,
        width: 3,
        height: 4,
        preview: Preview::NONE,
    };
    match number % 3 {
        0 => Body::from(file),
        1 => Body::from(media(file)),
        _ => Body::from(Video {
            media: media(file),
            duration_ms: number,
        }),
    }
}

/// An attachment. References to it are counted on demand.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    bytes: u64,
    uploads: Vec<Upload>,
}

impl Naive {
    pub(super) fn find_orphans(&self, hashes: &[AttachmentHash]) -> Vec<AttachmentHash> {
        let unknown = hashes
            .iter()
            .copied()
            .filter(|hash| !self.attachments.contains_key(hash));
        unknown.collect()
    }

    pub(super) fn begin_upload(
        &mut self,
        command: BeginUpload,
        now: Timestamp,
    ) -> Result<UploadState, ErrorCode> {
        let BeginUpload { actor, hash, bytes } = command;
        self.check_actor(actor)?;
        if bytes > self.number_set("attachment-bytes-max", 2 << 30) {
            return Err(ErrorCode::AttachmentTooLarge);
        }
        if self.may_send(actor.user, hash) {
            self.end_upload(EndUpload { actor, hash, bytes }, now)?;
            Ok(UploadState::Stored)
        } else {
            let quota_left = self.quota_left(actor.user, bytes)?;
            Ok(UploadState::Wanted { quota_left })
        }
    }

    fn quota_left(&self, user: UserId, bytes: u64) -> Result<u64, ErrorCode> {
        let quota_left = self
            .number_set("attachment-quota", QUOTA_BYTES)
            .saturating_sub(self.bytes_of(user));
        if charge(bytes) > quota_left {
            Err(ErrorCode::QuotaReached)
        } else {
            Ok(quota_left)
        }
    }

    pub(super) fn end_upload(
        &mut self,
        command: EndUpload,
        now: Timestamp,
    ) -> Result<(), ErrorCode> {
        let EndUpload { actor, hash, bytes } = command;
        self.check_actor(actor)?;
        if self
            .attachments
            .get(&hash)
            .is_some_and(|stored| stored.bytes != bytes)
        {
            return Err(ErrorCode::WrongSize);
        }
        if !self.may_send(actor.user, hash) {
            self.quota_left(actor.user, bytes)?;
        }
        let stored = self.attachments.entry(hash).or_insert(Stored {
            bytes,
            uploads: Vec::new(),
        });
        stored.uploads.retain(|upload| upload.user != actor.user);
        stored.uploads.push(Upload {
            user: actor.user,
            stored_at: now,
            is_sent: false,
        });
        Ok(())
    }

    pub(super) fn grant_download(&self, command: GrantDownload) -> Result<u64, ErrorCode> {
        let GrantDownload {
            actor,
            conversation: id,
            msgid,
            hash,
        } = command;
        self.check_actor(actor)?;
        let found = self
            .inside(actor.user, id)
            .map_err(|_| ErrorCode::NoSuchAttachment)?;
        let floor = found.members[&actor.user].floor;
        if found.has_expired(msgid) && msgid > floor {
            return Err(ErrorCode::Expired);
        }
        let mut seen = found.above(floor);
        let entry = seen
            .find(|&(at, _)| at == msgid)
            .map(|(_, entry)| entry)
            .ok_or(ErrorCode::NoSuchAttachment)?;
        let is_named = entry
            .body
            .attachment()
            .is_some_and(|attachment| attachment.hash == hash);
        if is_named {
            Ok(self.attachments[&hash].bytes)
        } else {
            Err(ErrorCode::NoSuchAttachment)
        }
    }

    pub(super) fn collect(&mut self, now: Timestamp) -> Collected {
        let age_max_ms = self.number_set("attachment-unsent-hours", KEPT_HOURS) * HOUR_MS;
        // If the clock went back, the age is zero, which still expires with a retention of zero.
        let age_ms = |upload: &Upload| now.get().saturating_sub(upload.stored_at.get());
        let is_over = |upload: &Upload| upload.is_sent || age_ms(upload) >= age_max_ms;
        let unused = self.unused();
        let needless = |hash: &AttachmentHash| self.attachments[hash].uploads.iter().all(is_over);
        let gone: Vec<_> = unused.into_iter().filter(needless).collect();
        self.attachments.retain(|hash, _| !gone.contains(hash));
        Collected { gone, next: None }
    }

    pub(super) fn number_set(&self, name: &str, unless_set: u64) -> u64 {
        self.setting(name)
            .map_or(unless_set, |value| value.parse().unwrap())
    }

    pub(super) fn check_attachment(&self, user: UserId, body: &Body) -> Result<(), ErrorCode> {
        let Some(attachment) = body.attachment() else {
            return Ok(());
        };
        if !self.may_send(user, attachment.hash) {
            return Err(ErrorCode::NoSuchAttachment);
        }
        if self.attachments[&attachment.hash].bytes == attachment.size_bytes {
            Ok(())
        } else {
            Err(ErrorCode::WrongSize)
        }
    }

    pub(super) fn sent_attachment(&mut self, user: UserId, body: &Body) {
        let stored = body
            .attachment()
            .and_then(|attachment| self.attachments.get_mut(&attachment.hash));
        let uploads = stored.into_iter().flat_map(|stored| &mut stored.uploads);
        uploads
            .filter(|upload| upload.user == user)
            .for_each(|upload| upload.is_sent = true);
    }

    fn may_send(&self, user: UserId, hash: AttachmentHash) -> bool {
        self.attachments
            .get(&hash)
            .is_some_and(|stored| stored.uploads.iter().any(|upload| upload.user == user))
    }

    fn bytes_of(&self, user: UserId) -> u64 {
        let own = self
            .attachments
            .values()
            .filter(|stored| stored.uploads.iter().any(|upload| upload.user == user));
        own.map(|stored| charge(stored.bytes)).sum()
    }

    /// Every message that refers to an attachment.
    fn uses(&self) -> BTreeMap<(ConversationId, MsgId), AttachmentHash> {
        let entries = self
            .conversations
            .iter()
            .flat_map(|(&id, found)| found.above(found.floor).map(move |entry| (id, entry)));
        entries
            .filter_map(|(id, (msgid, entry))| Some(((id, msgid), entry.body.attachment()?.hash)))
            .collect()
    }

    fn unused(&self) -> BTreeSet<AttachmentHash> {
        let used: BTreeSet<_> = self.uses().into_values().collect();
        self.attachments
            .keys()
            .copied()
            .filter(|hash| !used.contains(hash))
            .collect()
    }

    pub(super) fn attachment_trees(&self) -> AttachmentTrees {
        let uses = self.uses();
        let record = |(&hash, stored): (&AttachmentHash, &Stored)| {
            let named = uses.values().filter(|used| **used == hash).count() as u64;
            (
                hash,
                AttachmentRecord {
                    bytes: stored.bytes,
                    uses: named,
                    uploads: stored.uploads.clone(),
                },
            )
        };
        AttachmentTrees {
            records: self.attachments.iter().map(record).collect(),
            unused: self.unused().into_iter().map(|hash| (hash, ())).collect(),
            bytes: self
                .users
                .keys()
                .map(|&user| (user, self.bytes_of(user)))
                .filter(|&(_, bytes)| bytes > 0)
                .collect(),
            uses,
        }
    }
}

pub(super) fn load_all(state: &mut State, trees: &AttachmentTrees, naive: &Naive) {
    (0..FILES).for_each(|file| trees.load(state, Load::Attachment(hash(file))));
    naive
        .uses()
        .keys()
        .for_each(|&(conversation, msgid)| trees.load(state, Load::Attached(conversation, msgid)));
}

/// Checks that a fully loaded state equals the model.
pub(super) fn check_state(state: &State, naive: &Naive) -> Result<(), TestCaseError> {
    let expected = naive.attachment_trees();
    for file in 0..FILES {
        prop_assert_eq!(
            state.attachments.record(hash(file)),
            expected.records.get(&hash(file)),
            "file {}",
            file
        );
    }
    for (&(conversation, msgid), &hash) in &expected.uses {
        prop_assert_eq!(
            state.attachments.attachment_of(conversation, msgid),
            Some(hash),
            "message {} of {}",
            msgid,
            conversation
        );
    }
    for &user in naive.users.keys() {
        prop_assert_eq!(
            state.attachments.bytes_of(user),
            naive.bytes_of(user),
            "bytes of user {}",
            user
        );
    }
    let unused: BTreeSet<_> = state.attachments.unused_above(None).collect();
    prop_assert_eq!(unused, naive.unused());
    Ok(())
}

/// Checks that users who are not members cannot download, and get the answer for a missing
/// attachment.
pub(super) fn check_hidden(
    state: &mut State,
    trees: &AttachmentTrees,
    naive: &Naive,
    actor: Actor,
    now: Timestamp,
) -> Result<(), TestCaseError> {
    for ((conversation, msgid), hash) in naive.uses() {
        if naive.conversations[&conversation]
            .members
            .contains_key(&actor.user)
        {
            continue;
        }
        let command = Command::from(GrantDownload {
            actor,
            conversation,
            msgid,
            hash,
        });
        for need in command.missing(state) {
            trees.load(state, need);
        }
        let mut batch = Batch::new(0);
        let answer = command.clone().execute(state, now, &mut batch);
        prop_assert_eq!(
            answer.err(),
            Some(ErrorCode::NoSuchAttachment),
            "{:?}",
            command
        );
        prop_assert!(batch.is_empty(), "{:?}", command);
    }
    Ok(())
}
