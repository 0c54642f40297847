//! Attachments: references, records and files must agree.

use std::collections::{BTreeMap, BTreeSet};

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, UserId};

use super::{Check, Depth, DoctorError, wrong};
use crate::limits::TRANSFER_BUFFER_BYTES;
use crate::trees::{RowKey, RowPrefix, Tree, parse};
use cairn_core::attachment::charged_bytes;
use cairn_core::record::AttachmentRecord;

impl Check<'_> {
    /// The references recorded must be exactly those in the messages. Rows up to the floor are
    /// removed some time after their messages.
    pub(super) fn attached(
        &mut self,
        id: ConversationId,
        floor: MsgId,
        named: &[(MsgId, AttachmentHash)],
    ) -> Result<(), DoctorError> {
        let mut noted = Vec::new();
        self.each_of(
            &RowPrefix::attached_in(id),
            |_, key, hash: AttachmentHash| {
                let Some((_, msgid)) = parse::attached(key.bytes()) else {
                    return Err(wrong(key, "its key is no message's"));
                };
                noted.extend((msgid > floor).then_some((msgid, hash)));
                Ok(())
            },
        )?;
        match noted == named {
            true => Ok(()),
            false => Err(DoctorError::Attached {
                conversation: id,
                noted: noted.len(),
                found: named.len(),
            }),
        }
    }

    pub(super) fn attachments(
        &mut self,
        users: &BTreeSet<UserId>,
        depth: Depth,
    ) -> Result<(), DoctorError> {
        let mut uses: BTreeMap<AttachmentHash, u64> = BTreeMap::new();
        self.each(Tree::Attached, |check, key, hash: AttachmentHash| {
            let conversation = parse::attached(key.bytes()).map(|(id, _)| RowKey::conversation(id));
            let Some(conversation) = conversation else {
                return Err(wrong(key, "its key is no message's"));
            };
            *uses.entry(hash).or_default() += 1;
            match check.trees.get(&conversation)? {
                Some(_) => Ok(()),
                None => Err(wrong(key, "there is no such conversation")),
            }
        })?;
        let mut bytes: BTreeMap<UserId, u64> = BTreeMap::new();
        self.each(Tree::Attachments, |check, key, record: AttachmentRecord| {
            let Some(hash) = parse::attachment(key.bytes()) else {
                return Err(wrong(key, "its key is no hash"));
            };
            let found = uses.remove(&hash).unwrap_or_default();
            if found != record.uses {
                return Err(wrong(
                    key,
                    format!(
                        "it counts {} messages that name it, and there are {found}",
                        record.uses
                    ),
                ));
            }
            if check.trees.get(&RowKey::unused(hash))?.is_some() != (record.uses == 0) {
                return Err(wrong(
                    key,
                    "it is listed as unused but is referenced, or the reverse",
                ));
            }
            let uploaders: BTreeSet<UserId> =
                record.uploads.iter().map(|upload| upload.user).collect();
            if uploaders.len() != record.uploads.len()
                || !uploaders
                    .iter()
                    .all(|user| users.contains(user) || *user == UserId::VISITOR)
            {
                return Err(wrong(
                    key,
                    "there is no such user among those who uploaded it, or one is there twice",
                ));
            }
            uploaders
                .into_iter()
                .for_each(|user| *bytes.entry(user).or_default() += charged_bytes(record.bytes));
            check.report.attachments += 1;
            check.report.attachment_bytes += record.bytes;
            check.file(hash, record.bytes, depth)
        })?;
        if let Some(hash) = uses.into_keys().next() {
            return Err(wrong(
                &RowKey::attachment(hash),
                "messages name it, and it is not there",
            ));
        }
        self.unused()?;
        self.attachment_bytes(bytes)
    }

    /// Unused rows must belong to an attachment.
    fn unused(&mut self) -> Result<(), DoctorError> {
        self.each(Tree::Unused, |check, key, (): ()| {
            let record = parse::attachment(key.bytes()).map(RowKey::attachment);
            let is_there = record.map_or(Ok(false), |record| {
                check.trees.get(&record).map(|row| row.is_some())
            })?;
            if is_there {
                Ok(())
            } else {
                Err(wrong(key, "there is no such attachment"))
            }
        })
    }

    /// The quota recorded for each user must be that of their uploads.
    fn attachment_bytes(&mut self, mut bytes: BTreeMap<UserId, u64>) -> Result<(), DoctorError> {
        self.each(Tree::AttachmentBytes, |_, key, noted: u64| {
            let found = parse::user(key.bytes())
                .and_then(|user| bytes.remove(&user))
                .unwrap_or_default();
            if found == noted {
                Ok(())
            } else {
                Err(wrong(
                    key,
                    format!("it records {noted} bytes, but there are {found}"),
                ))
            }
        })?;
        match bytes.into_iter().find(|&(_, bytes)| bytes > 0) {
            Some((user, bytes)) => Err(wrong(
                &RowKey::attachment_bytes(user),
                format!("it is not there, and there are {bytes} bytes"),
            )),
            None => Ok(()),
        }
    }

    fn file(&mut self, hash: AttachmentHash, bytes: u64, depth: Depth) -> Result<(), DoctorError> {
        let unreadable = |source| DoctorError::Unreadable { hash, source };
        let file = self.files.read(hash).map_err(unreadable)?;
        let found = file.bytes().map_err(unreadable)?;
        if found != bytes {
            return Err(DoctorError::Length {
                hash,
                noted: bytes,
                found,
            });
        }
        if depth == Depth::Hashes {
            let mut hasher = blake3::Hasher::new();
            let mut buffer = vec![0; TRANSFER_BUFFER_BYTES];
            let mut offset = 0;
            loop {
                let read = file.read_at(&mut buffer, offset).map_err(unreadable)?;
                if read == 0 {
                    break;
                }
                hasher.update(buffer.get(..read).unwrap_or_default());
                offset += read as u64;
                self.report_progress();
            }
            if hasher.finalize().as_bytes() != hash.as_bytes() {
                return Err(DoctorError::Content { hash });
            }
        }
        self.report_progress();
        Ok(())
    }
}
