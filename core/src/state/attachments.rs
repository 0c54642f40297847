//! Attachments in memory: records and references in use, each user's quota, and the unreferenced
//! set.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use cairn_proto::content::attachment::AttachmentHash;
use cairn_proto::ids::{ConversationId, MsgId, UserId};
use hashbrown::HashMap;

use crate::record::{AttachmentRecord, Row};

#[derive(Debug, Default)]
pub struct Attachments {
    /// `None` for attachments known not to exist.
    records: HashMap<AttachmentHash, Option<AttachmentRecord>>,
    /// References by message; `None` for messages known to have none.
    uses: BTreeMap<(ConversationId, MsgId), Option<AttachmentHash>>,
    /// The last message up to which all references of a conversation are loaded.
    known_through: HashMap<ConversationId, MsgId>,
    /// Quota taken by each user, in units of [`crate::attachment::charged_bytes`]. Always in
    /// memory.
    bytes: HashMap<UserId, u64>,
    /// Unreferenced attachments. Always in memory: they are few, or about to be removed.
    unused: BTreeSet<AttachmentHash>,
    dirty: Dirty,
}

/// What differs from the trees.
#[derive(Debug, Default)]
struct Dirty {
    records: BTreeSet<AttachmentHash>,
    uses: BTreeSet<(ConversationId, MsgId)>,
    bytes: BTreeSet<UserId>,
}

impl Attachments {
    /// Returns whether it is known if the attachment exists.
    #[must_use]
    pub fn knows(&self, hash: AttachmentHash) -> bool {
        self.records.contains_key(&hash)
    }

    /// An attachment, if in memory.
    #[must_use]
    pub fn record(&self, hash: AttachmentHash) -> Option<&AttachmentRecord> {
        self.records.get(&hash)?.as_ref()
    }

    /// Returns whether the reference of a message and its record are loaded.
    #[must_use]
    pub(crate) fn knows_ref(&self, conversation: ConversationId, msgid: MsgId) -> bool {
        self.uses
            .get(&(conversation, msgid))
            .is_some_and(|hash| hash.is_none_or(|hash| self.knows(hash)))
    }

    /// The reference of a message, if in memory.
    #[must_use]
    pub fn attachment_of(
        &self,
        conversation: ConversationId,
        msgid: MsgId,
    ) -> Option<AttachmentHash> {
        *self.uses.get(&(conversation, msgid))?
    }

    /// The last message up to which all references are loaded.
    #[must_use]
    pub(crate) fn known_through(&self, conversation: ConversationId) -> Option<MsgId> {
        self.known_through.get(&conversation).copied()
    }

    /// The loaded references of the messages above `above` up to `last`, which must not be lower.
    pub(crate) fn refs_within(
        &self,
        conversation: ConversationId,
        above: MsgId,
        last: MsgId,
    ) -> impl Iterator<Item = (MsgId, AttachmentHash)> {
        let range = (
            Bound::Excluded((conversation, above)),
            Bound::Included((conversation, last)),
        );
        self.uses
            .range(range)
            .filter_map(|(&(_, msgid), hash)| hash.map(|hash| (msgid, hash)))
    }

    /// The loaded references of the messages up to `last`.
    #[must_use]
    pub fn hashes_through(&self, conversation: ConversationId, last: MsgId) -> Vec<AttachmentHash> {
        self.uses
            .range((conversation, MsgId::ZERO)..=(conversation, last))
            .filter_map(|(_, hash)| *hash)
            .collect()
    }

    /// Quota taken by a user's uploads.
    #[must_use]
    pub fn bytes_of(&self, user: UserId) -> u64 {
        self.bytes.get(&user).copied().unwrap_or_default()
    }

    /// Unreferenced attachments after this one, ordered by hash.
    pub fn unused_above(
        &self,
        above: Option<AttachmentHash>,
    ) -> impl Iterator<Item = AttachmentHash> {
        let from = above.map_or(Bound::Unbounded, Bound::Excluded);
        self.unused.range((from, Bound::Unbounded)).copied()
    }

    pub(crate) fn set_record(&mut self, hash: AttachmentHash, record: Option<&AttachmentRecord>) {
        self.unused.remove(&hash);
        if record.is_some_and(|record| record.uses == 0) {
            self.unused.insert(hash);
        }
        self.records.insert(hash, record.cloned());
        self.dirty.records.insert(hash);
    }

    pub(crate) fn set_refs(&mut self, hash: AttachmentHash, uses: u64) {
        let Some(Some(record)) = self.records.get_mut(&hash) else {
            return;
        };
        record.uses = uses;
        match uses {
            0 => drop(self.unused.insert(hash)),
            _ => drop(self.unused.remove(&hash)),
        }
        self.dirty.records.insert(hash);
    }

    pub(crate) fn set_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        hash: Option<AttachmentHash>,
    ) {
        self.uses.insert((conversation, msgid), hash);
        self.dirty.uses.insert((conversation, msgid));
    }

    pub(crate) fn set_bytes(&mut self, user: UserId, bytes: u64) {
        self.install_bytes(user, bytes);
        self.dirty.bytes.insert(user);
    }

    /// The rows that changed since the last call.
    pub(crate) fn take_dirty(&mut self, rows: &mut Vec<Row>) {
        let Dirty {
            records,
            uses,
            bytes,
        } = std::mem::take(&mut self.dirty);
        rows.extend(
            records
                .into_iter()
                .map(|hash| Row::Attachment(hash, self.record(hash).cloned())),
        );
        rows.extend(uses.into_iter().map(|(conversation, msgid)| {
            Row::Attached(conversation, msgid, self.attachment_of(conversation, msgid))
        }));
        rows.extend(
            bytes
                .into_iter()
                .map(|user| Row::AttachmentBytes(user, self.bytes_of(user))),
        );
    }

    /// Evicts everything that is stored and can be loaded again.
    pub(crate) fn evict(&mut self) {
        let Self {
            records,
            uses,
            known_through,
            dirty,
            ..
        } = self;
        records.retain(|hash, _| dirty.records.contains(hash));
        uses.retain(|key, _| dirty.uses.contains(key));
        known_through.clear();
    }
}

/// Installing what was stored. What is in memory stays, because it may be newer.
impl Attachments {
    /// `None` if there is no such attachment.
    pub fn install_record(&mut self, hash: AttachmentHash, record: Option<AttachmentRecord>) {
        self.records.entry(hash).or_insert(record);
    }

    /// `None` if the message has no reference.
    pub fn install_ref(
        &mut self,
        conversation: ConversationId,
        msgid: MsgId,
        hash: Option<AttachmentHash>,
    ) {
        self.uses.entry((conversation, msgid)).or_insert(hash);
    }

    /// Call after all references up to `last` were installed.
    pub fn install_known_through(&mut self, conversation: ConversationId, last: MsgId) {
        self.known_through.insert(conversation, last);
    }

    /// Quota taken by a user's uploads.
    pub fn install_bytes(&mut self, user: UserId, bytes: u64) {
        self.bytes.insert(user, bytes);
    }

    pub fn install_unused(&mut self, hash: AttachmentHash) {
        self.unused.insert(hash);
    }
}
